"""Preimages: distances and balls against brute force, and planted activity named for what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from chunkscope.errors import InversionError
from chunkscope.grammars import Counting, Inputs, Words, prefixes
from chunkscope.inversion.balls import Queries, gather_queries, members
from chunkscope.inversion.distances import METRICS, Metric, metric_of
from chunkscope.inversion.features import Feature, entropy, features_of, recent
from chunkscope.inversion.retention import Retention, retention

INPUTS = Counting(letters=3, distinct=2, most=3).inputs()
RADII = np.array([0.05, 0.3, 0.6])
POINT = "target"


def blocks(activity: np.ndarray, size: int = 37) -> Iterator[tuple[int, np.ndarray]]:
    """As a store yields them."""
    for first in range(0, len(activity), size):
        yield first, activity[first : first + size, None]


def draw_activity(units: int = 4, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((len(INPUTS), units)) + 1).astype(np.float32)


def read(
    activity: np.ndarray, name: str = "euclidean", queries: int = 60, size: int = 37
) -> tuple[Retention, list[Feature], Queries]:
    rows = np.random.default_rng(1).permutation(len(INPUTS))[:queries]
    asked = gather_queries(blocks(activity, size), rows)
    metric = metric_of(name, blocks(activity, size), INPUTS.probability)
    features = features_of(INPUTS, POINT)
    found = retention(blocks(activity, size), metric, asked, RADII, features, INPUTS)
    return found, features, asked


def plain_distance(name: str, x: np.ndarray, q: np.ndarray, centre: np.ndarray) -> float:
    x, q = x.astype(float), q.astype(float)
    if name == "cosine":
        return 1 - x @ q / np.linalg.norm(x) / np.linalg.norm(q)
    away = centre if name == "centred" else 0 * centre
    return np.linalg.norm(x - q) / np.linalg.norm(q - away)


@pytest.mark.parametrize("name", METRICS)
def test_distances_are_those_of_the_formulas(name: str) -> None:
    activity = draw_activity()
    metric = metric_of(name, blocks(activity), INPUTS.probability)
    centre = INPUTS.probability @ activity.astype(float)
    np.testing.assert_allclose(metric.centre, centre)
    found = metric.distance(activity[:50], activity[50:60])
    for q in range(10):
        for x in range(50):
            expected = plain_distance(name, activity[x], activity[50 + q], centre)
            assert found[q, x] == pytest.approx(expected, abs=1e-9)
    assert (np.diag(metric.distance(activity, activity)) < 1e-7).all()


@pytest.mark.parametrize("name", METRICS)
def test_distances_do_not_see_the_scale_nor_the_basis(name: str) -> None:
    activity = draw_activity().astype(float)
    basis = np.linalg.qr(np.random.default_rng(2).standard_normal((4, 4)))[0]
    found = []
    for changed in (activity, 1000 * activity, activity @ basis):
        metric = metric_of(name, blocks(changed), INPUTS.probability)
        found.append(metric.distance(changed, changed[:9]))
    np.testing.assert_allclose(found[1], found[0], atol=1e-7)
    np.testing.assert_allclose(found[2], found[0], atol=1e-7)


def test_what_all_share_is_seen_but_by_the_centred_distance() -> None:
    activity = draw_activity().astype(float)
    far = activity + 1e3
    for name, sees in (("euclidean", True), ("cosine", True), ("centred", False)):
        near, shifted = (
            metric_of(name, blocks(a), INPUTS.probability).distance(a, a[:9])
            for a in (activity, far)
        )
        assert (np.abs(near - shifted).max() > 0.1) == sees


@pytest.mark.parametrize("name", METRICS)
def test_activity_without_size(name: str) -> None:
    metric = Metric(name, np.zeros(3))
    activity = np.array([[0, 0, 0], [1, 0, 0]])
    distance = metric.distance(activity, np.zeros((1, 3)))
    assert distance[0, 0] == 0
    assert distance[0, 1] == (1 if name == "cosine" else np.inf)


@pytest.mark.parametrize("name", METRICS)
def test_balls_are_those_of_brute_force(name: str) -> None:
    activity = draw_activity()
    found, features, queries = read(activity, name, queries=8)
    metric = metric_of(name, blocks(activity), INPUTS.probability)
    centre = INPUTS.probability @ activity.astype(float)
    balls = {}
    for q, row in enumerate(queries.rows):
        distance = np.array([plain_distance(name, x, activity[row], centre) for x in activity])
        distance[row] = np.inf
        balls |= {(at, q): np.flatnonzero(distance <= radius) for at, radius in enumerate(RADII)}
    for q, row in enumerate(queries.rows):
        for at, radius in enumerate(RADII):
            ball = balls[at, q]
            held = members(blocks(activity), metric, queries, radius, len(INPUTS))[q]
            np.testing.assert_array_equal(held, np.sort(np.append(ball, row)))
            mass = INPUTS.probability[ball].sum()
            assert found.mass[at, q] == pytest.approx(mass)
            for f, feature in enumerate(features):
                values = feature.values
                own = INPUTS.probability[row]
                prior = (INPUTS.probability[values == values[row]].sum() - own) / (1 - own)
                assert found.prior[q, f] == pytest.approx(prior)
                if not len(ball):
                    assert np.isnan(found.same[at, q, f])
                    assert np.isnan(found.known[at, q, f])
                    continue
                weights = INPUTS.probability[ball]
                shares = np.bincount(values[ball], weights, len(feature.prior)) / mass
                assert found.same[at, q, f] == pytest.approx(shares[values[row]])
                known = 1 - entropy(shares) / feature.entropy
                assert found.known[at, q, f] == pytest.approx(known)
                others = [balls[at, o] for o in range(len(queries.rows)) if o != q]
                shared = [
                    INPUTS.probability[b[values[b] == values[row]]].sum()
                    / INPUTS.probability[b].sum()
                    for b in others
                    if len(b)
                ]
                expected = np.mean(shared) if shared else np.nan
                np.testing.assert_allclose(found.wrong[at, q, f], expected)


def test_the_size_of_chunks_changes_nothing() -> None:
    activity = draw_activity()
    small, large = (read(activity, size=size)[0] for size in (5, 10_000))
    np.testing.assert_allclose(small.same, large.same)
    np.testing.assert_allclose(small.mass, large.mass)


def test_a_larger_radius_holds_no_less() -> None:
    assert (np.diff(read(draw_activity())[0].mass, axis=0) >= 0).all()


def one_hot(values: np.ndarray) -> np.ndarray:
    return np.eye(values.max() + 1, dtype=np.float32)[values]


PLANTED: dict[str, tuple[Callable[[Inputs], np.ndarray], set[str]]] = {
    "count": (lambda inputs: one_hot(inputs.labels["count"]), {"count"}),
    "letter": (lambda inputs: one_hot(inputs.labels["letter"]), {"letter"}),
    "length": (lambda inputs: one_hot(inputs.labels["length"]), {"length"}),
    "constant": (lambda inputs: np.ones((len(inputs), 3), np.float32), set()),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_planted_activity_is_named_for_what_it_is(planted: str) -> None:
    activity, retained = PLANTED[planted]
    found, features, _ = read(activity(INPUTS))
    names = [feature.name for feature in features]
    sure = {n for n, known in zip(names, found.known[0].T, strict=True) if (known > 0.999).all()}
    assert sure == retained
    if planted == "constant":  # every input is in every ball
        np.testing.assert_allclose(found.same[0], found.prior, atol=0.02)


def test_noise_has_empty_balls() -> None:
    found, _, queries = read(draw_activity(units=40))
    assert (found.mass[0] == 0).all()
    assert np.isnan(found.same[0]).all()
    assert len(queries.rows) == 60


def test_features_that_are_the_same_for_all_are_left_out() -> None:
    names = {feature.name for feature in features_of(INPUTS, "colon")}
    assert "present symbol" not in names  # it is a colon


def test_features_that_part_inputs_alike_are_one() -> None:
    names = [feature.name for feature in features_of(INPUTS, POINT)]
    assert names == ["count", "letter", "length", "last 3 symbols"]  # the letter is what is read


def test_recent_symbols_are_those_that_were_read() -> None:
    inputs = prefixes(Words(vocabulary={"AB": 0.5, "CA": 0.5}), 5)
    texts = [inputs.text(row) for row in range(len(inputs))]
    for count in (1, 2, 3):
        code = recent(inputs, inputs.points["last"], count)
        by_code = {}
        for text, number in zip(texts, code.tolist(), strict=True):
            assert by_code.setdefault(number, text[-count:]) == text[-count:]
        assert len(set(by_code.values())) == len(by_code)


def test_what_there_is_not_is_said() -> None:
    activity = draw_activity()
    with pytest.raises(InversionError, match="queries: got none"):
        gather_queries(blocks(activity), np.array([], np.int64))
    with pytest.raises(InversionError, match=rf"got input {len(INPUTS)}; must be one of"):
        gather_queries(blocks(activity), np.array([3, len(INPUTS)]))
    with pytest.raises(InversionError, match="must be one of euclidean, cosine, centred; did you"):
        metric_of("euclidian", blocks(activity), INPUTS.probability)
    metric = metric_of("cosine", blocks(activity), INPUTS.probability)
    with pytest.raises(InversionError, match=r"shape \(1, 3\); must be \(input, 4\)"):
        metric.distance(activity, np.ones((1, 3)))
    with pytest.raises(InversionError, match="not finite"):
        metric.distance(np.full((1, 4), np.nan), activity[:1])
    features, queries = features_of(INPUTS, POINT), gather_queries(blocks(activity), np.arange(3))
    for wrong in (activity[1:], np.concatenate([activity, activity[:1]])):
        with pytest.raises(InversionError, match="that are enumerated"):
            retention(blocks(wrong), metric, queries, RADII, features, INPUTS)


def test_of_drawn_inputs_few_members_tell_no_entropy() -> None:
    rng, activity = np.random.default_rng(3), draw_activity()
    drawn = replace(INPUTS, drawn=rng.multinomial(3000, INPUTS.probability))
    features = features_of(drawn, POINT)
    queries = gather_queries(blocks(activity), np.flatnonzero(drawn.drawn)[:40])
    metric = metric_of("euclidean", blocks(activity), drawn.weight)
    found = retention(blocks(activity), metric, queries, RADII, features, drawn)
    few = found.mass * 3000 < 30
    assert 0 < few.mean() < 1
    np.testing.assert_array_equal(np.isnan(found.known[..., 0]), few)
    assert np.isfinite(found.same[few & (found.mass > 0)]).all()
