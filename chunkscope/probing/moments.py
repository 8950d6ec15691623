"""What a ranking needs to know of a site, read from a store chunk by chunk.

Example:
    >>> moments = class_moments(store.iterate(seed, site, split="train"), labels)
    >>> best = np.argsort(-moments.f, axis=1)[:, :512]
    >>> X = gather(store.iterate(seed, site, split="train"), rows, units=np.unique(best))

Beside the chunk at hand neither takes more memory than that chunk again, and what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.labelled_rows import LEAST

Values = NDArray[np.float64]
Block = tuple[int, NDArray[np.floating]]
"""The place of the first sequence, and ``(sequence, time, unit)`` from there on."""

PIECE = 2**16  # values that are worked on at once: 512 KiB of float64, which fit a core's cache


@dataclass(frozen=True)
class ClassMoments:
    """Rows, means and scatter of every unit, without a feature (first) and with it (second).

    Attributes:
        rows: (class, feature) rows that were asked.
        mean: (class, feature, unit).
        scatter: (class, feature, unit) squared deviations from the class mean, summed.
    """

    rows: Values
    mean: Values
    scatter: Values

    @property
    def mean_difference(self) -> Values:
        """(feature, unit) distance of the class means, in standard deviations of the asked rows.

        It is what standardised rows differ by; 0 for a unit that is constant over them.
        """
        rows = self.rows.sum(axis=0)[:, None]
        sd = np.sqrt((self.scatter.sum(axis=0) + self._between) / rows)
        distance = np.abs(self.mean[1] - self.mean[0])
        return np.divide(distance, sd, out=np.zeros_like(sd), where=sd > 0)

    @property
    def f(self) -> Values:
        """(feature, unit) ANOVA F of the two classes; 0 for a constant unit.

        Infinite for a unit that is constant within both classes and differs between them.
        """
        within = self.scatter.sum(axis=0) / (self.rows.sum(axis=0)[:, None] - 2)
        apart = np.where(self._between > 0, np.inf, 0.0)
        return np.divide(self._between, within, out=apart, where=within > 0)

    @property
    def _between(self) -> Values:
        """(feature, unit) squared deviations of the class means from the mean, over all rows."""
        shared = (self.rows[0] * self.rows[1] / self.rows.sum(axis=0))[:, None]
        return shared * np.square(self.mean[1] - self.mean[0])


def class_moments(blocks: Iterable[Block], labels: NDArray[np.integer]) -> ClassMoments:
    """The class moments of every unit for several features in one pass.

    Args:
        blocks: as ``ActivationStore.iterate`` yields them.
        labels: (feature, sequence, time) 1 with the feature, 0 without, -1 where it is not asked.

    Raises:
        ProbingError: the blocks are not the sequences of the labels, or a feature has fewer rows
            of a class than two.
    """
    rows = np.stack([np.count_nonzero(labels == side, axis=(1, 2)) for side in (0, 1)])
    _check_classes(rows)
    sums = _Sums(len(labels))
    for block, place in _flat(blocks, labels.shape[1:]):
        sums.add(block, labels.reshape(len(labels), -1)[:, place])
        del block  # before the next one is read
    return sums.moments(rows.astype(np.float64))


class _Sums:
    """Sums over the rows of each class of the deviations from the first row, and of their squares.

    They lose no digits where a unit lies far from 0, and are exactly 0 where it is constant.
    """

    def __init__(self, n_features: int) -> None:
        self._origin = np.empty(0)
        self._first, self._second = np.zeros((2, 2 * n_features, 1))

    def add(self, block: NDArray[np.floating], labels: NDArray[np.integer]) -> None:
        """Take in the rows of ``block (row, unit)`` that ``labels (feature, row)`` ask for."""
        asked = np.flatnonzero((labels >= 0).any(axis=0))
        step = max(1, PIECE // block.shape[1])
        for start in range(0, len(asked), step):
            chosen = asked[start : start + step]
            piece = block[chosen].astype(np.float64)
            self._origin = self._origin if self._origin.size else piece[0].copy()
            piece -= self._origin
            sides = np.concatenate([labels[:, chosen] == side for side in (0, 1)])
            weights = sides.astype(np.float64)
            self._first = self._first + weights @ piece
            self._second = self._second + weights @ np.square(piece, out=piece)

    def moments(self, rows: Values) -> ClassMoments:
        """What the sums of ``rows (class, feature)`` say."""
        shape = *rows.shape, -1
        first, second = self._first.reshape(shape), self._second.reshape(shape)
        mean = first / rows[..., None]
        scatter = np.maximum(second - first * mean, 0.0)
        return ClassMoments(rows, mean + self._origin, scatter)


def gather(
    blocks: Iterable[Block], rows: NDArray[np.integer], units: NDArray[np.integer] | None = None
) -> NDArray[np.float32]:
    """Chosen rows and units of a site, ``(row, unit)``.

    Args:
        blocks: as ``ActivationStore.iterate`` yields them.
        rows: ascending, each ``sequence * time + step``.
        units: which units, in this order; None for all.

    Raises:
        ProbingError: rows do not ascend, or rows or units lie outside the site.
    """
    if len(rows) == 0 or rows[0] < 0 or (np.diff(rows) <= 0).any():
        raise ProbingError("rows: must ascend from 0 on, each once, and be at least one")
    gathered: NDArray[np.float32] | None = None
    reached, done = 0, 0
    for first, block in blocks:
        flat, start = block.reshape(-1, block.shape[2]), first * block.shape[1]
        columns = _checked_units(units, flat.shape[1])
        if gathered is None:
            gathered = np.empty((len(rows), len(columns)), dtype=np.float32)
        reached = start + len(flat)
        end = int(np.searchsorted(rows, reached))
        gathered[done:end] = flat[np.ix_(rows[done:end] - start, columns)]
        done = end
        del block, flat  # before the next one is read
    if gathered is None or done < len(rows):
        raise ProbingError(f"rows: got row {rows[-1]}; the site has {reached} (sequences x time)")
    return gathered


def _flat(
    blocks: Iterable[Block], shape: tuple[int, ...]
) -> Iterator[tuple[NDArray[np.floating], slice]]:
    """Every block as ``(row, unit)``, and where its rows stand among all of ``shape``."""
    sequences, time = shape
    reached = 0
    for first, block in blocks:
        reached = first + len(block)
        if block.shape[1] != time or reached > sequences:
            raise _other_sequences(f"{block.shape[1]} steps, at least {reached} sequences", shape)
        yield block.reshape(-1, block.shape[2]), slice(first * time, reached * time)
        del block  # before the next one is read
    if reached < sequences:
        raise _other_sequences(f"{reached} sequences", shape)


def _other_sequences(got: str, shape: tuple[int, ...]) -> ProbingError:
    return ProbingError(
        f"labels: got (sequence, time) {shape}, but activations of {got}; must be of the same "
        "sequences: label the split that is read"
    )


def _check_classes(rows: NDArray[np.integer]) -> None:
    """Raise for a feature that has not :data:`LEAST` rows of both classes."""
    for side, name in enumerate(("without", "with")):
        for feature in np.flatnonzero(rows[side] < LEAST):
            raise ProbingError(
                f"labels: feature {feature} has {rows[side, feature]} rows {name} it; must "
                f"have at least {LEAST} of each class: ask for a commoner feature or more rows"
            )


def _checked_units(units: NDArray[np.integer] | None, n: int) -> NDArray[np.integer]:
    if units is None:
        return np.arange(n)
    if len(units) == 0 or units.min() < 0 or units.max() >= n:
        raise ProbingError(f"units: got {units}; must be indices into the {n} units of the site")
    return units
