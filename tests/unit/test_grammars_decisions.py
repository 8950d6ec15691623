"""Perceptual decisions: what an ideal observer answers, what rules change, what a trial shows."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.stats import norm

from chunkscope.errors import GrammarError
from chunkscope.grammars.decisions import (
    ANSWERS,
    CHANNELS,
    DECISION,
    DELAY,
    FIXATION,
    MASTER,
    PADDING,
    PERIODS,
    RULES,
    STIMULUS,
    DecisionSettings,
    DecisionTrials,
    Rule,
)

TRIALS = 4000
RULE_CHANNELS = slice(CHANNELS.index("pro"), None)

each_rule = pytest.mark.parametrize("rule", RULES)


def draw(
    rules: tuple[Rule, ...] = RULES, seed: int = 0, trials: int = TRIALS, **settings: object
) -> DecisionTrials:
    return DecisionSettings(**settings).draw(np.random.default_rng(seed), trials, rules)


def stronger(trials: DecisionTrials) -> NDArray[np.integer]:
    """The direction, 1 or 2, for which an ideal observer of the stimulus decides."""
    difference = trials.inputs[..., 1].astype(float) - trials.inputs[..., 2]
    return np.where(difference.sum(1) > 0, 1, 2)


@pytest.mark.parametrize("coherence", [1.6, 6.4, 51.2])
def test_ideal_observer_is_right_as_often_as_evidence_allows(coherence: float) -> None:
    steps, noise = 20, 0.1
    trials = draw(("pro",), coherence=(coherence,), stimulus=(steps, steps), noise=noise)
    expected = norm.cdf(coherence / 100 * steps / (noise * np.sqrt(2 * steps)))
    error = np.sqrt(expected * (1 - expected) / TRIALS)
    right = (stronger(trials) == trials.choice).mean()
    assert abs(right - expected) <= 4 * error + 1e-9
    assert (trials.coherence == coherence).all()


def test_default_trials_can_be_answered() -> None:
    trials = draw(("pro",), trials=20_000)
    right = stronger(trials) == trials.choice
    by_coherence = [right[trials.coherence == c].mean() for c in (6.4, 12.8, 51.2)]
    assert by_coherence[0] < by_coherence[1] <= by_coherence[2] == 1
    assert right.mean() == pytest.approx(0.993, abs=0.002)


def test_mean_inputs_are_those_of_the_coherence() -> None:
    trials = draw(("pro",), coherence=(25.6,))
    first = trials.choice == 1
    on = trials.period == STIMULUS
    for direction, sign in ((1, 1), (2, -1)):
        shown = trials.inputs[..., direction][first[:, None] & on]
        assert shown.mean() == pytest.approx(0.5 + sign * 0.128, abs=0.003)
        assert shown.std() == pytest.approx(0.1, abs=0.003)


@pytest.mark.parametrize(("rule", "opposite"), [("pro", "anti"), ("delay", "delay_anti")])
def test_anti_is_the_opposite_of_pro(rule: Rule, opposite: Rule) -> None:
    first, second = draw((rule,)), draw((opposite,))
    assert np.array_equal(first.inputs[..., :3], second.inputs[..., :3])
    assert (first.choice + second.choice == 3).all()


def test_a_delay_changes_neither_stimulus_nor_answer() -> None:
    at_once, later = draw(("pro",)), draw(("delay",))
    shown = [trials.inputs[trials.period == STIMULUS][:, 1:3] for trials in (at_once, later)]
    assert np.array_equal(*shown)
    assert np.array_equal(at_once.choice, later.choice)


@each_rule
def test_answer_is_asked_for_in_the_decision_alone(rule: Rule) -> None:
    trials = draw((rule,))
    decided = trials.period == DECISION
    assert (trials.targets[~decided] == ANSWERS.index("fixate")).all()
    assert np.array_equal(trials.targets[decided], np.repeat(trials.choice, decided.sum(1)))
    assert set(trials.choice) == {1, 2}
    assert (trials.inputs[decided][:, :3] == 0).all()


def test_periods_follow_each_other_within_their_ranges() -> None:
    settings = DecisionSettings(fixation=(2, 4), stimulus=(3, 6), delay=(1, 5), decision=(1, 2))
    trials = settings.draw(np.random.default_rng(0), TRIALS, RULES)
    assert trials.inputs.shape == (TRIALS, 17, len(CHANNELS))
    delayed = np.isin(trials.rule, [RULES.index("delay"), RULES.index("delay_anti")])
    whole = np.where(trials.period == PADDING, len(PERIODS), trials.period)
    assert (np.diff(whole.astype(int), axis=1) >= 0).all()
    for index, period in enumerate(PERIODS):
        steps = (trials.period == index).sum(1)
        low, high = getattr(settings, period)
        rows = delayed if index == DELAY else slice(None)
        assert set(steps[rows]) == set(range(low, high + 1))
    assert not (trials.period[~delayed] == DELAY).any()
    assert settings.longest(("pro", "anti")) == 12


def test_channels_say_what_period_and_rule_it_is() -> None:
    trials = draw()
    inside = trials.period != PADDING
    assert np.array_equal(trials.inputs[..., 0] == 1, inside & (trials.period != DECISION))
    assert (trials.inputs[..., 1:3][trials.period != STIMULUS] == 0).all()
    shown = trials.inputs[..., RULE_CHANNELS]
    assert np.array_equal(shown, np.eye(4)[trials.rule][:, None] * inside[..., None])
    assert np.bincount(trials.rule).min() > TRIALS / 5


def test_padding_is_silent_and_not_scored() -> None:
    trials = draw(decision_weight=3.0)
    padded = trials.period == PADDING
    assert padded.any()
    assert (trials.inputs[padded] == 0).all()
    assert (trials.scored[padded] == 0).all()
    assert (trials.scored[trials.period == DECISION] == 3).all()
    assert (trials.scored[np.isin(trials.period, [FIXATION, STIMULUS, DELAY])] == 1).all()


def test_equal_generators_give_equal_trials() -> None:
    first, again, other = draw(seed=1), draw(seed=1), draw(seed=2)
    for field in fields(first):
        one, two = getattr(first, field.name), getattr(again, field.name)
        assert one.tobytes() == two.tobytes()
        assert one.dtype == two.dtype
    assert first.ids == again.ids
    assert not set(first.ids) & set(other.ids)


def test_ids_are_of_what_was_given_and_of_nothing_else() -> None:
    trials = draw(trials=50)
    longer = ((0, 0), (0, 3))
    padded = replace(
        trials,
        inputs=np.pad(trials.inputs, (*longer, (0, 0))),
        period=np.pad(trials.period, longer, constant_values=PADDING),
    )
    assert padded.ids == trials.ids
    assert len(set(trials.ids)) == len(trials) == 50

    changed = trials.inputs.copy()
    changed[7, 8, 1] += 1e-6
    pairs = zip(trials.ids, replace(trials, inputs=changed).ids, strict=True)
    assert [place for place, (one, two) in enumerate(pairs) if one != two] == [7]


def test_probe_trials_are_of_one_length_and_of_the_master_rule() -> None:
    settings = DecisionSettings()
    probe = settings.draw_probe(np.random.default_rng(0))
    assert probe.inputs.shape == (100, 80, len(CHANNELS))
    assert (probe.rule == RULES.index(MASTER)).all()
    on = np.zeros(80, bool)
    on[settings.probe.window] = True
    assert ((probe.period == STIMULUS) == on).all()
    assert on.sum() == 60
    assert len(set(probe.ids)) == 100


@pytest.mark.parametrize("rules", [(), ("pro", "con")])
def test_rules_that_there_are_not_are_refused(rules: tuple[Rule, ...]) -> None:
    with pytest.raises(GrammarError, match=r"must be one or more of pro, anti, delay, delay_anti"):
        draw(rules)


@pytest.mark.parametrize("wrong", [{"delay": (5, 4)}, {"coherence": ()}, {"coherence": (0,)}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DecisionSettings(**wrong)
