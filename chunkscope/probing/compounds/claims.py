"""The claims about compounds and the rules that judge them, fixed before the runs.

The paper's rows of a compound are the compound, its second symbol without the first, and its first
without the second, at a prevalence of 20 %; on them the published statements are judged. They hold
no other compound, so that a neuron of several compounds is not found out; the same rules judge,
under ``chunkscope``, what is told where a compound is asked at every step.

The single unit of a layer is that of the largest mean difference, the published default. The layer
is the one whose single unit is best on validation, for every compound, member and condition by
itself, and larger probes are read at that layer too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from chunkscope.probing.conditions import BALANCED, NATURAL, PROBE, ROTATED, UNTRAINED
from chunkscope.statistics import Claim, Interval, judge, mean_interval, paired_difference
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2305.01610"
SOURCE = "figures and tables in the authors' public repository; the paper's text was not available"
FIGURE = "a figure in the authors' public repository, read by eye"
JOINT_SIZES = (4, 8)
LEAST_PUBLISHED = 0.86  # F1 of the weakest compound, in networks of 1.4B and more parameters
LEAST_GAIN = 0.05  # of the neuron basis over a random one at k = 1, read off a figure


@dataclass(frozen=True)
class CompoundTables:
    """``scores.csv``, ``everywhere.csv`` and ``stimuli.csv`` of a run's compounds."""

    scores: pd.DataFrame
    everywhere: pd.DataFrame
    stimuli: pd.DataFrame


@dataclass(frozen=True)
class Asked:
    """The rows on which a claim is judged.

    Attributes:
        paper: who stated it of such rows.
        ending: of the claim's id.
        where: how the statement ends.
        f1: of :func:`f1_by_size`.
    """

    paper: str
    ending: str
    where: str
    f1: pd.DataFrame

    def published(self, value: str, source: str) -> dict[str, str]:
        """What was published; nothing of an expectation of ours."""
        own = self.paper == OWN
        return {
            "paper": self.paper,
            "published": "" if own else value,
            "published_source": "" if own else source,
        }


def judge_compounds(runs: Mapping[str, CompoundTables]) -> Iterator[Claim]:
    """The claims about each run, by name."""
    for run, tables in runs.items():
        published = Asked(PAPER, run, "", f1_by_size(tables.scores, BALANCED))
        everywhere = f1_by_size(tables.everywhere, NATURAL)
        yield _one_unit(run, published.f1)
        for asked in (
            published,
            Asked(OWN, f"everywhere-{run}", ", asked at every step", everywhere),
        ):
            yield _jointly(run, asked, tables.stimuli)
            yield _basis(run, asked)
            yield _gap_closes(run, asked)


def f1_by_size(scores: pd.DataFrame, prevalence: str) -> pd.DataFrame:
    """(compound, member) by (condition, size): F1 at the layer that the best single unit chose."""
    probes = scores[(scores["prevalence"] == prevalence) & scores["member"].notna()]
    place = ["name", "condition", "member"]
    single = probes[probes["size"] == 1]
    best = probes.loc[single.groupby(place)["validation"].idxmax(), [*place, "site"]]
    there = probes.merge(best, on=[*place, "site"])
    return there.pivot(index=["name", "member"], columns=["condition", "size"], values="f1")


def _one_unit(run: str, f1: pd.DataFrame) -> Claim:
    trained, untrained = (_by_member(f1[name, 1]) for name in (PROBE, UNTRAINED))
    weakest = float(f1[PROBE, 1].groupby("name").mean().min())
    value, gain = mean_interval(trained), paired_difference(trained, untrained)
    return Claim(
        id=f"probing-compounds-single-{run}",
        study="probing",
        paper=PAPER,
        statement=f"A single neuron of {run} tells a compound (F1, k = 1, mean over compounds)",
        published=".86 to 1.0 by compound, from 1.4B parameters on; mean .904 to .950 by size",
        published_source=SOURCE,
        value=value,
        control=f"untrained {untrained.mean():.3f} (trained minus untrained {gain:.3f}); weakest "
        f"compound {weakest:.3f}; the present symbol gives .5 by construction, the last two 1",
        rule=f"reproduced: every compound at least {LEAST_PUBLISHED} (mean over members), and more "
        "than untrained with the whole interval of the paired difference; direction: that "
        "difference",
        verdict=judge(
            value, reproduced=weakest >= LEAST_PUBLISHED and gain.low > 0, direction=gain.low > 0
        ),
    )


def _jointly(run: str, asked: Asked, stimuli: pd.DataFrame) -> Claim:
    single, joint = _by_member(asked.f1[PROBE, 1]), _by_member(_joint(asked.f1, PROBE))
    gain = paired_difference(joint, single)
    polysemantic, before = (_polysemantic(stimuli, name) for name in (PROBE, UNTRAINED))
    return Claim(
        **asked.published("in words, of 'social security'", "abstract"),
        id=f"probing-compounds-jointly-{asked.ending}",
        study="probing",
        statement=f"Several polysemantic neurons of {run} isolate a compound together better than "
        f"one (F1 of 4 and 8 neurons less that of the best one{asked.where})",
        value=gain,
        control=f"one neuron {single.mean():.3f}, several {joint.mean():.3f}; of the several, "
        f"{polysemantic.mean:.0%} are driven by pairs that end in different symbols (untrained "
        f"{before.mean:.0%})",
        rule="reproduced: the gain is above 0 with its whole interval over members, and more than "
        "half of the neurons are driven by different symbols, with the whole interval; direction: "
        "the gain is above 0 with its whole interval",
        verdict=judge(
            gain,
            reproduced=gain.low > 0 and polysemantic.low > 0.5,
            direction=gain.low > 0,
        ),
    )


def _basis(run: str, asked: Asked) -> Claim:
    neurons, rotated = (_by_member(asked.f1[name, 1]) for name in (PROBE, ROTATED))
    gain = paired_difference(neurons, rotated)
    return Claim(
        **asked.published(
            "usually .05 to .15 better (1B, layers 1 to 4; the random basis not orthogonal)", FIGURE
        ),
        id=f"probing-compounds-basis-{asked.ending}",
        study="probing",
        statement=f"The neuron of {run} of the largest mean difference tells a compound better "
        f"than such a direction of a random basis (F1, k = 1{asked.where})",
        value=gain,
        control=f"neurons {neurons.mean():.3f}, random orthogonal basis {rotated.mean():.3f}",
        rule=f"reproduced: at least {LEAST_GAIN} better in the mean, and better with the whole "
        "interval over members; direction: better with the whole interval",
        verdict=judge(
            gain,
            reproduced=gain.mean >= LEAST_GAIN and gain.low > 0,
            direction=gain.low > 0,
        ),
    )


def _gap_closes(run: str, asked: Asked) -> Claim:
    f1 = asked.f1
    single = _by_member(f1[PROBE, 1] - f1[ROTATED, 1])
    joint = _by_member(_joint(f1, PROBE) - _joint(f1, ROTATED))
    closes, gap = paired_difference(single, joint), mean_interval(single)
    return Claim(
        **asked.published("largely closes by k of 4 to 10", FIGURE),
        id=f"probing-compounds-gap-{asked.ending}",
        study="probing",
        statement=f"The lead of the neurons of {run} over a random basis closes with more of them "
        f"(lead in F1 at k = 1 less that at k = 4 and 8{asked.where})",
        value=closes,
        control=f"lead at k = 1 {gap:.4f}, at k = 4 and 8 {joint.mean():.4f}",
        rule="reproduced: neurons lead at k = 1, the lead shrinks, each with the whole interval "
        "over members, and at most half of it is left; direction: the lead at k = 1 is above 0 in "
        "the mean and shrinks with the whole interval",
        verdict=judge(
            closes,
            reproduced=gap.low > 0 and closes.low > 0 and joint.mean() <= gap.mean / 2,
            direction=gap.mean > 0 and closes.low > 0,
        ),
    )


def _polysemantic(stimuli: pd.DataFrame, condition: str) -> Interval:
    """Share of the units of joint probes, of all layers, that different symbols drive."""
    units = stimuli[(stimuli["condition"] == condition) & (stimuli["rank"] < max(JOINT_SIZES))]
    return mean_interval((units["symbols"] > 1).groupby(units["member"]).mean())


def _joint(f1: pd.DataFrame, condition: str) -> pd.Series:
    """(compound, member) mean F1 of the sizes of a joint probe that the table has."""
    sizes = [size for size in JOINT_SIZES if (condition, size) in f1.columns]
    return pd.concat([f1[condition, size] for size in sizes], axis=1).mean(axis=1)


def _by_member(values: pd.Series) -> pd.Series:
    """(member,) mean over compounds."""
    return values.groupby("member").mean()
