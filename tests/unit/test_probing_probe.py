"""The probe on a support is scikit-learn's; what is chosen is chosen on validation rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from chunkscope.probing.conditions import BALANCED, NATURAL, PREVALENCES
from chunkscope.probing.features import Feature
from chunkscope.probing.probe import Activity, Sample, best_f1, refit, sizes_of, sweep, weightings
from chunkscope.probing.rows import Rows, deal_rows
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.units import best_units

N, TIME, UNITS = 60, 30, 9
SETTINGS = ProbingSettings.model_validate(
    {
        "rows": {"fit": 500, "validation": 300, "test": 400, "least": 5},
        "sizes": [1, 2, 4],
        "penalties": [0.01, 1.0],
    }
)


@pytest.fixture(scope="module")
def rows() -> Rows:
    labels = (np.random.default_rng(0).random((N, TIME)) < 0.15).astype(np.int8)
    one = Feature("word", "ab", 0, labels)
    groups = np.arange(N)
    return deal_rows(one, groups < 40, groups, SETTINGS.rows, np.random.default_rng(1))


@pytest.fixture(scope="module")
def sample(rows: Rows) -> Sample:
    """Unit u tells by u / 4 standard deviations; the last one never changes."""
    rng = np.random.default_rng(2)
    steps = np.sort(np.concatenate([part.steps for part in rows.parts]))
    y = np.zeros(N * TIME, bool)
    for part in rows.parts:
        y[part.steps] = part.y
    values = rng.standard_normal((len(steps), UNITS)) * 3 + 100
    values += 3 * np.arange(UNITS) / 4 * y[steps, None]
    values[:, -1] = 5
    return Sample.of(Activity(steps, values, np.arange(UNITS)), rows)


def test_a_sample_is_scaled_by_its_rows_to_fit_alone(sample):
    varying = sample.fit[:, :-1]
    assert np.abs(varying.mean(axis=0)).max() < 1e-12
    assert varying.std(axis=0) == pytest.approx(np.ones(UNITS - 1))
    assert np.abs(sample.test[:, :-1].mean(axis=0)).max() > 1e-3
    assert sample.constant.tolist() == [False] * (UNITS - 1) + [True]
    assert not sample.test[:, -1].any()


def test_probes_are_those_of_scikit_learn_on_the_ranked_units(sample, rows):
    y = rows.fit.y
    apart = np.abs(sample.fit[y].mean(axis=0) - sample.fit[~y].mean(axis=0))
    for probe in sweep(sample, SETTINGS, 0):
        assert probe.units.tolist() == np.argsort(-apart)[: len(probe.units)].tolist()
        twin = LogisticRegression(C=probe.penalty, class_weight="balanced", tol=1e-10, max_iter=999)
        twin.fit(sample.fit[:, probe.units], y)
        assert probe.fit.coef == pytest.approx(twin.coef_[0], abs=1e-5)
        expected = twin.decision_function(sample.test[:, probe.units])
        assert probe.decision(sample.test) == pytest.approx(expected, abs=1e-4)


def test_penalty_and_threshold_are_the_best_of_the_validation_rows(sample, rows):
    held = rows.validation
    for units in (np.array([7, 6]), np.arange(UNITS)):
        found = {probe.prevalence: probe for probe in refit(sample, units, rows.fit.y, SETTINGS)}
        assert tuple(found) == PREVALENCES
        for prevalence, weights in weightings(held, 0.2).items():
            best = max(
                f1_score(held.y, score >= threshold, sample_weight=weights)
                for penalty in SETTINGS.penalties
                for score in [_scores(sample, rows, units, penalty)]
                for threshold in score
            )
            assert found[prevalence].validation == pytest.approx(best, abs=1e-9)


def _scores(sample, rows, units, penalty):
    one = SETTINGS.model_copy(update={"penalties": (penalty,)})
    probe = next(refit(sample, units, rows.fit.y, one))
    return probe.decision(sample.validation)


def test_the_penalty_of_a_single_unit_changes_no_order(sample, rows):
    y, held = rows.validation.y, rows.validation.weights
    found = [best_f1(y, _scores(sample, rows, np.array([5]), c), held)[0] for c in (1e-3, 1, 1e3)]
    assert found == pytest.approx([found[0]] * 3)


def test_the_best_unit_is_the_one_that_validation_prefers(sample, rows):
    every = [
        probe
        for unit in range(UNITS)
        for probe in refit(sample, np.array([unit]), rows.fit.y, SETTINGS)
    ]
    for best in best_units(sample, SETTINGS):
        f1 = [probe.validation for probe in every if probe.prevalence == best.prevalence]
        assert best.units[0] == np.argmax(f1)
        assert best.validation == max(f1)


def test_labels_that_say_nothing_give_another_and_worse_probe(sample, rows):
    shuffled = np.random.default_rng(4).permutation(rows.fit.y)
    true, null = (
        [probe for probe in sweep(sample, SETTINGS, 0, [UNITS], y) if probe.prevalence == BALANCED]
        for y in (rows.fit.y, shuffled)
    )
    assert null[0].validation < true[0].validation - 0.2


def test_weights_make_the_prevalence(rows):
    for part in rows.parts:
        weights = weightings(part, 0.2)
        assert np.average(part.y, weights=weights[BALANCED]) == pytest.approx(0.2)
        assert np.average(part.y, weights=weights[NATURAL]) == pytest.approx(0.15, abs=0.03)


def test_sizes_end_with_all_units():
    assert sizes_of(24, (1, 8, 64)) == [1, 8, 24]
    assert sizes_of(8, (1, 8, 64)) == [1, 8]
    assert sizes_of(1, (1, 8)) == [1]
