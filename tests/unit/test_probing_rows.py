"""Rows stay on their side, keep their prevalence by weight, and bases are turned, not stretched."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from chunkscope.errors import ProbingError
from chunkscope.probing.features import Feature
from chunkscope.probing.rotation import random_rotation
from chunkscope.probing.rows import deal_rows
from chunkscope.probing.settings import RowSettings

SMALL = RowSettings(fit=300, validation=200, test=250, whole=150, least=5)
N, TIME = 80, 40


def feature(prevalence: float = 0.1, seed: int = 0) -> Feature:
    rng = np.random.default_rng(seed)
    labels = (rng.random((N, TIME)) < prevalence).astype(np.int8)
    labels[:, 0] = -1
    return Feature("word", "ab", 0, labels)


def split(groups: np.ndarray) -> np.ndarray:
    return groups < np.median(groups)


@pytest.mark.parametrize("per_group", [1, 4])
def test_whole_groups_stay_on_one_side_and_rows_are_those_of_the_labels(per_group):
    groups = np.arange(N) // per_group
    one, train = feature(), split(groups)
    rows = deal_rows(one, train, groups, SMALL, np.random.default_rng(1))
    for first, second in combinations(rows.parts, 2):
        assert not set(first.group) & set(second.group)
    assert rows.fitted[rows.null.steps // TIME].all()
    for part in rows.parts:
        assert (np.diff(part.steps) > 0).all()
        assert (part.sequence == part.steps // TIME).all()
        assert (groups[part.sequence] == part.group).all()
        assert (one.labels.ravel()[part.steps] == part.y).all()  # none that is not asked
    assert train[rows.fit.sequence].all()
    assert train[rows.validation.sequence].all()
    assert not train[rows.test.sequence].any()
    held = len(np.unique(groups[train & ~rows.fitted])) / len(np.unique(groups[train]))
    assert held == pytest.approx(0.25, abs=0.05)


def test_positives_are_raised_and_weights_restore_the_natural_prevalence():
    groups = np.arange(N)
    one, train = feature(0.1), split(groups)
    rows = deal_rows(one, train, groups, SMALL, np.random.default_rng(1))
    asked = one.labels[~train]
    natural = (asked == 1).sum() / (asked >= 0).sum()
    assert len(rows.test.y) == SMALL.test
    assert rows.test.y.mean() == pytest.approx(0.2)
    assert np.average(rows.test.y, weights=rows.test.weights) == pytest.approx(natural)
    assert rows.test.weights.mean() == pytest.approx(1)
    assert rows.fit.y.mean() == pytest.approx(min(0.2, (one.labels[rows.fitted] == 1).sum() / 300))


def test_a_rare_feature_gives_every_positive_and_a_common_one_keeps_its_share():
    groups = np.arange(N)
    rare, common = feature(0.02), feature(0.4)
    rows = deal_rows(rare, split(groups), groups, SMALL, np.random.default_rng(1))
    assert rows.fit.y.sum() == (rare.labels[rows.fitted] == 1).sum() < 0.2 * SMALL.fit
    assert len(rows.fit.y) == SMALL.fit
    rows = deal_rows(common, split(groups), groups, SMALL, np.random.default_rng(1))
    assert rows.test.y.mean() == pytest.approx(0.4, abs=0.03)


def test_documents_that_hold_all_positives_are_shared_out():
    """Two documents of twelve hold the feature: a random quarter would often miss both."""
    groups = np.arange(N) // 4
    train, labels = split(groups), np.zeros((N, TIME), np.int8)
    labels[np.isin(groups, [2, 7, 12, 17]), ::4] = 1
    one = Feature("topic", "t", 0, labels)
    for seed in range(20):
        rows = deal_rows(one, train, groups, SMALL, np.random.default_rng(seed))
        assert {2, 7} == set(rows.fit.group[rows.fit.y]) | set(
            rows.validation.group[rows.validation.y]
        )


def test_independent_sequences_exchange_their_labels_with_what_is_not_asked():
    groups = np.arange(N)
    one, train = feature(), split(groups)
    rows = deal_rows(one, train, groups, SMALL, np.random.default_rng(1))
    null = rows.null
    counts = np.bincount(null.owner)
    assert set(counts[counts > 0]) == {TIME}
    assert (null.labels == one.labels.ravel()[null.steps]).all()
    assert (null.labels == -1).any()
    assert len(null.steps) <= SMALL.whole
    assert not null.within


def test_sequences_of_documents_turn_theirs_unless_these_have_one_answer():
    groups = np.arange(N) // 4
    one, train = feature(), split(groups)
    null = deal_rows(one, train, groups, SMALL, np.random.default_rng(1)).null
    counts = np.bincount(null.owner)
    assert set(counts[counts > 0]) == {TIME - 1}  # every step but the first, which is not asked
    assert null.within
    answers = {"documents": groups % 3 == 0, "sequences": np.arange(N) % 3 == 0}
    for of, answer in answers.items():
        labels = np.repeat(answer.astype(np.int8)[:, None], TIME, axis=1)
        topic = Feature("topic", "t", 0, labels)
        rows = deal_rows(topic, train, groups, SMALL, np.random.default_rng(1))
        assert topic.per_sequence
        assert rows.null.within == (of == "sequences")
        if of == "documents":
            assert set(rows.null.owner) == set(groups[rows.fitted])
            assert len(rows.null.steps) <= SMALL.whole


def test_the_same_stream_gives_the_same_rows_and_test_labels_move_no_row_of_train():
    groups = np.arange(N)
    one, train = feature(), split(groups)
    first, second = (
        deal_rows(one, train, groups, SMALL, np.random.default_rng(3)) for _ in range(2)
    )
    assert all((a.steps == b.steps).all() for a, b in zip(first.parts, second.parts, strict=True))
    labels = one.labels.copy()
    labels[~train] = np.where(labels[~train] == 1, 0, labels[~train])
    labels[~train, 5:15] = 1
    other = deal_rows(
        Feature("word", "ab", 0, labels), train, groups, SMALL, np.random.default_rng(3)
    )
    for name in ("fit", "validation", "null"):
        assert (getattr(first, name).steps == getattr(other, name).steps).all()
    for name in ("fit", "validation"):
        assert (getattr(first, name).weights == getattr(other, name).weights).all()
    assert (first.fitted == other.fitted).all()
    assert set(first.test.steps) != set(other.test.steps)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros((N, TIME), np.int8)}, r"the fit side has 0 positives and \d+ neg"),
        ({"groups": np.zeros(N, int)}, "group 0 lies in the train and in the test split"),
        ({"groups": np.arange(N - 1)}, f"got labels of {N} sequences, .* groups of {N - 1}"),
    ],
)
def test_rows_that_cannot_be_dealt_are_refused_in_one_sentence(change, message):
    given = {"labels": feature().labels, "groups": np.arange(N), **change}
    one = Feature("word", "ab", 0, given["labels"])
    with pytest.raises(ProbingError, match=f"feature word ab: .*{message}") as caught:
        deal_rows(one, np.arange(N) < 40, given["groups"], SMALL, np.random.default_rng(0))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("n", [1, 2, 64, 300])
def test_a_rotation_is_orthogonal(n):
    rotation = random_rotation(n, np.random.default_rng(n))
    assert np.abs(rotation @ rotation.T - np.eye(n)).max() < 1e-10


def test_rotations_are_uniform():
    """Every entry of a uniform rotation has mean 0 and mean square 1 / n; its first one, too."""
    drawn = np.stack([random_rotation(3, np.random.default_rng(seed)) for seed in range(4000)])
    assert np.abs(drawn.mean(axis=0)).max() < 0.04
    assert drawn[:, 0, 0].std() ** 2 == pytest.approx(1 / 3, abs=0.02)
    assert (np.linalg.det(drawn) > 0).mean() == pytest.approx(0.5, abs=0.04)
