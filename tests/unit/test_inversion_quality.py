"""Coverage, divergence and missing mass: closed forms, and what drawing itself finds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from chunkscope.errors import InversionError
from chunkscope.inversion.quality import (
    Ball,
    coverage,
    divergence,
    ideal_coverage,
    missing_mass,
    precision,
    total_variation,
)


def example(members: int = 30, outside: float = 0.3) -> tuple[Ball, np.ndarray]:
    """A ball, and what somebody says of its members, other things outside."""
    rng = np.random.default_rng(0)
    ball = Ball.whole(rng.dirichlet(np.ones(members)))
    return ball, (1 - outside) * rng.dirichlet(np.ones(members))


def test_who_says_the_ball_itself_is_ideal() -> None:
    ball, _ = example()
    assert precision(ball, ball.shares) == pytest.approx(1)
    assert divergence(ball, ball.shares) == pytest.approx(0)
    assert total_variation(ball, ball.shares) == pytest.approx(0)
    assert ideal_coverage(ball, 5) == coverage(ball, ball.shares, 5)


def test_who_says_nothing_of_the_ball_covers_nothing() -> None:
    ball, _ = example()
    never = np.zeros_like(ball.shares)
    assert precision(ball, never) == coverage(ball, never, 1000) == 0
    assert divergence(ball, never) == np.inf
    assert total_variation(ball, never) == pytest.approx(1)


def test_one_draw_covers_what_is_said_of_each_member() -> None:
    ball, said = example()
    assert precision(ball, said) == pytest.approx(said.sum())
    assert coverage(ball, said, 1) == pytest.approx(ball.shares @ said)
    assert coverage(ball, said, 10**9) == pytest.approx(1)
    by_hand = sum(p * (1 - (1 - q) ** 7) for p, q in zip(ball.shares, said, strict=True))
    assert coverage(ball, said, 7) == pytest.approx(by_hand)


def test_total_variation_is_half_of_all_that_differs() -> None:
    ball, said = example()
    outside = 1 - said.sum()
    by_hand = (np.abs(ball.shares - said).sum() + outside) / 2
    assert total_variation(ball, said) == pytest.approx(by_hand)


def test_small_probabilities_keep_their_digits() -> None:
    ball = Ball.whole(np.full(10_000, 1e-4))
    assert coverage(ball, 1e-15 * ball.shares, 10) == pytest.approx(1e-18, rel=1e-9)


@pytest.mark.parametrize("draws", [20, 100, 1000])
def test_drawing_finds_the_coverage_that_was_computed(draws: int) -> None:
    ball, said = example()
    rng, repeats = np.random.default_rng(1), 400
    every = np.append(said, 1 - said.sum())
    found = np.array(
        [ball.shares[np.unique(d[d < 30])].sum() for d in rng.choice(31, (repeats, draws), p=every)]
    )
    error = found.std() / np.sqrt(repeats)
    assert abs(found.mean() - coverage(ball, said, draws)) < 3 * error + 1e-12


@pytest.mark.parametrize(
    "measure",
    [precision, divergence, total_variation, lambda ball, said: coverage(ball, said, 10)],
)
def test_members_that_were_drawn_estimate_the_whole(
    measure: Callable[[Ball, np.ndarray], float],
) -> None:
    ball, said = example()
    rng, found = np.random.default_rng(3), []
    for _ in range(300):
        members = rng.choice(30, 200, p=ball.shares)
        found.append(measure(Ball.drawn(ball.shares[members]), said[members]))
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - measure(ball, said)) < 3 * error


def test_missing_mass_is_what_has_not_been_drawn() -> None:
    _, said = example(members=300, outside=0)
    rng, differences = np.random.default_rng(2), []
    for _ in range(300):
        counts = np.bincount(rng.choice(300, 200, p=said), minlength=300)
        differences.append(missing_mass(counts) - said[counts == 0].sum())
    assert abs(np.mean(differences)) < 3 * np.std(differences) / np.sqrt(300) + 1 / 200


def test_what_is_no_ball_is_refused() -> None:
    ball, said = example()
    with pytest.raises(InversionError, match="got 29 probabilities of 30 members"):
        coverage(ball, said[1:], 10)
    with pytest.raises(InversionError, match="a ball without members covers nothing"):
        Ball.drawn(np.zeros(0))
    with pytest.raises(InversionError, match="weights that sum to 2"):
        Ball(ball.shares, 2 * ball.weight)
    with pytest.raises(InversionError, match="draws: got none"):
        missing_mass(np.zeros(4, int))
