"""How active a unit is in each context, as the published figure of the French neuron shows it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.probing.ablation.steps import ContextSteps

Values = NDArray[np.floating]  # (sequence, time), one unit's activity

BINS = 40
QUANTILES = {"low": 0.05, "lower": 0.25, "median": 0.5, "upper": 0.75, "high": 0.95}


def most_active(values: Values, steps: ContextSteps) -> int:
    """The context inside whose words (train split) a unit's mean activity is farthest from 0."""
    inside = steps.inside & steps.is_train[:, None]
    context = steps.context[inside]
    counts = np.bincount(context, minlength=len(steps.contexts))
    totals = np.bincount(context, values[inside], minlength=len(counts))
    return int(np.argmax(np.abs(totals / np.maximum(counts, 1))))


def activity_histogram(values: Values, steps: ContextSteps) -> pd.DataFrame:
    """``context, low, high, share``: of each context's steps inside words of the test split.

    Bins are equal, from the least to the largest activity.
    """
    inside = steps.inside & ~steps.is_train[:, None]
    shown, context = values[inside].astype(np.float64), steps.context[inside]
    edges = np.histogram_bin_edges(shown, BINS)
    parts = []
    for name in steps.contexts:
        counts = np.histogram(shown[context == name], edges)[0]
        share = counts / max(counts.sum(), 1)
        parts.append(
            pd.DataFrame({"context": name, "low": edges[:-1], "high": edges[1:], "share": share})
        )
    return pd.concat(parts, ignore_index=True)


def activity_quantiles(values: Values, steps: ContextSteps) -> pd.DataFrame:
    """``context, token``, the :data:`QUANTILES` of the activity, and ``n`` steps.

    Over the steps inside words of the test split: the same symbol stands in every context.
    """
    inside = steps.inside & ~steps.is_train[:, None]
    table = pd.DataFrame(
        {
            "context": steps.context[inside],
            "token": steps.tokens[inside],
            "value": values[inside].astype(np.float64),
        }
    )
    groups = table.groupby(["context", "token"])["value"]
    found = {name: groups.quantile(q) for name, q in QUANTILES.items()}
    return pd.DataFrame({**found, "n": groups.size()}).reset_index()
