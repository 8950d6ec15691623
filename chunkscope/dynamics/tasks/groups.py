"""The groups of networks that are compared: what each learned first, and what may then change.

As published (Guilhot et al., arXiv 2410.24070): A, B and C are Pro, Anti and Delay, the parts of
the master task DelayAnti. A *frozen* network learns the master task by its input weights alone,
those of the rules included, so that it must do with the dynamics that it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chunkscope.grammars.decisions import MASTER, RULES, Rule

PARTS: tuple[Rule, ...] = tuple(rule for rule in RULES if rule != MASTER)
"""The rules that the master rule is composed of."""

LETTERS: dict[str, Rule] = dict(zip("ABC", PARTS, strict=True))
"""As they are called in the names of groups."""


@dataclass(frozen=True)
class Group:
    """Networks with one curriculum.

    Attributes:
        name: of the group.
        pretrained: the rules that are learned together first, by all weights; maybe none.
        learning: which weights then learn the master rule; none where it is not learned.
    """

    name: str
    pretrained: tuple[Rule, ...]
    learning: Literal["all", "inputs", "none"]

    @property
    def share(self) -> float:
        """Of the parts, those learned first."""
        return len(self.pretrained) / len(PARTS)


def _partial(letters: str) -> Group:
    return Group(f"partial_frozen_{letters}", tuple(LETTERS[one] for one in letters), "inputs")


GROUPS: tuple[Group, ...] = (
    Group("master", (), "all"),
    Group("pretrain_frozen", PARTS, "inputs"),
    Group("pretrain_unfrozen", PARTS, "all"),
    *(_partial(letters) for letters in ("A", "B", "C", "AB", "AC", "BC")),
    Group("master_frozen", (), "inputs"),
    Group("untrained", (), "none"),
)
"""All groups, the one that others are compared with first."""
