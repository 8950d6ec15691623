"""How far activations lie from that of a query, relative to its size.

The three that a preimage is told by: the Euclidean distance over the length of the query's activity
and one minus the cosine, as published (Huang et al., arXiv 2405.17653), and the Euclidean distance
over the length of what the query has beyond the mean. What all activity has in common makes the
first two small between any two inputs; the third does not see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InversionError, did_you_mean

Values = NDArray[np.float64]
Activity = NDArray[np.floating]
Block = tuple[int, Activity]
"""The number of its first input, and activity (input, time, unit) of these inputs."""

MetricName = Literal["euclidean", "cosine", "centred"]
METRICS: tuple[MetricName, ...] = get_args(MetricName)

SAME = 1e-7  # a distance of this share of the activity's size is rounding


@dataclass(frozen=True)
class Metric:
    """Distances from queries.

    Attributes:
        name: one of :data:`METRICS`.
        centre: (unit,) the mean activity, which ``centred`` takes away.
    """

    name: MetricName
    centre: Values

    def distance(self, activity: Activity, queries: Activity) -> Values:
        """(query, input) of ``activity (input, unit)`` from ``queries (query, unit)``.

        From a query without size nothing has a distance but 0, where it is the same, or infinity.

        Raises:
            InversionError: they differ in their units, or a value is not finite.
        """
        rows, of = self._checked("activity", activity), self._checked("queries", queries)
        if self.name == "centred":
            rows, of = rows - self.centre, of - self.centre
        products = of @ rows.T
        square, squares = _squares(of)[:, None], _squares(rows)
        if self.name == "cosine":
            size = np.sqrt(square * squares)
            cosine = np.divide(products, size, out=np.zeros_like(products), where=size > 0)
            return np.where((square == 0) & (squares == 0), 0.0, 1 - np.clip(cosine, -1, 1))
        apart = np.maximum(square + squares - 2 * products, 0.0)
        apart[apart <= SAME**2 * np.maximum(square, squares)] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(apart == 0, 0.0, np.sqrt(apart / square))

    def _checked(self, name: str, activity: Activity) -> Values:
        rows = np.asarray(activity, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.centre):
            raise InversionError(
                f"{name}: got shape {rows.shape}; must be (input, {len(self.centre)}), the units "
                "of this site"
            )
        if not np.isfinite(rows).all():
            raise InversionError(f"{name}: holds values that are not finite; mend the network")
        return rows


def metric_of(name: MetricName, blocks: Iterable[Block], probability: Values) -> Metric:
    """The metric of a site, whose mean is taken over ``probability (input,)``.

    Raises:
        InversionError: there is no such metric, or the blocks are not of these inputs.
    """
    if name not in METRICS:
        known, hint = ", ".join(METRICS), did_you_mean(name, METRICS)
        raise InversionError(f"metric: got {name!r}; must be one of {known}{hint}")
    total, reached = None, 0
    for first, block in blocks:
        rows = block[:, 0].astype(np.float64)
        part = probability[first : first + len(rows)] @ rows
        total, reached = part if total is None else total + part, first + len(rows)
    if total is None or reached != len(probability):
        raise InversionError(
            f"activity: got {reached} inputs; must be the {len(probability)} that are enumerated"
        )
    return Metric(name, total / probability.sum())


def _squares(rows: Values) -> Values:
    return np.einsum("nd,nd->n", rows, rows)
