"""Systems whose dynamics are known, for the tests of dynamical similarity."""

import numpy as np


def rotation(n, rng, determinant=None):
    """A random orthogonal matrix (n, n), of a determinant if one is asked for."""
    q, upper = np.linalg.qr(rng.standard_normal((n, n)))
    q = q * np.sign(np.diagonal(upper))
    if determinant is not None and np.linalg.det(q) * determinant < 0:
        q[:, 0] *= -1
    return q


def noisy_networks(systems=8, units=20, trials=50, steps=200, seed=0):
    """Random leaky tanh networks in noise, each (trial, time, unit): no two step on alike."""
    found = []
    for system in range(systems):
        rng = np.random.default_rng([seed, system])
        weights = rng.normal(size=(units, units)) * (1 + 0.1 * system) / np.sqrt(units)
        state, states = rng.normal(size=(trials, units)), []
        for _ in range(steps + 50):  # the first 50 steps only lead to where it settles
            state = 0.7 * state + 0.3 * np.tanh(1.5 * state @ weights.T)
            state = state + 0.1 * rng.normal(size=state.shape)
            states.append(state)
        found.append(np.stack(states[50:], axis=1))
    return found
