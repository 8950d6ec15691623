"""Activity over time as all measures take it: trials of one length, with named axes.

Axes are named because nothing else tells them apart: where trials are as many as steps, activity
laid out (time, trial, unit) gives plausible numbers that mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import DynamicsError

Values = NDArray[np.float64]

DIMENSIONS = ("trial", "time", "unit")

CONSTANT = 1e-9  # of the largest activity: a unit that varies less is rounding


@dataclass(frozen=True)
class Trials:
    """What one system did in every trial.

    Attributes:
        values: (trial, time, unit) activity in double precision; never written to.
        ids: (trial,) what tells one trial from another: two systems that were given the same have
            equal ids. The place of a trial where nothing else is known.
    """

    values: Values
    ids: tuple[str, ...]

    @classmethod
    def of(
        cls,
        activity: Any,
        dimensions: Sequence[str] | None = None,
        ids: Sequence[object] | None = None,
    ) -> Self:
        """Checked trials.

        Example:
            >>> Trials.of(states, ("trial", "time", "unit"), ids=store.trials("test"))

        Args:
            activity: (trial, time, unit), an array with ``dimensions``, or anything that has its
                own under ``dims``, such as an ``xarray.DataArray``.
            dimensions: names of the axes, where the activity does not have them.
            ids: what tells the trials apart; their places if None.

        Raises:
            DynamicsError: axes are not named or in another order, ids do not fit or repeat, a
                value is not finite, or a unit is constant.
        """
        own = getattr(activity, "dims", None)
        if own is not None and dimensions is not None and tuple(own) != tuple(dimensions):
            raise DynamicsError(
                f"trials: got dimensions {tuple(dimensions)} for an array that calls its own "
                f"{tuple(own)}; leave dimensions out, the array's own are taken"
            )
        values = _as_numbers(activity if own is None else activity.values)
        _check_axes(values, dimensions if own is None else own)
        _check_values(values)
        names = range(len(values)) if ids is None else ids
        found = cls(values, tuple(map(str, names)))
        found.values.flags.writeable = False
        _check_ids(found)
        return found

    @property
    def shape(self) -> tuple[int, int, int]:
        """Trials, steps, units."""
        trials, steps, units = self.values.shape
        return trials, steps, units

    @cached_property
    def centred(self) -> Values:
        """(trial, time, unit) activity without the mean of every unit over all trials and steps."""
        return self.values - self.values.mean((0, 1))

    def take(self, trials: ArrayLike) -> Self:
        """Some of the trials, by their places; one may be taken several times (a bootstrap)."""
        at = np.asarray(trials)
        values = self.values[at]
        values.flags.writeable = False
        return replace(self, values=values, ids=tuple(self.ids[place] for place in at))

    def reduced(self, units: int) -> Self:
        """The leading principal components (of activity about its mean) as units.

        The mean itself is kept, projected; a rotation of the units changes nothing. Without effect
        where there are no more units than asked for.
        """
        if units >= self.values.shape[-1]:
            return self
        flat = self.centred.reshape(-1, self.values.shape[-1])
        _, vectors = np.linalg.eigh(flat.T @ flat)
        leading = vectors[:, ::-1][:, :units]
        largest = np.abs(leading).argmax(0)  # signs that hang on the data, not on the library
        return replace(
            self, values=self.values @ (leading * np.sign(leading[largest, range(units)]))
        )


def varying_units(activity: ArrayLike) -> NDArray[np.bool_]:
    """(unit,) which units of ``activity (trial, time, unit)`` are not constant."""
    values = np.asarray(activity, dtype=np.float64)
    spread = np.ptp(values, axis=(0, 1))
    varies: NDArray[np.bool_] = spread > CONSTANT * np.abs(values).max(initial=0.0)
    return varies


def check_same_trials(systems: Sequence[Trials], measure: str) -> None:
    """Refuses systems whose trials are not the same, one by one.

    Raises:
        DynamicsError: naming the first that differs and how to match them.
    """
    first = systems[0]
    for place, other in enumerate(systems):
        if other.shape[:2] != first.shape[:2] or other.ids != first.ids:
            common = len(set(first.ids) & set(other.ids))
            raise DynamicsError(
                f"{measure}: systems 0 and {place} differ in their trials ({first.shape[0]} of "
                f"{first.shape[1]} steps and {other.shape[0]} of {other.shape[1]}, {common} in "
                f"common); {measure} compares them row by row: record both on the same trials in "
                "one order, or compare by dsa"
            )


def _as_numbers(activity: Any) -> Values:
    """A copy in double precision."""
    try:
        given = np.asarray(activity)
        if given.dtype.kind not in "fiub":
            raise TypeError(f"{given.dtype} values")
        return np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DynamicsError(f"trials: got {error}; must be an array of real numbers") from None


def _check_axes(values: Values, named: Sequence[str] | None) -> None:
    got = None if named is None else tuple(map(str, named))
    if got is None or values.ndim != len(got):
        raise DynamicsError(
            f"trials: got axes {got} for an array of shape {values.shape}; name all of "
            f"{DIMENSIONS}, in this order"
        )
    if got != DIMENSIONS:
        fix = f"name them {DIMENSIONS}"
        if set(got) == set(DIMENSIONS):
            fix = f"transpose({', '.join(str(got.index(name)) for name in DIMENSIONS)}) it first"
        raise DynamicsError(f"trials: got axes {got}; must be {DIMENSIONS}: {fix}")
    if 0 in values.shape:
        raise DynamicsError(f"trials: got shape {values.shape}; no axis may be empty")


def _check_values(values: Values) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        trial, step, unit = np.argwhere(~finite)[0].tolist()
        raise DynamicsError(
            f"trials: got {values[trial, step, unit]} at trial {trial}, step {step}, unit {unit}; "
            "must be finite: mend the network, or leave the trial out"
        )
    constant = np.flatnonzero(~varying_units(values))
    if len(constant):
        raise DynamicsError(
            f"trials: {len(constant)} of {values.shape[-1]} units are constant, the first is unit "
            f"{constant[0]}; leave them out: activity[..., varying_units(activity)]"
        )


def _check_ids(found: Trials) -> None:
    if len(found.ids) != len(found.values):
        raise DynamicsError(
            f"trials: got {len(found.ids)} ids for {len(found.values)} trials; give one each"
        )
    if len(set(found.ids)) != len(found.ids):
        repeated = next(name for name in found.ids if found.ids.count(name) > 1)
        raise DynamicsError(f"trials: the id {repeated} stands twice; ids tell trials apart")
