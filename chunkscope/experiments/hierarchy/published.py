"""What the authors published of this experiment (arXiv 2502.01803).

Means and standard errors were computed from the JSON files beside their notebooks, ten networks at
each level; the rank correlations are over those 80 networks. Their training window is no setting
that the files keep; a true parse of exactly 3000 at level 0 says that it was 3000.
"""

from __future__ import annotations

import pandas as pd

from chunkscope.experiments.hierarchy.names import PARSE_LENGTH, TRAINED, TRUTH

PAPER = "arXiv 2502.01803"
SOURCE = "computed from the JSON files beside the authors' notebook, 10 networks at each level"

LEVELS = (0, 5, 10, 15, 20, 25, 30, 35)
MEANS = {
    (TRUTH, PARSE_LENGTH): (
        (3000, 2302, 1985, 1711, 1577, 1155, 1042, 993),
        (0, 82, 59, 78, 69, 51, 94, 74),
    ),
    (TRAINED, PARSE_LENGTH): (
        (2447, 2242, 2270, 2163, 2263, 2055, 1908, 1988),
        (38, 61, 87, 62, 106, 80, 111, 115),
    ),
    (TRAINED, "states"): (
        (128, 130, 341, 322, 435, 490, 487, 530),
        (11, 21, 45, 31, 38, 48, 47, 70),
    ),
    (TRAINED, "vocabulary"): (
        (138, 144, 370, 352, 470, 530, 533, 579),
        (12, 21, 47, 32, 37, 50, 50, 70),
    ),
    (TRAINED, "vocabulary_used"): (
        (49, 46, 86, 81, 98, 97, 81, 88),
        (4, 4, 6, 4, 5, 7, 5, 9),
    ),
}
"""(reading, measure) -> means and standard errors at each of ``LEVELS``."""

CORRELATIONS = {
    (TRUTH, PARSE_LENGTH): -0.93,
    (TRAINED, PARSE_LENGTH): -0.47,
    (TRAINED, "states"): 0.73,
}
"""(reading, measure) -> Spearman's correlation with level."""


def published_means() -> pd.DataFrame:
    """``level, reading, measure, mean, sem``."""
    return pd.DataFrame(
        [
            (level, *key, mean, error)
            for key, (means, errors) in MEANS.items()
            for level, mean, error in zip(LEVELS, means, errors, strict=True)
        ],
        columns=["level", "reading", "measure", "mean", "sem"],
    )
