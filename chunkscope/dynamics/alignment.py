"""The rotation that brings two linear operators together, for many pairs in one batch.

For A and B of Frobenius norm 1 it is the C of O(r) that maximises

    <A, C B C'> = trace(A' C B C'),

the step that dynamical similarity hangs on (Procrustes analysis over vector fields: Ostrow et al.,
arXiv 2306.10168; there by Adam through a small network). There are many local maxima, so that the
search begins in several places (:func:`starting_points`); each takes a few steps, and those that
lead go on. Steps are those of L-BFGS along the manifold: with C <- R(W) C, W antisymmetric, the
tangent spaces of all C are one vector space, in which gradients and steps of earlier iterates need
no transport (Huang, Gallivan & Absil, SIAM J. Optim. 25, 1660, 2015). R is Cayley's map. With
M = C B C', the loss -<A, M> has in the entries w_ij (i < j) of W the derivatives

    g = G' - G,    G = A M' - M' A,
    h_ij = p_i + p_j + q_i + q_j + 2 (A_ij M_ji + A_ji M_ij - A_ii M_jj - A_jj M_ii),

where p and q are row and column sums of the elementwise product of A and M, h the diagonal of
the Hessian. In the basis of A's Schur vectors, where smooth dynamics are nearly block diagonal,
it is nearly all of it: with 1 / |h| as L-BFGS's first guess half the steps reach as far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from chunkscope.dynamics.settings import AlignmentSettings

Values = NDArray[np.float64]

EXPLORED = 40  # steps of every start, before the best go on
KEPT = 2  # starts of a pair that go on
PAIRS = 64  # that are searched at once: few enough to stay in the processor's cache
MEMORY = 3  # earlier steps that L-BFGS knows; more cost what they gain, beside such a first guess
DECREASE = 1e-4  # of what the slope promises, which a step must keep (Armijo)
SHRINK = 0.4  # of a step that does not
SHORTENED = 10  # times, at most
FLATTEST = 0.01  # of the largest curvature, which every other is taken for at least
LONGEST = 1.0  # norm of a step in W
CONVERGED = 1e-12  # decrease of the loss in one step, below which a start is done
SEED = 0  # of the random starts, the same for every pair: none depends on what else is compared


@dataclass(frozen=True)
class Aligned:
    """The best rotation of each pair.

    Attributes:
        agreement: (pair,) <A, C B C'> of operators of norm 1, -1 to 1.
        distance: (pair,) ||A - C B C'||, 0 to 2; to all digits where the agreement is nearly 1.
        rotation: (pair, r, r) C.
    """

    agreement: Values
    distance: Values
    rotation: Values


def align(first: Values, second: Values, settings: AlignmentSettings) -> Aligned:
    """Best rotations of ``second`` onto ``first``, each (pair, r, r) and scaled to norm 1 here.

    Which of two operators is called the first makes no difference: the search turns that of the
    smaller trace, and the rotation of the other onto it is the transpose.
    """
    a, b = _normalised(first), _normalised(second)
    swapped = (np.trace(a, axis1=1, axis2=2) < np.trace(b, axis1=1, axis2=2))[:, None, None]
    a, b = np.where(swapped, b, a), np.where(swapped, a, b)
    blocks = [slice(at, at + PAIRS) for at in range(0, len(a), PAIRS)]
    rotation = np.concatenate([_search(a[block], b[block], settings) for block in blocks])
    moved = rotation @ b @ _t(rotation)
    return Aligned(
        (a * moved).sum((1, 2)),
        np.sqrt(((a - moved) ** 2).sum((1, 2))),
        np.where(swapped, _t(rotation), rotation),
    )


def _search(a: Values, b: Values, settings: AlignmentSettings) -> Values:
    """(pair, r, r) the best rotation found of every pair, of operators of norm 1."""
    basis = np.stack([schur_basis(operator) for operator in a])
    turned = _t(basis) @ a @ basis
    starts = [
        _t(basis) @ start
        for start in starting_points(a, b, settings.restarts, np.random.default_rng(SEED))
    ]
    explored = [_descend(turned, b, start, EXPLORED) for start in starts]
    losses = np.stack([loss for _, loss in explored], 1)  # (pair, start)
    leading = np.argsort(losses, 1, kind="stable")[:, :KEPT, None, None]
    going = np.take_along_axis(np.stack([c for c, _ in explored], 1), leading, 1)

    n, kept, *square = going.shape
    pairs = np.repeat(np.arange(n), kept)
    reached, loss = _descend(
        turned[pairs], b[pairs], going.reshape(-1, *square), settings.iterations
    )
    best = np.arange(n) * kept + loss.reshape(n, kept).argmin(1)
    return _orthogonal(basis @ reached[best])


def starting_points(
    first: Values, second: Values, restarts: int, rng: np.random.Generator
) -> list[Values]:
    """Rotations (pair, r, r) to begin from.

    That of :func:`spectral_start`, that of the :func:`schur_basis` of both, and ``restarts`` random
    ones; each beside its mirror image, since no step along the manifold changes the determinant.
    """
    r = first.shape[1]
    pairs = list(zip(first, second, strict=True))
    starts = [
        np.stack([spectral_start(a, b) for a, b in pairs]),
        np.stack([schur_basis(a) @ schur_basis(b).T for a, b in pairs]),
    ]
    for _ in range(restarts):
        q, upper = np.linalg.qr(rng.standard_normal((r, r)))
        starts.append(np.broadcast_to(q * np.sign(np.diagonal(upper)), first.shape))
    return [c for start in starts for c in (start, _mirrored(start))]


def spectral_start(a: Values, b: Values) -> Values:
    """C (r, r) that turns the eigenvectors of ``b``'s symmetric part onto those of ``a``'s.

    Their signs d are open yet: in these bases the antisymmetric parts K and L agree by the sum over
    i, j of K_ij L_ij d_i d_j, which the signs of the leading eigenvector of the elementwise product
    of K and L make large. Exact for conjugate operators, unless an eigenvalue is repeated.
    """
    bases = [np.linalg.eigh((m + m.T) / 2)[1] for m in (a, b)]
    turned = [u.T @ ((m - m.T) / 2) @ u for u, m in zip(bases, (a, b), strict=True)]
    together = turned[0] * turned[1]
    leading = np.linalg.eigh(together)[1][:, -1]
    signs = np.where(leading < 0, -1.0, 1.0)
    return (bases[0] * signs) @ bases[1].T


def schur_basis(matrix: Values) -> Values:
    """(r, r) Schur vectors of an operator, its oscillations in the order of their frequency.

    Normal operators, such as those that only rotate, are block diagonal in them; their symmetric
    parts have pairs of equal eigenvalues, with which :func:`spectral_start` cannot do much.
    """
    upper, vectors = scipy.linalg.schur(matrix, output="real")
    blocks: list[tuple[float, float, Values]] = []
    at = 0
    while at < len(matrix):
        size = 2 if at + 1 < len(matrix) and upper[at + 1, at] != 0 else 1
        block, columns = upper[at : at + size, at : at + size], vectors[:, at : at + size]
        turn = 0.0 if size == 1 else block[0, 1] - block[1, 0]
        frequency = float(np.abs(np.linalg.eigvals(block).imag).max())
        blocks.append((frequency, -float(block[0, 0]), columns[:, ::-1] if turn < 0 else columns))
        at += size
    blocks.sort(key=lambda one: one[:2])
    return np.concatenate([columns for *_, columns in blocks], 1)


@dataclass
class _Search:
    """The state of L-BFGS for a batch of problems; every array has a leading axis of problems.

    Attributes:
        a, b: (problem, r, r) the operators.
        c: (problem, r, r) the rotations reached.
        loss: (problem,) there.
        gradient, curvature: (problem, r, r) of the loss there: g, and h kept above 0.
        steps, changes: the latest steps W, and what each changed of the gradient.
    """

    a: Values
    b: Values
    c: Values
    loss: Values
    gradient: Values
    curvature: Values
    steps: list[Values]
    changes: list[Values]

    @classmethod
    def begin(cls, a: Values, b: Values, c: Values) -> _Search:
        return cls(a, b, c, *_loss(a, b, c), [], [])

    def take(self, chosen: NDArray[np.bool_]) -> _Search:
        """Some of the problems."""
        return _Search(
            self.a[chosen],
            self.b[chosen],
            self.c[chosen],
            self.loss[chosen],
            self.gradient[chosen],
            self.curvature[chosen],
            [step[chosen] for step in self.steps],
            [change[chosen] for change in self.changes],
        )

    def direction(self) -> Values:
        """(problem, r, r) minus the inverse Hessian times the gradient (Nocedal's two loops)."""
        direction = -self.gradient
        memory = [
            (step, change, _inverse(_dot(step, change)))
            for step, change in zip(self.steps, self.changes, strict=True)
        ]
        weights = []
        for step, change, inverse in reversed(memory):
            weights.append(inverse * _dot(step, direction))
            direction -= _each(weights[-1]) * change
        direction /= self.curvature
        if memory:  # the size of the first guess is that of the latest curvature
            _, change, inverse = memory[-1]
            scale = _inverse(inverse * _dot(change, change / self.curvature))
            direction *= _each(np.where(scale > 0, scale, 1.0))
        for step, change, inverse in memory:
            direction += _each(weights.pop() - inverse * _dot(change, direction)) * step
        return direction

    def step(self) -> None:
        """One step of every problem, shortened until its loss falls; one that cannot fall stays."""
        direction = self.direction()
        slope = _dot(direction, self.gradient)
        uphill = slope >= 0
        direction[uphill] = -self.gradient[uphill]
        slope[uphill] = -_dot(self.gradient, self.gradient)[uphill]
        length = np.sqrt(_dot(direction, direction))
        size = np.minimum(1.0, LONGEST / np.maximum(length, np.finfo(np.float64).tiny))

        before = self.gradient.copy()
        trying = np.arange(len(size))
        for _ in range(SHORTENED):
            tried = _retract(self.c[trying], _each(size[trying]) * direction[trying])
            loss, gradient, curvature = _loss(self.a[trying], self.b[trying], tried)
            fell = loss <= self.loss[trying] + DECREASE * size[trying] * slope[trying]
            done = trying[fell]
            self.c[done], self.loss[done] = tried[fell], loss[fell]
            self.gradient[done], self.curvature[done] = gradient[fell], curvature[fell]
            trying = trying[~fell]
            if not len(trying):
                break
            size[trying] *= SHRINK
        size[trying] = 0.0
        self.steps.append(_each(size) * direction)
        self.changes.append(self.gradient - before)
        del self.steps[:-MEMORY], self.changes[:-MEMORY]


def _descend(a: Values, b: Values, start: Values, iterations: int) -> tuple[Values, Values]:
    """Rotations (problem, r, r) and their losses (problem,) after at most ``iterations`` steps."""
    search = _Search.begin(a, b, start.copy())
    rotation, lowest = start.copy(), search.loss.copy()
    alive = np.arange(len(start))
    for _ in range(iterations):
        before = search.loss.copy()
        search.step()
        rotation[alive], lowest[alive] = search.c, search.loss
        going = before - search.loss > CONVERGED
        if not going.all():
            alive, search = alive[going], search.take(going)
        if not len(alive):
            break
    return rotation, lowest


def _loss(a: Values, b: Values, c: Values) -> tuple[Values, Values, Values]:
    """Minus the agreement (problem,), its gradient g and curvature |h| (problem, r, r)."""
    moved = c @ b @ _t(c)
    forth = a @ _t(moved) - _t(moved) @ a
    product = a * moved
    diagonals = [np.einsum("pii->pi", matrix) for matrix in (a, moved)]
    half = a * _t(moved)
    half -= diagonals[0][:, :, None] * diagonals[1][:, None, :]
    half += (product.sum(1) + product.sum(2))[:, :, None] / 2
    curvature = 2 * np.abs(half + _t(half))
    least = FLATTEST * curvature.max((1, 2), keepdims=True)
    return -product.sum((1, 2)), _t(forth) - forth, np.maximum(curvature, least)


def _retract(c: Values, step: Values) -> Values:
    """(1 - W / 2)^-1 (1 + W / 2) C, which is orthogonal where C is."""
    half, one = step / 2, np.eye(c.shape[-1])
    return np.asarray(np.linalg.solve(one - half, (one + half) @ c), dtype=np.float64)


def _orthogonal(c: Values) -> Values:
    """The nearest orthogonal matrices: what rounding of many steps added is taken away."""
    u, _, vt = np.linalg.svd(c)
    return u @ vt


def _mirrored(c: Values) -> Values:
    """C with its last column turned over: the determinant of the other sign."""
    mirrored = c.copy()
    mirrored[..., -1] *= -1
    return mirrored


def _normalised(operators: Values) -> Values:
    return operators / np.sqrt((operators**2).sum((1, 2), keepdims=True))


def _dot(first: Values, second: Values) -> Values:
    """(problem,) the product of antisymmetric matrices, each pair of entries counted once."""
    return np.einsum("prs,prs->p", first, second) / 2


def _each(numbers: Values) -> Values:
    return numbers[:, None, None]


def _inverse(numbers: Values) -> Values:
    """1 / x where x is above 0, and 0 elsewhere."""
    return np.divide(1.0, numbers, out=np.zeros_like(numbers), where=numbers > 0)


def _t(matrices: Values) -> Values:
    return np.swapaxes(matrices, -1, -2)
