"""Activity of all inputs at the points where they are read, out of a store, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chunkscope.errors import InversionError
from chunkscope.inversion.distances import Activity, Block
from chunkscope.store import ActivationStore


@dataclass(frozen=True)
class Recorded:
    """One member of a run at one point.

    Attributes:
        store: that :func:`chunkscope.store.recording.record_inputs` wrote.
        member: of the run.
        point: where inputs are read.
    """

    store: ActivationStore
    member: int
    point: str

    def blocks(self, site: str) -> Iterator[Block]:
        """Number of the first input of each block, and its activity (input, 1, unit).

        Raises:
            InversionError: the store has no such point.
        """
        at = self._place
        for first, block in self.store.iterate(self.member, site):
            yield first, block[:, at : at + 1]

    def activity(self, site: str) -> Activity:
        """(input, unit) of all of them."""
        return self.store.activations(self.member, site)[:, self._place]

    @property
    def _place(self) -> int:
        points = self.store.attributes.get("points", [])
        if self.point not in points:
            raise InversionError(
                f"{self.store.path}: got point {self.point!r}; it holds {', '.join(points)}"
            )
        return int(points.index(self.point))
