"""What networks have learned of their tasks: of one that has not, nothing is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("step", "member", "measure", "feature", "value", "mean", "n")

ANSWERS, EXCESS = "answers", "excess loss"
"""Measures: the share of inputs all of whose scored symbols are the likeliest, which a task is
judged by; and, where sequences have no answer, nats per symbol above the ideal observer's."""

EVERY = "every"
"""``feature`` of what is measured on all inputs."""


def answer_rows(
    step: int, right: NDArray[np.bool_], labels: Mapping[str, NDArray[np.integer]]
) -> Iterator[tuple[object, ...]]:
    """Rows of :data:`COLUMNS`: of all inputs, and of those of every value of a ``nine`` label.

    Args:
        right: (member, input) whether it is answered.
        labels: kind -> (input,).
    """
    parts = {(EVERY, 0): np.ones(right.shape[1], bool)}
    for kind in sorted(kind for kind in labels if kind.startswith("nine")):
        parts |= {(kind, value): labels[kind] == value for value in np.unique(labels[kind])}
    for member, answered in enumerate(right):
        for (feature, value), there in parts.items():
            n = int(there.sum())
            yield step, member, ANSWERS, feature, value, float(answered[there].mean()), n


def excess_rows(training: pd.DataFrame, sequences: int) -> Iterator[tuple[object, ...]]:
    """Rows of :data:`COLUMNS` from the losses of a training, of ``sequences`` sequences."""
    excess = training["loss"] - training["bayes_loss"]
    for step, member, nats in zip(training["step"], training["seed"], excess, strict=True):
        yield step, member, EXCESS, EVERY, 0, nats, sequences


def learned_members(table: pd.DataFrame, asked: Mapping[str, float], compared: int) -> list[int]:
    """The members that have learned their task by the end of their training.

    Those that have not are named on standard error.

    Args:
        table: with :data:`COLUMNS`.
        asked: ``answers``, the least share, and ``excess``, the most nats.
        compared: how many members are asked for, the first ones.
    """
    last = table[(table["step"] == table["step"].max()) & (table["feature"] == EVERY)]
    found = []
    for _, row in last[last["member"] < compared].iterrows():
        of_grammar, value = row["measure"] == EXCESS, float(row["mean"])
        if value <= asked["excess"] if of_grammar else value >= asked["answers"]:
            found.append(int(row["member"]))
        else:
            print(
                f"member {row['member']} has failed to learn its task: {row['measure']} "
                f"{value:.4g}; nothing is read from it",
                file=sys.stderr,
            )
    return found
