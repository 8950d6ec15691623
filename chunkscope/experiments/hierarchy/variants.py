"""Ways to merge states into chunks that the paper leaves open, and some that it does not.

The sign of the parse length's correlation with level might hang on them, since the authors'
merging code was never published. Each variant changes one or two settings of the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.rounds import RoundMerger
from chunkscope.chunks.settings import MergingSettings, RoundSettings, SymbolicSettings
from chunkscope.experiments.complexity import Merger
from chunkscope.experiments.hierarchy.names import DEFAULT

CONVERGENCE = {"rounds": "convergence"}


@dataclass(frozen=True)
class Variant:
    """What differs from the default.

    Attributes:
        merging: settings of :class:`chunkscope.chunks.settings.RoundSettings`.
        levels: per unit; None: as set.
        shortest_code: whether states merge while that shortens the description instead
            (:class:`chunkscope.chunks.merging.ChunkMerger`).
    """

    merging: Mapping[str, object] = field(default_factory=dict)
    levels: int | None = None
    shortest_code: bool = False

    def merger(self, settings: SymbolicSettings) -> Merger:
        """The merger of this variant."""
        if self.shortest_code:
            return ChunkMerger(**MergingSettings().model_dump())
        changed = settings.merging.model_dump() | dict(self.merging)
        return RoundMerger(**RoundSettings.model_validate(changed).model_dump())


VARIANTS: dict[str, Variant] = {
    DEFAULT: Variant(),
    "2 rounds": Variant({"rounds": 2}),
    "12 rounds": Variant({"rounds": 12}),
    "to convergence": Variant(CONVERGENCE),
    "top 1": Variant({"top": 1}),
    "top 20": Variant({"top": 20}),
    "count ≥ 3": Variant({"min_count": 3}),
    "count ≥ 30": Variant({"min_count": 30}),
    "no self-merge": Variant({"self_merge": False}),
    "no self-merge, top 1": Variant({"self_merge": False, "top": 1}),
    "no self-merge, count ≥ 30": Variant({"self_merge": False, "min_count": 30}),
    "no self-merge, to convergence": Variant({"self_merge": False, **CONVERGENCE}),
    "disjoint pairs": Variant({"pairs": "disjoint"}),
    "last-listed match": Variant({"matching": "last_listed"}),
    "replayed merges": Variant({"matching": "replay"}),
    "shortest code": Variant(shortest_code=True),
    "2 levels per unit": Variant(levels=2),
    "5 levels per unit": Variant(levels=5),
}
"""Variants by readable name."""
