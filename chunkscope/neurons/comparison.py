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

COLUMNS = (
    *("white_box", "twin", "at", "site", "protocol", "explainer", "measure", "policy"),
    *("white_box_mean", "twin_mean", "difference", "ci_low", "ci_high", "n"),
    *("white_box_loss", "twin_loss"),
)
POLICIES = {AS_ZERO: "as_zero", SCORED: "scored"}
"""What becomes of units without a score -> its column along training."""


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
        :data:`COLUMNS`, the intervals over seeds; ``twin_loss`` at equal loss is that of the
        checkpoint nearest to it.
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
            named = dict(zip(key, values, strict=True))
            means = [of.set_index("seed")["value"] for of in (rows, theirs[values])]
            yield {**named, "at": STEPS, **_difference(*means, *losses)}


def _along(curves: Sequence[pd.DataFrame]) -> Iterator[dict[str, object]]:
    """What scores along training say, at the last step and at the white box's last loss."""
    ours = curves[0]
    losses = [final_loss(curve) for curve in curves]
    for measure in ours["measure"].unique():
        for policy, column in POLICIES.items():
            first, second = (_layers(curve, measure, column) for curve in curves)
            named = {
                "protocol": EVERYTHING,
                "explainer": SYMBOLS,
                "measure": measure,
                "policy": policy,
            }
            for site in [*ours["site"].unique(), ALL]:
                if site not in first or site not in second:
                    continue
                ends = [values[site].groupby("seed").last() for values in (first, second)]
                yield {**named, "site": site, "at": STEPS, **_difference(*ends, *losses)}
                reached = {
                    seed: _read_off(second, site, seed, at) for seed, at in losses[0].items()
                }
                at_loss = pd.Series({seed: score for seed, (score, _) in reached.items()})
                nearest = pd.Series({seed: loss for seed, (_, loss) in reached.items()})
                found = _difference(ends[0], at_loss, losses[0], nearest)
                yield {**named, "site": site, "at": LOSS, **found}


def _layers(curve: pd.DataFrame, measure: str, column: str) -> pd.DataFrame:
    """(seed, step) -> the loss, and the mean score of every site and of all of them."""
    rows = curve[curve["measure"] == measure]
    wide = rows.pivot_table(index=["seed", "step"], columns="site", values=column, sort=False)
    wide = wide.sort_index()
    sites = list(wide.columns)
    return wide.assign(
        **{ALL: wide[sites].mean(axis=1)}, loss=rows.groupby(["seed", "step"])["loss"].first()
    )


def _read_off(curve: pd.DataFrame, site: str, seed: object, loss: float) -> tuple[float, float]:
    """A score at a loss, and the loss of the checkpoint nearest to it; NaN where it was not met."""
    own = curve[curve.index.get_level_values("seed") == seed]
    losses, values = own["loss"].to_numpy(float), own[site].to_numpy(float)
    if not len(own):
        return float("nan"), float("nan")
    after = np.flatnonzero((losses[:-1] >= loss) & (losses[1:] <= loss))
    if not len(after):
        return float("nan"), float("nan")
    one = int(after[0])
    share = (losses[one] - loss) / max(losses[one] - losses[one + 1], 1e-12)
    score = (1 - share) * values[one] + share * values[one + 1]
    return float(score), float(losses[np.abs(losses - loss).argmin()])


def _difference(
    first: pd.Series, second: pd.Series, first_loss: pd.Series, second_loss: pd.Series
) -> dict[str, float]:
    seeds = first.index.intersection(second.index)
    apart: Interval = paired_difference(first[seeds], second[seeds])
    return {
        "white_box_mean": first[seeds].mean(),
        "twin_mean": second[seeds].mean(),
        "difference": apart.mean,
        "ci_low": apart.low,
        "ci_high": apart.high,
        "n": apart.n,
        "white_box_loss": first_loss.mean(),
        "twin_loss": second_loss.mean(),
    }
