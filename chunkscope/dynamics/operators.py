"""The linear operator that steps delayed activity on (HAVOK, a dynamic mode decomposition).

The rows of the delay embedding are written in their r leading directions, whitened,

    H = V S U',    v_t: row t of the first r columns of V,

and one matrix steps all of them, fitted by least squares with a small ridge within trials:

    v_{t + ahead} = A v_t.

(Brunton et al., Nat. Commun. 8, 19, 2017; as dynamical similarity uses it: Ostrow et al., arXiv
2306.10168.) U and S come of the Gram matrix H'H, which is several times quicker than an SVD of H;
that squares the singular values, so that where the last one kept is too small for that they come
of the triangle of H's QR decomposition instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.dynamics.embedding import embed
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError

Values = NDArray[np.float64]

GRAM_SERVES = 1e-5  # of the first singular value: down to it the Gram matrix has digits to spare


@dataclass(frozen=True)
class Operator:
    """How a system's delayed activity goes on.

    Attributes:
        matrix: (rank, rank) A.
        whitening: (delays * unit, rank) from a row of the embedding to its coordinates, U / S.
        reading: (rank, unit) from coordinates to the newest step's activity, S U'.
        mean: (unit,) what was taken away from the activity first.
        settings: of the embedding.
    """

    matrix: Values
    whitening: Values
    reading: Values
    mean: Values
    settings: DelaySettings

    @property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """(rank,) eigenvalues of A, which do not hang on its coordinates."""
        return np.linalg.eigvals(self.matrix).astype(np.complex128)

    def predict(self, values: Values) -> Values:
        """(trial, step, unit): ``values (trial, time, unit)`` as foretold ``ahead`` steps before.

        The first step that can be foretold is ``(delays - 1) interval + ahead``.
        """
        rows = embed(values - self.mean, self.settings.delays, self.settings.interval)
        stepped = rows[:, : -self.settings.ahead] @ self.whitening @ self.matrix.T
        return stepped @ self.reading + self.mean


def fit_operator(trials: Trials, settings: DelaySettings) -> Operator:
    """The operator of one system.

    Raises:
        DynamicsError: trials are too short, rows too few, or the rank higher than the activity's.
    """
    mean = trials.values.mean((0, 1)) if settings.centred else np.zeros(trials.shape[-1])
    rows = embed(trials.values - mean, settings.delays, settings.interval)
    _check_rows(rows, trials, settings)
    flat = rows.reshape(-1, rows.shape[-1])
    if settings.precision == "single":
        from chunkscope.dynamics.single_precision import leading_vectors  # it needs torch

        coordinates, sizes, directions = leading_vectors(flat, settings.rank)
    else:
        sizes, directions = _leading_directions(flat, settings.rank)
        coordinates = flat @ (directions / sizes)
    coordinates = coordinates.reshape(*rows.shape[:2], settings.rank)
    now = coordinates[:, : -settings.ahead].reshape(-1, settings.rank)
    later = coordinates[:, settings.ahead :].reshape(-1, settings.rank)
    normal = now.T @ now + settings.ridge * np.eye(settings.rank)
    return Operator(
        matrix=np.asarray(np.linalg.solve(normal, now.T @ later).T, dtype=np.float64),
        whitening=directions / sizes,
        reading=(directions * sizes).T[:, : trials.shape[-1]],
        mean=mean,
        settings=settings,
    )


def _leading_directions(rows: Values, rank: int) -> tuple[Values, Values]:
    """Singular values (rank,) and right singular vectors (column, rank) of ``rows``.

    Raises:
        DynamicsError: there are fewer than ``rank``.
    """
    squares, vectors = np.linalg.eigh(rows.T @ rows)
    sizes, directions = np.sqrt(np.maximum(squares[::-1], 0)), vectors[:, ::-1]
    if sizes[rank - 1] < GRAM_SERVES * sizes[0]:
        _, sizes, turned = np.linalg.svd(np.linalg.qr(rows, mode="r"))
        directions = turned.T
    found = int((sizes > sizes[0] * max(rows.shape) * np.finfo(np.float64).eps).sum())
    if found < rank:
        raise DynamicsError(
            f"rank: got {rank}; the delayed activity has {found} directions that are not rounding: "
            f"lower rank to {found} or less"
        )
    return sizes[:rank], directions[:, :rank]


def _check_rows(rows: Values, trials: Trials, settings: DelaySettings) -> None:
    n_trials, steps, columns = rows.shape
    if n_trials * steps < columns:
        raise DynamicsError(
            f"delays: got {n_trials * steps} rows of {columns} columns ({settings.delays} delays "
            f"of {trials.shape[-1]} units); there must be at least as many rows: lower delays or "
            "interval, reduce the units by Trials.reduced, or give more trials"
        )
    if steps <= settings.ahead:
        raise DynamicsError(
            f"ahead: got {settings.ahead}, with {steps} rows left of a trial; lower ahead, delays "
            "or interval, or give longer trials"
        )
    transitions = n_trials * (steps - settings.ahead)
    if transitions < settings.rank:
        raise DynamicsError(
            f"rank: got {settings.rank}, with {transitions} steps from row to row to learn from; "
            "lower rank, ahead or delays, or give more trials"
        )
    if columns < settings.rank:
        raise DynamicsError(
            f"rank: got {settings.rank}; the embedding has {columns} columns: lower rank, or raise "
            "delays"
        )
