"""Coverage, divergence and missing mass: closed forms, and what drawing itself finds."""

from __future__ import annotations

import numpy as np
import pytest

from chunkscope.errors import InversionError
from chunkscope.inversion.quality import (
    coverage,
    divergence,
    ideal_coverage,
    missing_mass,
    precision,
    total_variation,
)


def example(members: int = 30, outside: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Shares of a ball, and what somebody says of its members, other things outside."""
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(members)), (1 - outside) * rng.dirichlet(np.ones(members))


def test_who_says_the_ball_itself_is_ideal() -> None:
    shares, _ = example()
    assert precision(shares) == pytest.approx(1)
    assert divergence(shares, shares) == pytest.approx(0)
    assert total_variation(shares, shares) == pytest.approx(0)
    assert ideal_coverage(shares, 5) == coverage(shares, shares, 5)


def test_who_says_nothing_of_the_ball_covers_nothing() -> None:
    shares, _ = example()
    never = np.zeros_like(shares)
    assert precision(never) == coverage(shares, never, 1000) == 0
    assert divergence(shares, never) == np.inf
    assert total_variation(shares, never) == pytest.approx(1)


def test_one_draw_covers_what_is_said_of_each_member() -> None:
    shares, said = example()
    assert coverage(shares, said, 1) == pytest.approx(shares @ said)
    assert coverage(shares, said, 10**9) == pytest.approx(1)
    by_hand = sum(p * (1 - (1 - q) ** 7) for p, q in zip(shares, said, strict=True))
    assert coverage(shares, said, 7) == pytest.approx(by_hand)


def test_small_probabilities_keep_their_digits() -> None:
    shares = np.full(10_000, 1e-4)
    assert coverage(shares, 1e-15 * shares, 10) == pytest.approx(1e-18, rel=1e-9)


@pytest.mark.parametrize("draws", [20, 100, 1000])
def test_drawing_finds_the_coverage_that_was_computed(draws: int) -> None:
    shares, said = example()
    rng, repeats = np.random.default_rng(1), 400
    every = np.append(said, 1 - said.sum())
    found = np.array(
        [shares[np.unique(d[d < 30])].sum() for d in rng.choice(31, (repeats, draws), p=every)]
    )
    error = found.std() / np.sqrt(repeats)
    assert abs(found.mean() - coverage(shares, said, draws)) < 3 * error + 1e-12


def test_missing_mass_is_what_has_not_been_drawn() -> None:
    _, said = example(members=300, outside=0)
    rng, differences = np.random.default_rng(2), []
    for _ in range(300):
        counts = np.bincount(rng.choice(300, 200, p=said), minlength=300)
        differences.append(missing_mass(counts) - said[counts == 0].sum())
    assert abs(np.mean(differences)) < 3 * np.std(differences) / np.sqrt(300) + 1 / 200


def test_what_is_no_ball_is_refused() -> None:
    shares, said = example()
    with pytest.raises(InversionError, match="got 30 members and 29 probabilities"):
        coverage(shares, said[1:], 10)
    with pytest.raises(InversionError, match="a ball without members covers nothing"):
        divergence(np.zeros(0), np.zeros(0))
    with pytest.raises(InversionError, match="shares that sum to 2"):
        total_variation(2 * shares, said)
    with pytest.raises(InversionError, match="draws: got none"):
        missing_mass(np.zeros(4, int))
