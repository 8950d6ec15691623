"""Population averaging: its definition by brute force, a planted concept, and what is rare."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, matthews_corrcoef, roc_curve

from chunkscope.chunks.averaging_settings import PUBLISHED_TOLERANCES
from chunkscope.chunks.detection import best_threshold, rates
from chunkscope.chunks.extractors.averaging import (
    AveragingExtractor,
    averages,
    choose,
    detect,
    draw_examples,
)
from chunkscope.errors import ExtractionError

UNITS = 40
CONCEPT = np.arange(UNITS) < 12  # the units that the planted concept fixes


def planted(
    share: float = 0.02, sequences: int = 40, time: int = 60, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Random activity (sequence, time, unit) in which a concept fixes its units."""
    rng = np.random.default_rng(seed)
    activity = rng.normal(size=(sequences, time, UNITS))
    at = rng.random((sequences, time)) < share
    pattern = np.random.default_rng(1).normal(size=UNITS)
    return np.where(at[..., None] & CONCEPT, pattern, activity).astype(np.float32), at


def definition(examples: np.ndarray, tolerance: float, rows: np.ndarray) -> np.ndarray | None:
    """The paper's words, one number after the other."""
    mean = [float(np.mean([example[i] for example in examples])) for i in range(len(examples[0]))]
    kept = [
        i
        for i in range(len(mean))
        if all(abs(example[i] - mean[i]) < tolerance for example in examples)
    ]
    if not kept:
        return None

    def distance(state: np.ndarray) -> float:
        return sum((float(state[i]) - mean[i]) ** 2 for i in kept) / len(kept)

    radius = max(distance(example) for example in examples)
    return np.array([distance(row) <= radius for row in rows])


def test_it_is_what_the_paper_defines() -> None:
    rng = np.random.default_rng(3)
    examples, rows = rng.normal(size=(5, 8)), rng.normal(size=(300, 8)) * 0.8
    for tolerance in (*PUBLISHED_TOLERANCES, 0.7, 1.3):
        found = averages(examples, [tolerance])
        expected = definition(examples, tolerance, rows)
        if expected is None:
            assert not found
        else:
            assert np.array_equal(detect(rows, found)[:, 0], expected)


def test_the_examples_lie_within_the_radius_and_one_on_it() -> None:
    examples = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    for prototype in averages(examples, PUBLISHED_TOLERANCES):
        assert detect(examples, [prototype]).all()
        distance = ((examples - prototype.mean)[:, prototype.units] ** 2).mean(axis=1)
        assert distance.max() == pytest.approx(prototype.radius)


def test_a_tolerance_without_units_is_no_candidate_and_equal_ones_count_once() -> None:
    examples = np.array([[0.0, 0.0], [1.0, 4.0]])
    found = averages(examples, [100, 50, 1.0, 0.6, 0.1])
    assert [p.tolerance for p in found] == [100, 1.0]  # 0.6 leaves the same unit, 0.1 none
    assert [p.units.tolist() for p in found] == [[True, True], [True, False]]
    assert averages(examples, [0.1]) == []


def test_equal_examples_are_found_in_spite_of_rounding() -> None:
    state = np.random.default_rng(0).normal(size=8).astype(np.float32)
    (prototype,) = averages(np.tile(state, (5, 1)), [1.0])
    assert prototype.radius < 1e-30
    assert detect(np.stack([state, state + 1e-3]), [prototype])[:, 0].tolist() == [True, False]


def test_a_planted_concept_is_found_with_exactly_its_units() -> None:
    activity, at = planted()
    drawn = draw_examples(at, 5, 10, np.random.default_rng(0))
    assert drawn is not None
    prototypes = averages(activity[tuple(drawn.examples.T)], PUBLISHED_TOLERANCES)
    rows = activity[drawn.validation].reshape(-1, UNITS)
    best = choose(prototypes, rows, at[drawn.validation].ravel())
    assert np.array_equal(best.units, CONCEPT)
    fresh, where = planted(seed=7)
    scores = rates(detect(fresh.reshape(-1, UNITS), [best])[:, 0], where.ravel())
    assert (scores.true_positive, scores.false_positive) == (1, 0)


def test_the_radius_of_few_noisy_examples_is_too_small_for_others() -> None:
    """Examples lie nearer their own mean than other occurrences do, so that many are missed."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(50):
        (prototype,) = averages(rng.normal(size=(5, 100)), [100.0])
        found.append(detect(rng.normal(size=(100, 100)), [prototype]).mean())
    assert 0.05 < np.mean(found) < 0.3


def test_the_criterion_does_not_choose_never() -> None:
    truth = np.arange(1000) < 5
    never, fair = np.zeros(1000, bool), truth | (np.arange(1000) > 960)
    accuracy = [(never == truth).mean(), (fair == truth).mean()]
    assert accuracy[0] > accuracy[1]  # what accuracy would have chosen
    scores = rates(np.stack([never, fair, ~never], 1), truth).balanced_accuracy
    assert scores.argmax() == 1
    assert scores[[0, 2]].tolist() == [0.5, 0.5]


def test_rates_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, detected = rng.random(500) < 0.1, rng.random((500, 4)) < [0.0, 0.05, 0.5, 1.0]
    ours = rates(detected, truth)
    for column, found in enumerate(detected.T):
        expected = balanced_accuracy_score(truth, found)
        assert ours.balanced_accuracy[column] == pytest.approx(expected)
        assert ours.matthews[column] == pytest.approx(matthews_corrcoef(truth, found))


def test_the_best_threshold_is_the_best_of_the_roc_curve() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(400) < 0.1
    scores = np.round(rng.normal(size=400) + truth, 1)  # many ties
    found = rates(scores > best_threshold(scores, truth), truth)
    false, true, _ = roc_curve(truth, scores)
    assert found.balanced_accuracy == pytest.approx((true - false).max() / 2 + 0.5)
    found = rates(scores > best_threshold(scores, truth, "accuracy"), truth)
    right = (true * truth.sum() + (1 - false) * (~truth).sum()) / 400
    assert found.accuracy == pytest.approx(right.max())


def test_where_a_score_says_nothing_accuracy_chooses_never() -> None:
    truth, scores = np.arange(100) % 20 == 0, np.arange(100) % 7
    assert not (scores > best_threshold(scores, truth, "accuracy")).any()
    assert (scores > best_threshold(scores, truth)).any()


def test_examples_and_validation_share_no_sequence() -> None:
    at = np.random.default_rng(0).random((30, 20)) < 0.1
    drawn = draw_examples(at, 5, 10, np.random.default_rng(0))
    assert drawn is not None
    assert at[tuple(drawn.examples.T)].all()
    assert not drawn.validation[drawn.examples[:, 0]].any()
    assert drawn.validation.sum() == 30 - len(np.unique(drawn.examples[:, 0]))


@pytest.mark.parametrize("count", [0, 9])
def test_a_rare_concept_gets_no_examples(count: int) -> None:
    at = np.zeros((30, 20), bool)
    at[:count, 3] = True
    assert draw_examples(at, 5, 10, np.random.default_rng(0)) is None


def test_whether_a_concept_is_too_rare_does_not_depend_on_the_draw() -> None:
    at = np.zeros((12, 40), bool)
    at[:5, :2] = at[5:, 0] = True  # the five fullest sequences leave 7
    found = [draw_examples(at, 5, 12, np.random.default_rng(seed)) for seed in range(30)]
    assert all(drawn is not None for drawn in found)
    at[5:8] = False  # and now 4, although most draws would leave more
    found = [draw_examples(at, 5, 12, np.random.default_rng(seed)) for seed in range(30)]
    assert found == [None] * 30


def test_occurrences_of_one_sequence_validate_nothing() -> None:
    at = np.zeros((5, 40), bool)
    at[2] = True
    assert draw_examples(at, 5, 10, np.random.default_rng(0)) is None


def classes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three classes, each of which fixes half of the units, and a fourth that is too rare."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 1, 2, -1], p=[0.2, 0.4, 0.1, 0.3], size=(30, 40))
    labels[0, 0] = 3
    points = np.random.default_rng(5).normal(size=(4, UNITS))
    noise = rng.normal(size=(30, 40, UNITS))
    fixed = (labels >= 0)[..., None] & (np.arange(UNITS) < UNITS // 2)
    return np.where(fixed, points[labels], noise).astype(np.float32), labels


def test_the_extractor_labels_with_the_classes_it_was_told() -> None:
    activity, labels = classes(0)
    extractor = AveragingExtractor(random_state=0).fit(activity, labels)
    assert extractor.classes_.tolist() == [1, 0, 2]  # the commonest first
    assert extractor.sweep_.set_index("class")["chosen"].to_dict() == {
        0: True,
        1: True,
        2: True,
        3: False,
    }
    fresh, truth = classes(1)
    found = extractor.predict(fresh)
    named = np.r_[extractor.classes_, -1][found]
    assert np.array_equal(named[truth < 3], truth[truth < 3])


def test_other_examples_give_other_prototypes_and_the_same_give_the_same() -> None:
    activity, labels = classes(0)
    first, again, other = (
        AveragingExtractor(random_state=seed).fit(activity, labels).prototypes_
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_too_little_of_every_class_is_one_sentence() -> None:
    activity, labels = classes(0)
    few = np.where(np.arange(40) < 1, labels, -1)[:4]
    with pytest.raises(ExtractionError, match=r"averaging: got \d+ sequences with \d classes"):
        AveragingExtractor().fit(activity[:4], few)
