"""Do networks of other seeds have the same chunks? Dictionaries matched one to one.

Ids mean nothing across networks, but all of them read the same test sequences: a state of one is
the same as a state of another as far as both are active at the same steps. States (and chunks) are
paired so that the sum of their Jaccard overlaps is largest (the assignment of Kuhn 1955).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.extractors.base import NOISE, Labels
from chunkscope.statistics import pairwise_interval

MATCHED = 0.5  # Jaccard overlap from which a pair counts as the same


def overlaps(first: Labels, second: Labels) -> NDArray[np.float64]:
    """(label of first, label of second) Jaccard overlap of the steps in which they are active.

    Args:
        first, second: the same steps, any shape; -1 is noise and overlaps with nothing. Labels
            that do not occur are left out.
    """
    (rows, n_first), (columns, n_second) = _compact(first), _compact(second)
    both = (rows >= 0) & (columns >= 0)
    joint = np.zeros((len(n_first), len(n_second)))
    np.add.at(joint, (rows[both], columns[both]), 1)
    return joint / (n_first[:, None] + n_second - joint)


def match(overlap: NDArray[np.float64]) -> NDArray[np.float64]:
    """The overlap of each pair of the best assignment, 0 for every label left without a partner.

    Returns:
        As many values as the larger of the two has labels.
    """
    found = overlap[linear_sum_assignment(overlap, maximize=True)]
    return np.r_[found, np.zeros(max(overlap.shape) - len(found))]


def match_members(
    streams: Mapping[int, Stream], test: NDArray[np.bool_], rng: np.random.Generator
) -> pd.DataFrame:
    """Every pair of members, by states and by chunks, on the test split.

    Returns:
        ``first, second, level`` ("states" or "chunks"), ``jaccard`` (mean over matched pairs,
        labels without a partner counting as 0), ``matched`` (share of labels with a partner of at
        least half overlap), and ``null_jaccard``, ``null_matched``: the same with the second's
        sequences dealt anew, which keeps each one's order and place in time. NaN where a member
        has no label.
    """
    rows = []
    for first, second in combinations(sorted(streams), 2):
        for level, labels in _levels(streams[first], streams[second], test).items():
            scores = _score(*labels)
            null = _score(labels[0], rng.permutation(labels[1]))
            rows.append(
                {"first": first, "second": second, "level": level}
                | scores
                | {f"null_{name}": value for name, value in null.items()}
            )
    return pd.DataFrame(rows)


def summarise_matches(matches: pd.DataFrame) -> pd.DataFrame:
    """``row, level, measure, mean, ci_low, ci_high, n`` (members), intervals over members."""
    rows = []
    for (row, level), group in matches.groupby(["row", "level"], sort=False):
        for measure in ("jaccard", "matched", "null_jaccard", "null_matched"):
            known = group.dropna(subset=[measure])
            pairs = zip(known["first"], known["second"], strict=True)
            found = pairwise_interval(dict(zip(pairs, known[measure], strict=True)))
            rows.append(
                {
                    "row": row,
                    "level": level,
                    "measure": measure,
                    "mean": found.mean,
                    "ci_low": found.low,
                    "ci_high": found.high,
                    "n": found.n,
                }
            )
    return pd.DataFrame(rows)


def _levels(
    first: Stream, second: Stream, test: NDArray[np.bool_]
) -> dict[str, tuple[Labels, Labels]]:
    return {
        "states": (first.parse.states[test], second.parse.states[test]),
        "chunks": (_chunks(first, test), _chunks(second, test)),
    }


def _chunks(stream: Stream, test: NDArray[np.bool_]) -> Labels:
    """Units that are chunks; single letters count as noise."""
    units = stream.parse.units[test]
    return np.where(np.isin(units, stream.chunks), units, NOISE)


def _score(first: Labels, second: Labels) -> dict[str, float]:
    overlap = overlaps(first, second)
    if not overlap.size:
        return {"jaccard": float("nan"), "matched": float("nan")}
    found = match(overlap)
    return {"jaccard": float(found.mean()), "matched": float((found >= MATCHED).mean())}


def _compact(labels: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """Labels renumbered 0, 1, ... without gaps, and how often each occurs; noise stays -1."""
    flat = labels.ravel()
    values, numbered = np.unique(flat[flat >= 0], return_inverse=True)
    compact = np.full(flat.shape, NOISE)
    compact[flat >= 0] = numbered
    return compact, np.bincount(numbered, minlength=len(values))
