"""The score table of a run: every reading of every member against the truth, floors beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.extractors.base import Activations, Tokens
from chunkscope.chunks.scores import (
    Scores,
    boundary_scores,
    information_scores,
    state_scores,
    word_scores,
)
from chunkscope.statistics import mean_interval, partner_interval, summarise

ROWS = {
    "density": "HDBSCAN states",
    "trajectories": "HDBSCAN paths",
    "kmeans": "k-means, same k",
    "mixture": "Gaussian mixture, same k",
    "prototypes": "prototypes (UCD), same k",
    "autoencoder": "sparse autoencoder",
    "symbolic": "level strings in rounds (DSC)",
    "symbolic_merged": "level strings, merged as the others",
    "averaging": "population averaging, told the truth",
    "byte_pairs": "byte pairs, raw symbols",
    "shuffled": "shuffled time",
    "untrained": "untrained network",
    "untrained_kmeans": "untrained, k-means",
    "untrained_prototypes": "untrained, prototypes (UCD)",
    "untrained_symbolic": "untrained, level strings (DSC)",
    "untrained_symbolic_merged": "untrained, level strings merged",
}
"""Row of the score table -> what it is."""

GIVEN = ("averaging", "byte_pairs", "shuffled")
"""Rows whose states were not found: agreement between members would say nothing."""

AGREEMENT = "seed_agreement"
"""The measure whose values share their pairs of members, so that they are not independent."""

COUNTS = ("states", "chunks", "word_words", "noise")
"""Measures that say how much there is, not how right it is."""


Arrays = Mapping[str, NDArray[np.generic]]
"""What ``parse.npz`` holds."""


@dataclass(frozen=True)
class Truth:
    """What is true of the recorded sequences.

    Attributes:
        tokens: (sequence, time). labels: kind -> (sequence, time).
        next_distribution: (sequence, time, symbol) of the ideal observer.
        train: (sequence,) whether a sequence is of the train split.
    """

    tokens: Tokens
    labels: Mapping[str, NDArray[np.integer]]
    next_distribution: NDArray[np.floating]
    train: NDArray[np.bool_]


def score_stream(
    stream: Stream, truth: Truth, activations: Activations | None, seed: int = 0
) -> Scores:
    """All scores of one reading, on the test split.

    Returns:
        measure -> value: ``states`` and ``chunks`` (counts), ``noise`` (fraction of test steps),
        ``state_*`` and ``causal_*`` (agreement with the parse state and with the minimal
        predictive state), ``word_*``, ``boundary_*``, and the information measures. What hangs
        on states or chunks is NaN (not estimable) where none were found.
    """
    test = ~truth.train
    states = stream.parse.states
    labels = {kind: values[test] for kind, values in truth.labels.items()}
    boundary = labels["boundary"].astype(bool)
    counts = {
        "states": float(states.max(initial=-1) + 1),
        "chunks": float(len(stream.chunks)),
        "noise": float((states[test] < 0).mean()),
    }
    of_states = {
        **_named("state", state_scores(states[test], labels["state"])),
        **_named("causal", state_scores(states[test], labels["causal"])),
        **information_scores(
            (states[truth.train], states[test]),
            None if activations is None else (activations[truth.train], activations[test]),
            (truth.tokens[truth.train], truth.tokens[test]),
            truth.next_distribution[test],
            seed,
        ),
    }
    parse = stream.parse.units[test], stream.parse.boundary[test]
    of_chunks = {
        **_named("word", word_scores(*parse, labels["word"], boundary, stream.chunks)),
        **_named("boundary", boundary_scores(parse[1], boundary)),
    }
    return {
        **counts,
        **_estimable(of_states, counts["states"] > 0),
        **_estimable(of_chunks, counts["chunks"] > 0),
    }


def seed_agreement(streams: Mapping[int, Stream], test: NDArray[np.bool_]) -> dict[int, float]:
    """Member -> mean ARI of its states with those of every other member on the same test steps."""
    pairs: dict[int, list[float]] = {member: [] for member in streams}
    for first, second in combinations(streams, 2):
        labelings = (streams[i].parse.states[test].ravel() for i in (first, second))
        agreement = float(adjusted_rand_score(*labelings))
        pairs[first].append(agreement)
        pairs[second].append(agreement)
    return {member: float(np.mean(values)) for member, values in pairs.items() if values}


def member_streams(parse: Arrays, untrained_parse: Arrays, member: int) -> dict[str, Stream]:
    """Row -> reading of one member, of those that were read (raw symbols are read once).

    Rows of the untrained network are named after those of the trained one: ``untrained`` is its
    dictionary, ``untrained_kmeans`` its k-means.
    """
    found = {}
    for row in ROWS:
        name = row.removeprefix("untrained").removeprefix("_") or "density"
        arrays = untrained_parse if row.startswith("untrained") else parse
        if f"{name}/seed{member}/states" in arrays:
            found[row] = Stream.from_arrays(arrays, f"{name}/seed{member}")
    return found


def score_member(
    streams: Mapping[str, Stream],
    truth: Truth,
    activations: Mapping[str, Activations],
    member: int,
    seed: int = 0,
) -> list[dict[str, object]]:
    """Table rows (``row, seed, measure, value``) of all readings of a member.

    Args:
        activations: row -> (sequence, time, unit), for the rows whose hidden state is read too.
    """
    return [
        line
        for row, stream in streams.items()
        for line in tidy(row, member, score_stream(stream, truth, activations.get(row), seed))
    ]


def score_agreement(
    streams: Mapping[int, Mapping[str, Stream]], sweep: pd.DataFrame, test: NDArray[np.bool_]
) -> list[dict[str, object]]:
    """Table rows of stability: agreement over seeds, and over subsamples at the chosen setting.

    Args:
        streams: member -> row -> reading.
        sweep: ``sweep.csv`` of the run.
        test: (sequence,) whether a sequence is of the test split.
    """
    lines: list[dict[str, object]] = []
    for row in (row for row in ROWS if row not in GIVEN):
        members = {member: found[row] for member, found in streams.items() if row in found}
        for member, value in seed_agreement(members, test).items():
            lines += tidy(row, member, {AGREEMENT: value})
    chosen = sweep[sweep["chosen"]]
    for seed, stability in zip(chosen["seed"], chosen["stability"], strict=True):
        lines += tidy("density", int(seed), {"subsample_agreement": float(stability)})
    return lines


def tidy(row: str, member: int, scores: Scores) -> Iterator[dict[str, object]]:
    """One table row per measure."""
    for measure, value in scores.items():
        yield {"row": row, "seed": member, "measure": measure, "value": value}


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean, 95 % interval over seeds and n of every measure, with its floor and its ceiling.

    The interval of the agreement over seeds is the jackknife's, since its values share their pairs.
    The floor of a measure is the mean of its chance row: for boundary F1 the better of random
    boundaries at the found rate and of a boundary at every step, else the same measure on shuffled
    time. The ceiling is 1, or the ideal observer's bits for information; counts have neither, and
    the share of the hidden state's information has no ceiling, since a linear read-out may miss
    what states hold.
    """
    shared = scores["measure"] == AGREEMENT
    parts = (scores[~shared], mean_interval), (scores[shared], partner_interval)
    tables = [summarise(part, ["row", "measure"], estimate=e) for part, e in parts if len(part)]
    table = pd.concat(tables, ignore_index=True)
    means = table.set_index(["row", "measure"])["mean"]
    floors = [
        _floor(row, measure, means)
        for row, measure in zip(table["row"], table["measure"], strict=True)
    ]
    table["floor"] = floors
    bits = means.get(("density", "bayes_bits"), np.nan)
    table["ceiling"] = [_ceiling(measure, bits) for measure in table["measure"]]
    return table


def compare(scores: Mapping[str, pd.DataFrame], members: int) -> pd.DataFrame:
    """Every reading of every run on the same members, so that readings differ in nothing else.

    The agreement of a member over seeds is that with all members read in the same way.

    Args:
        scores: run -> ``scores.csv``.
        members: how many of a run, the first.

    Returns:
        The rows of :func:`summary` with their ``run``, one below the other.
    """
    tables = {run: summary(table[table["seed"] < members]) for run, table in scores.items()}
    return pd.concat(tables, names=["run"]).reset_index("run").reset_index(drop=True)


def _floor(row: str, measure: str, means: pd.Series) -> float:
    if measure == "boundary_f1":
        chances = ("boundary_f1_random", "boundary_f1_every_step")
        return float(max(means.get((row, chance), np.nan) for chance in chances))
    if measure in COUNTS:
        return float("nan")
    return float(means.get(("shuffled", measure), np.nan))


def _ceiling(measure: str, bits: float) -> float:
    if measure in COUNTS or measure == "share_of_hidden":
        return float("nan")
    return bits if measure.endswith("_bits") else 1.0


def _named(prefix: str, scores: Scores) -> Scores:
    return {f"{prefix}_{measure}": value for measure, value in scores.items()}


def _estimable(scores: Scores, found: bool) -> Scores:
    return scores if found else dict.fromkeys(scores, float("nan"))
