"""Table rows of probes and baselines: thresholds from validation rows, measures of test rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.conditions import BALANCED, PREVALENCES
from chunkscope.probing.metrics import measure, sequence_bootstrap
from chunkscope.probing.probe import Activity, Probe, Sample, best_f1, weightings
from chunkscope.probing.reading import Asked
from chunkscope.probing.rows import Part
from chunkscope.probing.settings import ProbingSettings
from chunkscope.randomness import stream

Scores = NDArray[np.float64]
Line = dict[str, object]

NORMAL = 1.96  # half a 95 % interval in standard errors


@dataclass(frozen=True)
class Study:
    """What the parts of a study share: its settings, and where its random streams come from.

    Attributes:
        settings: of the study.
        seed: root of every random stream.
        run: name of the run, which stands in the names of the streams.
    """

    settings: ProbingSettings
    seed: int
    run: str

    def stream(self, *names: str | int) -> np.random.Generator:
        """The stream of this name of this run's study."""
        return stream(self.seed, "probing", self.run, *names)

    def weights(self, part: Part, prevalence: str) -> Scores:
        """(row,) weights of one side at one of the two prevalences."""
        return weightings(part, self.settings.rows.prevalence)[prevalence]

    def bounds(
        self, part: Part, score: Scores, prevalence: str, threshold: float, rng: np.random.Generator
    ) -> dict[str, tuple[float, float]]:
        """95 % interval of every measure over whole groups drawn anew."""
        rows = part.y, score, self.weights(part, prevalence), part.group
        set_to = self.settings.rows.prevalence if prevalence == BALANCED else None
        return sequence_bootstrap(*rows, threshold, self.settings.resamples, rng, set_to)


@dataclass(frozen=True)
class Trial:
    """One feature at one site of one member, in one condition.

    Attributes:
        width: units of the site.
        activity: what was read of the site.
        sample: of it, the rows of the feature, standardised.
    """

    condition: str
    member: int
    site: str
    width: int
    one: Asked
    activity: Activity
    sample: Sample


@dataclass(frozen=True)
class Found:
    """A probe of a site, measured on the test rows.

    Attributes:
        units: (k,) its units among those of the site.
        dense: whether it has all units that were read.
        constant: units that never change in the rows to fit.
        measures: of the test rows.
        validation, test: (row,) its scores there; none (0,) once a better probe is known.
    """

    site: str
    units: NDArray[np.int64]
    dense: bool
    constant: int
    probe: Probe
    measures: dict[str, float]
    validation: Scores
    test: Scores

    @classmethod
    def of(
        cls, site: str, units: NDArray[np.int64], sample: Sample, probe: Probe, study: Study
    ) -> Found:
        """Score the rows of a sample, whose columns are ``units`` of the site."""
        score, test = probe.decision(sample.test), sample.rows.test
        weights = study.weights(test, probe.prevalence)
        return cls(
            site,
            units[probe.units],
            len(probe.units) == sample.fit.shape[1],
            int(sample.constant.sum()),
            probe,
            measure(test.y, score, weights, probe.threshold),
            probe.decision(sample.validation),
            score,
        )

    @property
    def line(self) -> Line:
        """Prevalence, what was chosen on validation rows, and the measures of the test rows."""
        return {
            "prevalence": self.probe.prevalence,
            "penalty": self.probe.penalty,
            "threshold": self.probe.threshold,
            "validation": self.probe.validation,
            **self.measures,
        }


def best_on_validation(found: Sequence[Found], prevalence: str) -> Found | None:
    """Of the probes of one prevalence the first of largest F1 on validation, if there is any."""
    compared = (each for each in found if each.probe.prevalence == prevalence)
    return max(compared, key=lambda each: each.probe.validation, default=None)


def scores_of_best(found: Sequence[Found]) -> list[Found]:
    """The same probes, of which only the best of each prevalence keep their scores: intervals are
    of these alone, and the scores of all sites would not fit into memory together."""
    best = {prevalence: best_on_validation(found, prevalence) for prevalence in PREVALENCES}
    none = np.empty(0)
    return [
        each if each is best[each.probe.prevalence] else replace(each, validation=none, test=none)
        for each in found
    ]


def probe_lines(
    one: Asked, condition: str, member: int, found: Sequence[Found], study: Study
) -> Iterator[Line]:
    """Rows of all probes of one feature; the one chosen for each prevalence has intervals."""
    for prevalence in PREVALENCES:
        compared = [each for each in found if each.probe.prevalence == prevalence]
        chosen = best_on_validation(compared, prevalence)
        for each in compared:
            line = {
                **one.names,
                "condition": condition,
                "member": member,
                "site": each.site,
                "size": len(each.units),
                "dense": each.dense,
                "constant": each.constant,
                **each.line,
                "chosen": each is chosen,
            }
            if each is chosen:
                rng = study.stream("bootstrap", *one.names.values(), condition, member, prevalence)
                line["units_needed"] = _units_needed(one, compared, chosen, study, rng)
                line |= intervals(one, each, study, rng)
            yield line


def intervals(one: Asked, found: Found, study: Study, rng: np.random.Generator) -> Line:
    """``{measure}_low`` and ``{measure}_high`` of the test rows."""
    probe = found.probe
    return _ends(study.bounds(one.rows.test, found.test, probe.prevalence, probe.threshold, rng))


def baseline_lines(one: Asked, condition: str, score: Scores, study: Study) -> Iterator[Line]:
    """Rows of a score that no network gave, by the same thresholds as probes.

    Many steps share a score. For PR-AUC, which counts equal scores as one step at the precision of
    its end, they are put in a random order: a probe, whose scores differ, has no such loss.

    Args:
        score: (sequence, time).
    """
    validation, test = one.rows.validation, one.rows.test
    held, said = (score.ravel()[part.steps] for part in (validation, test))
    ties = study.stream("ties", *one.names.values(), condition)
    order = np.lexsort((ties.random(len(said)), said)).argsort().astype(np.float64)
    for prevalence in PREVALENCES:
        f1, threshold = best_f1(validation.y, held, study.weights(validation, prevalence))
        rng = study.stream("bootstrap", *one.names.values(), condition, prevalence)
        weights = study.weights(test, prevalence)
        bounds = study.bounds(test, said, prevalence, threshold, rng)
        bounds["pr_auc"] = study.bounds(test, order, prevalence, threshold, rng)["pr_auc"]
        yield {
            **one.names,
            "condition": condition,
            "prevalence": prevalence,
            "threshold": threshold,
            "validation": f1,
            **measure(test.y, said, weights, threshold),
            "pr_auc": measure(test.y, order, weights, threshold)["pr_auc"],
            "chosen": True,
            **_ends(bounds),
        }


def _units_needed(
    one: Asked, found: Sequence[Found], chosen: Found, study: Study, rng: np.random.Generator
) -> int:
    """The smallest size at the chosen site within one standard error of the best on validation.

    The standard error is that of the best probe's F1 over whole groups drawn anew; a single group
    has none, so that only an equal probe is as good.
    """
    probe = chosen.probe
    low, high = study.bounds(
        one.rows.validation, chosen.validation, probe.prevalence, probe.threshold, rng
    )["f1"]
    enough = probe.validation - np.nan_to_num((high - low) / (2 * NORMAL))
    at_site = (each for each in found if each.site == chosen.site)
    return min(len(each.units) for each in at_site if each.probe.validation >= enough)


def _ends(bounds: dict[str, tuple[float, float]]) -> Line:
    return {
        f"{name}_{end}": value
        for name, interval in bounds.items()
        for end, value in zip(("low", "high"), interval, strict=True)
    }
