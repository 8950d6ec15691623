"""A white-box network and its twin: at equal steps, and at equal loss.

Seeds are paired by their place. At equal loss the twin's score is read off its own training, where
its loss was what the white-box network has at the end: linearly in the loss between the two
checkpoints about it. A twin that never came so far, or was past it at the first checkpoint, has
none. Such a checkpoint lies in mid-training, at a higher learning rate than the white-box network
ended with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chunkscope.neurons.controls import OWN
from chunkscope.neurons.study import EVERYTHING
from chunkscope.neurons.summary import ALL, AS_ZERO, SCORED
from chunkscope.statistics import Interval, paired_difference

STEPS, LOSS = "equal steps", "equal loss"
SYMBOLS = "symbols"

CURVE = (
    *("step", "seed", "site", "loss", "units", "dead", "constant", "active"),
    *("measure", "as_zero", "scored", "n_scored"),
)
"""The columns of a run along its training (:func:`~chunkscope.neurons.tracing.trace_units`)."""
COLUMNS = (
    *("white_box", "twin", "at", "site", "protocol", "explainer", "measure", "policy"),
    *("white_box_mean", "twin_mean", "difference", "ci_low", "ci_high", "n"),
    *("white_box_units", "twin_units", "white_box_loss", "twin_loss"),
)
POLICIES = {AS_ZERO: ("as_zero", "units"), SCORED: ("scored", "n_scored")}
"""What becomes of units without a score -> the columns along training: score, and units."""


@dataclass(frozen=True)
class Pair:
    """Two runs on one corpus, of equal depth and width."""

    white_box: str
    twin: str

    @property
    def runs(self) -> tuple[str, str]:
        """Both of them."""
        return self.white_box, self.twin


def compare_pair(
    pair: Pair,
    scores: Sequence[pd.DataFrame],
    curves: Sequence[pd.DataFrame],
) -> pd.DataFrame:
    """Differences of the two, white box less twin.

    Args:
        scores: of each, :func:`~chunkscope.neurons.summary.by_seed` of the trained networks.
        curves: of each, :func:`~chunkscope.neurons.tracing.trace_units`.

    Returns:
        :data:`COLUMNS`, means and intervals over the ``n`` seeds that have both scores, of
        ``white_box_units`` and ``twin_units`` of all of them.
    """
    rows = [*_at_equal_steps(scores, curves), *_along(curves)]
    table = pd.DataFrame(rows).assign(white_box=pair.white_box, twin=pair.twin)
    return table[list(COLUMNS)]


def final_loss(curve: pd.DataFrame) -> pd.Series:
    """seed -> loss at the end of training."""
    last = curve[curve["step"] == curve["step"].max()]
    return last.groupby("seed")["loss"].first()


def _at_equal_steps(
    scores: Sequence[pd.DataFrame], curves: Sequence[pd.DataFrame]
) -> Iterator[dict[str, object]]:
    key = ["site", "protocol", "explainer", "measure", "policy"]
    first, second = (table[table["control"] == OWN] for table in scores)
    theirs = dict(iter(second.groupby(key, sort=False)))
    losses = [final_loss(curve) for curve in curves]
    for values, rows in first.groupby(key, sort=False):
        if values in theirs:
            ends = [
                of.set_index("seed")[["value", "units"]].assign(loss=loss)
                for of, loss in zip((rows, theirs[values]), losses, strict=True)
            ]
            yield {**dict(zip(key, values, strict=True)), "at": STEPS, **_difference(*ends)}


def _along(curves: Sequence[pd.DataFrame]) -> Iterator[dict[str, object]]:
    """What scores along training say, at the last step and at the white box's last loss."""
    ours = curves[0]
    for measure in ours["measure"].unique():
        for policy in POLICIES:
            first, second = (_layers(curve, measure, policy) for curve in curves)
            named = {
                "protocol": EVERYTHING,
                "explainer": SYMBOLS,
                "measure": measure,
                "policy": policy,
            }
            for site in [*ours["site"].unique(), ALL]:
                if site not in first or site not in second:
                    continue
                ends = [of[site].groupby("seed").last() for of in (first, second)]
                yield {**named, "site": site, "at": STEPS, **_difference(*ends)}
                reached = _at_loss(second[site], ends[0]["loss"])
                yield {**named, "site": site, "at": LOSS, **_difference(ends[0], reached)}


def _layers(curve: pd.DataFrame, measure: str, policy: str) -> dict[str, pd.DataFrame]:
    """Site -> (seed, step) -> ``value``, ``units`` behind it and ``loss``; of all sites together
    the mean of their values."""
    value, units = POLICIES[policy]
    rows = curve[curve["measure"] == measure].sort_values(["seed", "step"])
    rows = rows.assign(value=rows[value], units=rows[units]).set_index(["seed", "step"])
    found = {
        str(site): of[["value", "units", "loss"]] for site, of in rows.groupby("site", sort=False)
    }
    over = rows.groupby(["seed", "step"])
    together = over.agg(value=("value", "mean"), units=("units", "sum"), loss=("loss", "first"))
    return {**found, ALL: together}


def _at_loss(curve: pd.DataFrame, losses: pd.Series) -> pd.DataFrame:
    """What :func:`_layers` has of one site, read off where each seed had such a loss: linearly
    between the checkpoints about it. A seed that never had it is left out."""
    found = {}
    for seed, loss in losses.items():
        own = curve[curve.index.get_level_values("seed") == seed]
        met = own["loss"].to_numpy(float)
        after = np.flatnonzero((met[:-1] >= loss) & (met[1:] <= loss))
        if len(after):
            before, behind = own.iloc[after[0]], own.iloc[after[0] + 1]
            share = (before["loss"] - loss) / max(before["loss"] - behind["loss"], 1e-12)
            found[seed] = {
                "value": (1 - share) * before["value"] + share * behind["value"],
                "units": min(before["units"], behind["units"]),
                "loss": loss,
            }
    return pd.DataFrame.from_dict(found, orient="index", columns=["value", "units", "loss"])


def _difference(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """Of the seeds that have a ``value`` in both."""
    seeds = first["value"].dropna().index.intersection(second["value"].dropna().index)
    first, second = first.loc[seeds], second.loc[seeds]
    apart: Interval = paired_difference(first["value"], second["value"])
    return {
        "white_box_mean": first["value"].mean(),
        "twin_mean": second["value"].mean(),
        "difference": apart.mean,
        "ci_low": apart.low,
        "ci_high": apart.high,
        "n": apart.n,
        "white_box_units": first["units"].sum(),
        "twin_units": second["units"].sum(),
        "white_box_loss": first["loss"].mean(),
        "twin_loss": second["loss"].mean(),
    }
