"""The claims about context units and the rules that judge them, fixed before the runs.

Published are a French, a code and a source neuron of Pythia networks, each of which tells its class
nearly perfectly, and the loss after the French one is held at zero. Here two grammars share an
alphabet, and the class is which of them holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from chunkscope.statistics import Claim, Interval, judge, mean_interval, paired_difference
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2305.01610"
SOURCE = "outputs in the authors' public repository; the paper's text was not available"
LEAST_PUBLISHED = 0.945  # F1 of the weakest of the published context neurons (Python code)


@dataclass(frozen=True)
class AblationTables:
    """``units.csv`` and ``effects.csv`` of a run's context units."""

    units: pd.DataFrame
    effects: pd.DataFrame


def judge_ablation(runs: Mapping[str, AblationTables]) -> Iterator[Claim]:
    """The claims about each run, by name."""
    for run, tables in runs.items():
        yield _tells(run, tables.units)
        yield _hits_its_own(run, tables.effects)
        yield _is_needed(run, tables.effects)
        yield _acts_over_time(run, tables.effects)


def _tells(run: str, units: pd.DataFrame) -> Claim:
    best = units[units["rank"] == 0].pivot(index="member", columns="condition", values="f1")
    value = mean_interval(best["trained"])
    gain = paired_difference(best["trained"], best["untrained"])
    floor = units["floor"].iloc[0]
    return Claim(
        id=f"probing-context-unit-{run}",
        study="probing",
        paper=PAPER,
        statement=f"One unit of {run} tells which of the interleaved grammars holds (F1, k = 1)",
        published="French 1.0, code .945 to .969, sources .986 to .991 (of a text's mean activity, "
        "one class against eight; here of single steps)",
        published_source=SOURCE,
        value=value,
        control=f"best unit of the untrained network {best['untrained'].mean():.3f}; trained minus "
        f"untrained {gain:.3f}; calling every step positive {floor:.3f}",
        rule=f"reproduced: mean F1 at least {LEAST_PUBLISHED}, and more than untrained with the "
        "whole interval of the paired difference; direction: that difference",
        verdict=judge(
            value,
            reproduced=value.mean >= LEAST_PUBLISHED and gain.low > 0,
            direction=gain.low > 0,
        ),
    )


def _hits_its_own(run: str, effects: pd.DataFrame) -> Claim:
    zeroed = effects.query("path == 'recurrent' and held_at == 'zero' and size == 1")
    own, others = (_delta(zeroed, "context", own) for own in (True, False))
    matched = _delta(zeroed, "matched", own=True)
    value, beyond = mean_interval(own), paired_difference(own, others)
    above_matched = paired_difference(own, matched)
    return Claim(
        id=f"probing-context-ablation-{run}",
        study="probing",
        paper=PAPER,
        statement=f"Held at zero, the context unit of {run} costs loss in its own context and "
        "hardly any elsewhere (nats per informative step)",
        published="0 to .6 nats per French token (middle half); about 0 in eight other languages",
        published_source=SOURCE,
        value=value,
        control=f"in the other context {others.mean():.4f} (own minus other {beyond:.4f}); matched "
        f"units {matched.mean():.4f} (unit minus matched {above_matched:.4f})",
        rule="reproduced: more in its own context than in the other and than matched units, each "
        "with the whole interval of the paired difference, and in the other at most a tenth of "
        "what it is in its own; direction: more in its own than in the other with the whole "
        "interval",
        verdict=judge(
            value,
            reproduced=beyond.low > 0
            and above_matched.low > 0
            and others.mean() <= 0.1 * value.mean,
            direction=beyond.low > 0,
        ),
    )


def _is_needed(run: str, effects: pd.DataFrame) -> Claim:
    size = effects["size"].max()
    zeroed = effects.query("path == 'recurrent' and held_at == 'zero' and size == @size")
    context, matched = (_delta(zeroed, units) for units in ("context", "matched"))
    value, gain = mean_interval(context), paired_difference(context, matched)
    return _expectation(
        run,
        "needed",
        f"The {size} units of {run} that tell the context best are needed for it: held at zero, "
        "they cost more loss at informative steps than matched units (nats per step)",
        value,
        f"matched units {matched.mean():.4f}; context minus matched {gain:.4f}",
        gain,
        "matched units",
    )


def _acts_over_time(run: str, effects: pd.DataFrame) -> Claim:
    size = effects["size"].max()
    zeroed = effects.query("held_at == 'zero' and size == @size")
    later, matched = (_through_recurrence(zeroed, units) for units in ("context", "matched"))
    gain = paired_difference(later, matched)
    return _expectation(
        run,
        "recurrence",
        f"The {size} context units of {run} act through the recurrence more than other units do: "
        "what holding them at zero throughout costs at informative steps, beyond what it costs "
        "where the readout alone misses them (nats per step)",
        mean_interval(later),
        f"matched units {matched.mean():.4f}; context minus matched {gain:.4f}; that whatever is "
        "felt everywhere costs more than at the readout alone is no finding",
        gain,
        "matched units",
    )


def _through_recurrence(zeroed: pd.DataFrame, units: str) -> pd.Series:
    """(member,) loss added throughout, less that added at the readout alone."""
    throughout, at_once = (
        _delta(zeroed[zeroed["path"] == path], units) for path in ("recurrent", "readout")
    )
    return throughout - at_once


def _expectation(
    run: str, what: str, statement: str, value: Interval, control: str, gain: Interval, floor: str
) -> Claim:
    """An expectation of this project: one paired difference is above 0."""
    return Claim(
        id=f"probing-context-{what}-{run}",
        study="probing",
        paper=OWN,
        statement=statement,
        published="",
        published_source="",
        value=value,
        control=control,
        rule=f"reproduced: more than {floor} with the whole interval of the paired difference over "
        "seeds; direction: the mean difference is above 0",
        verdict=judge(value, reproduced=gain.low > 0, direction=gain.mean > 0),
    )


def _delta(effects: pd.DataFrame, units: str, own: bool | None = None) -> pd.Series:
    """(member,) loss added at informative steps, in the units' own context, in others or all."""
    rows = effects[(effects["units"] == units) & (effects["place"] == "informative")]
    if own is not None:
        rows = rows[rows["own"] == own]
    return rows.groupby("member")["delta"].mean()
