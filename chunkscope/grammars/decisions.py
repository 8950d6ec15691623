"""Perceptual decisions with rules: which of two noisy stimuli was stronger, and what to say of it.

    fixation | stimulus | delay | decision

A network looks at a fixation point, then at two noisy inputs of which one is stronger on average;
once the fixation point goes off it says which one (Pro), or the other one (Anti), at once or after
a delay (Delay, DelayAnti). The rule is shown during the whole trial. Stimulus and answers are those
of PerceptualDecisionMaking in NeuroGym: at coherence c, in percent, the inputs are 0.5 + c / 200
and 0.5 - c / 200, and noise. The rules are those of Guilhot et al. (arXiv 2410.24070), where
DelayAnti is composed of the other three.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from chunkscope.errors import GrammarError
from chunkscope.settings import Settings

Rule = Literal["pro", "anti", "delay", "delay_anti"]
"""What is to be done with a stimulus."""

RULES: tuple[Rule, ...] = get_args(Rule)
MASTER: Rule = "delay_anti"
"""The rule that the other three are parts of."""

CHANNELS = ("fixation", "direction1", "direction2", *RULES)
"""What is given at a step."""
ANSWERS = ("fixate", "choose1", "choose2")
"""What can be said at a step."""
PERIODS = ("fixation", "stimulus", "delay", "decision")
"""Parts of a trial, in their order."""

FIXATION, STIMULUS, DELAY, DECISION = range(len(PERIODS))
PADDING = -1  # in the place of a period, after a trial that is shorter than the longest
DELAYED = np.array([rule in ("delay", "delay_anti") for rule in RULES])
OPPOSITE = np.array([rule in ("anti", "delay_anti") for rule in RULES])

Steps = Annotated[int, Field(ge=1)]
Range = tuple[Steps, Steps]


@dataclass(frozen=True)
class DecisionTrials:
    """Trials, all padded to one length.

    Attributes:
        inputs: (trial, time, channel) float32, 0 where a trial is padded.
        targets: (trial, time) int64, the right one of :data:`ANSWERS`: fixate until the decision.
        scored: (trial, time) float32, what a step counts in the loss, 0 where a trial is padded.
        period: (trial, time) int8, which one of :data:`PERIODS`, -1 where a trial is padded.
        rule: (trial,) int64, which one of :data:`RULES`.
        choice: (trial,) int64, the right answer of the decision.
        coherence: (trial,) float64, percent.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.int64]
    scored: NDArray[np.float32]
    period: NDArray[np.int8]
    rule: NDArray[np.int64]
    choice: NDArray[np.int64]
    coherence: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def ids(self) -> tuple[str, ...]:
        """(trial,) digests of what was given: equal of equal trials, however they are padded."""
        lengths = (self.period != PADDING).sum(1)
        given = zip(self.inputs, lengths, strict=True)
        return tuple(
            hashlib.sha256(np.ascontiguousarray(inputs[:length]).tobytes()).hexdigest()[:16]
            for inputs, length in given
        )


class ProbeSettings(Settings):
    """Trials of the master rule and of one length, on which networks are compared."""

    trials: int = Field(default=100, ge=1)
    """Trials."""
    fixation: Steps = 5
    """Steps before the stimulus."""
    stimulus: Steps = 60
    """Steps of the stimulus, in which networks are compared; longer than any they learn from."""
    delay: Steps = 10
    """Steps between stimulus and decision."""
    decision: Steps = 5
    """Steps of the decision."""

    @property
    def window(self) -> slice:
        """The steps of the stimulus."""
        return slice(self.fixation, self.fixation + self.stimulus)


class DecisionSettings(Settings):
    """Perceptual decisions by four rules."""

    fixation: Range = (5, 5)
    """Fewest and most steps before the stimulus; all numbers between are equally likely."""
    stimulus: Range = (15, 25)
    """Likewise, of the stimulus."""
    delay: Range = (5, 15)
    """Likewise, between stimulus and decision, of rules that have a delay."""
    decision: Range = (5, 5)
    """Likewise, of the decision."""
    coherence: tuple[Annotated[float, Field(gt=0, le=100)], ...] = Field(
        default=(6.4, 12.8, 25.6, 51.2), min_length=1
    )
    """How far the stimuli are apart, in percent; all are equally likely."""
    noise: float = Field(default=0.1, ge=0)
    """Standard deviation of the noise of each stimulus at each of its steps."""
    decision_weight: float = Field(default=5.0, gt=0)
    """What a step of the decision counts in the loss, where any other counts 1."""
    probe: ProbeSettings = ProbeSettings()
    """Trials on which networks are compared."""

    @model_validator(mode="after")
    def _ranges_rise(self) -> Self:
        for period in PERIODS:
            low, high = getattr(self, period)
            if low > high:
                raise ValueError(
                    f"{period}: got [{low}, {high}]; must be the fewest steps and then the most"
                )
        return self

    def longest(self, rules: Sequence[Rule]) -> int:
        """Steps of the longest trial of any of ``rules``, to which all are padded."""
        delayed = DELAYED[_indices(rules)].any()
        return sum(getattr(self, period)[1] for period in PERIODS if period != "delay" or delayed)

    def draw(self, rng: np.random.Generator, n: int, rules: Sequence[Rule]) -> DecisionTrials:
        """``n`` independent trials, each of one of ``rules``, all equally likely.

        Of equal generators, and as many rules, trials have the same stimuli whatever the rules.

        Raises:
            GrammarError: an unknown rule, or none.
        """
        rule = _indices(rules)[rng.integers(len(rules), size=n)]
        stronger = rng.integers(2, size=n)
        coherence = rng.choice(self.coherence, n)
        ranges = [getattr(self, period) for period in PERIODS]
        lengths = np.stack([rng.integers(low, high + 1, n) for low, high in ranges], 1)
        lengths[~DELAYED[rule], DELAY] = 0
        noise = self.noise * rng.standard_normal((n, self.stimulus[1], 2))

        ends = lengths.cumsum(1)
        steps = np.arange(self.longest(rules))
        period = (steps[:, None] >= ends[:, None, :]).sum(2)
        period[period == len(PERIODS)] = PADDING
        signs = np.where(stronger[:, None] == np.arange(2), 1, -1)
        evidence = (0.5 + signs * coherence[:, None] / 200)[:, None] + noise
        trial, step = np.nonzero(period == STIMULUS)

        inputs = np.zeros((n, len(steps), len(CHANNELS)), np.float32)
        inputs[..., 0] = (period != PADDING) & (period != DECISION)
        inputs[trial, step, 1:3] = evidence[trial, step - lengths[trial, FIXATION]]
        inputs[np.arange(n), :, 3 + rule] = period != PADDING
        choice = 1 + (stronger ^ OPPOSITE[rule])
        weights = np.array([1, 1, 1, self.decision_weight, 0], np.float32)  # the last of padding
        return DecisionTrials(
            inputs=inputs,
            targets=np.where(period == DECISION, choice[:, None], 0),
            scored=weights[period],
            period=period.astype(np.int8),
            rule=rule,
            choice=choice,
            coherence=coherence,
        )

    def draw_probe(self, rng: np.random.Generator) -> DecisionTrials:
        """The trials on which networks are compared, of the master rule and of one length."""
        probe = self.probe
        fixed = {period: (getattr(probe, period),) * 2 for period in PERIODS}
        return self.model_copy(update=fixed).draw(rng, probe.trials, [MASTER])


def _indices(rules: Sequence[Rule]) -> NDArray[np.int64]:
    unknown = [rule for rule in rules if rule not in RULES]
    if unknown or not rules:
        raise GrammarError(
            f"decisions: got the rules {list(rules)}; must be one or more of {', '.join(RULES)}"
        )
    return np.array([RULES.index(rule) for rule in rules])
