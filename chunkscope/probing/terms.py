"""Words of the tables of pruning, widths and training, which figures and claims look for.

They stand by themselves so that a figure need not load what fits probes.
"""

from __future__ import annotations

ALL = "all features"
"""The kind that stands for the features of all kinds, each counted once."""

UNIT, FINAL, FEW, DENSE = "best unit", "final unit", "few units", "all units"
READS = (UNIT, FINAL, FEW, DENSE)
"""What a probe reads: the best single unit, the one that is best at the end of training, several
units, or all."""

NEEDED = "units needed"
"""The fewest units within one standard error of the best probe on validation rows."""

SAME = "same unit"
"""Share of features whose best unit is the one that is best at the end of training."""

BEST, RANDOM = "best", "random"
"""Which unit a round of pruning takes away: the best one alone, or any."""
