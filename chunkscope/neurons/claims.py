"""The claims about units of white-box networks, and the rules that judge them.

Published: Bai & Ma (arXiv 2410.16443). Their explainer and simulator are language models; ours is a
table of symbols, scored on the same protocols, so that what is compared is the sign and not the
size. Scores are Pearson's correlation, units without one counted as 0, means over all layers (the
published ones leave out the last from 6 layers on); intervals over seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from chunkscope.neurons.comparison import LOSS, STEPS, SYMBOLS, Pair, final_loss
from chunkscope.neurons.controls import ANOTHER, OWN, SHUFFLED
from chunkscope.neurons.latents.settings import coded
from chunkscope.neurons.steering.targets import ANOTHER as INSTEAD
from chunkscope.neurons.steering.targets import DIRECTION, TARGET
from chunkscope.neurons.summary import ALL, AS_ZERO, TRAINED, UNTRAINED
from chunkscope.neurons.wording import headline_row
from chunkscope.statistics import Claim, Interval, judge, paired_difference
from chunkscope.statistics.claims import OWN as OURS

PAPER = "arXiv 2410.16443"
PROTOCOLS = {
    "top_and_random": "top and random excerpts",
    "random_only": "random excerpts alone",
    "quantiles": "excerpts of all quantiles",
}
PUBLISHED = {
    1: {"top_and_random": (3.9, 8.8), "random_only": (4.8, 8.9), "quantiles": (10.1, 14.2)},
    2: {"top_and_random": (8.05, 4.2), "random_only": (6.95, 1.95), "quantiles": (11.35, 10.2)},
    3: {"top_and_random": (9.1, 3.57), "random_only": (8.43, 1.37), "quantiles": (11.23, 9.2)},
    6: {"top_and_random": (7.96, 5.4), "random_only": (6.36, 3.14), "quantiles": (10.4, 8.52)},
    12: {"top_and_random": (6.8, 6.34), "random_only": (5.12, 2.67), "quantiles": (8.88, 8.65)},
}
"""Layers -> protocol -> mean score of CRATE and of GPT, times 100."""
LOSSES = {1: (4.06, 3.83), 2: (3.55, 3.23), 3: (3.46, 3.11), 6: (2.36, 2.16), 12: (2.27, 2.13)}
"""Layers -> validation loss (nats) of CRATE and of GPT."""


STEERED = {
    "unit": ("A unit held at what it does where it is very active", "another unit held at that"),
    "state": ("A state that HDBSCAN finds", "one seen at a random step"),
}
"""What a network is steered by -> it and what stands in its place."""


@dataclass(frozen=True)
class Tables:
    """What claims are judged by.

    Attributes:
        comparison: of all pairs, see :func:`~chunkscope.neurons.comparison.compare_pair`.
        seeds: run -> condition -> :func:`~chunkscope.neurons.summary.by_seed`.
        tracing: run -> :func:`~chunkscope.neurons.tracing.trace_units`.
        layers: run -> how many its network has.
        steering: run -> :func:`~chunkscope.neurons.steering.study.steer`, with ``seed``.
        published: runs that are as published but for their size: on text, and no variant.
    """

    comparison: pd.DataFrame
    seeds: dict[str, dict[str, pd.DataFrame]]
    tracing: dict[str, pd.DataFrame]
    layers: dict[str, int]
    steering: dict[str, pd.DataFrame]
    published: frozenset[str]

    def is_published(self, pair: Pair) -> bool:
        """Whether both of a pair are as published but for their size."""
        return self.published.issuperset(pair.runs)

    def known(self, pair: Pair, protocol: str) -> tuple[float, float] | None:
        """What was published of a pair as deep."""
        if not self.is_published(pair):
            return None
        return PUBLISHED.get(self.layers[pair.white_box], {}).get(protocol)

    def knows(self, pair: Pair, protocol: str) -> bool:
        """Whether both of a pair were scored by a protocol."""
        return all(_knows(self.seeds[run][TRAINED], protocol) for run in pair.runs)


def judge_neurons(pairs: Iterable[Pair], tables: Tables) -> Iterator[Claim]:
    """The claims about every pair, and those about every run."""
    for pair in pairs:
        yield from _higher_at_equal_steps(pair, tables)
        yield from _more_on_random(pair, tables)
        yield from _steadier(pair, tables)
        yield _costs_loss(pair, tables)
        yield _at_equal_loss(pair, tables)
        yield _denser(pair, tables)
        yield from _latents(pair, tables)
    for run in tables.seeds:
        yield from _above_floors(run, tables)
    for run, table in tables.steering.items():
        yield from _steered(run, table)


def _higher_at_equal_steps(pair: Pair, tables: Tables) -> Iterator[Claim]:
    """Of one layer it is the twin that was published to be higher."""
    layers = tables.layers[pair.white_box]
    for protocol, said in PROTOCOLS.items():
        if not tables.knows(pair, protocol):
            continue
        means = [_layers(tables.seeds[run][TRAINED], protocol) for run in pair.runs]
        known = tables.known(pair, protocol)
        above = known is None or known[0] > known[1]
        text = "" if known is None else f"{known[0]:g} against {known[1]:g} (x 100)"
        yield _claim(
            f"neurons-higher-{protocol}-{pair.white_box}-{pair.twin}",
            f"At equal steps, units of {pair.white_box} are explained with a "
            f"{'higher' if above else 'lower'} score than those of {pair.twin}, on {said} "
            f"({layers} layer{'s' * (layers > 1)})",
            paired_difference(*_aligned(*means)),
            f"{_against(means)}; {_floors(pair, tables, protocol)}",
            published=(text, "layer means, by language models") if known else None,
            above=above,
        )


def _more_on_random(pair: Pair, tables: Tables) -> Iterator[Claim]:
    compared = ("random_only", "top_and_random")
    if not all(tables.knows(pair, protocol) for protocol in compared):
        return
    random, top = (_gains(pair, tables, protocol) for protocol in compared)
    value = paired_difference(*_aligned(random, top))
    known = [tables.known(pair, protocol) for protocol in compared]
    gains = [f"{one[0] - one[1]:.2f}" for one in known if one]
    yield _claim(
        f"neurons-random-{pair.white_box}-{pair.twin}",
        f"The gain of {pair.white_box} over {pair.twin} is larger on random excerpts alone than on "
        "top and random ones",
        value,
        f"gains {random.mean():+.3f} and {top.mean():+.3f}",
        published=(" against ".join(gains) + " (x 100)", "layer means, CRATE less GPT")
        if gains
        else None,
    )


def _steadier(pair: Pair, tables: Tables) -> Iterator[Claim]:
    protocol = "top_and_random"
    if tables.layers[pair.white_box] < 2 or not tables.knows(pair, protocol):
        return
    spreads = []
    for run in pair.runs:
        rows = _own(tables.seeds[run][TRAINED], protocol)
        by_layer = rows[rows["site"] != ALL].pivot_table("value", "seed", "site")
        spreads.append(by_layer.var(axis=1, ddof=0))
    value = paired_difference(*_aligned(spreads[1], spreads[0]))
    yield _claim(
        f"neurons-steadier-{pair.white_box}-{pair.twin}",
        f"Scores of {pair.white_box} differ less across layers than those of {pair.twin} (variance "
        f"of layer means on {PROTOCOLS[protocol]}, GPT less CRATE)",
        value,
        _against(spreads, 5),
        published=("2.29 against 20.85 (x 10,000)", "6 layers")
        if tables.is_published(pair)
        else None,
    )


def _costs_loss(pair: Pair, tables: Tables) -> Claim:
    ends = [final_loss(tables.tracing[run]) for run in pair.runs]
    value = paired_difference(*_aligned(*ends))
    known = LOSSES.get(tables.layers[pair.white_box])
    return _claim(
        f"neurons-loss-{pair.white_box}-{pair.twin}",
        f"{pair.white_box} has a higher validation loss than {pair.twin} after as many steps "
        "(nats)",
        value,
        _against(ends),
        published=(f"{known[0]:g} against {known[1]:g}", "read off its plot")
        if known and tables.is_published(pair)
        else None,
    )


def _at_equal_loss(pair: Pair, tables: Tables) -> Claim:
    steps, loss = (headline_row(pair, tables.comparison, at) for at in (STEPS, LOSS))
    mean, low, high = (float(loss[name]) for name in ("difference", "ci_low", "ci_high"))
    value = Interval(mean, low, high, int(loss["n"]))
    return _claim(
        f"neurons-equal-loss-{pair.white_box}-{pair.twin}",
        f"{pair.white_box} is more interpretable than {pair.twin} at equal loss too (difference of "
        "scores on everything recorded, the twin's read off its training)",
        value,
        f"at equal steps {steps['difference']:+.3f} [{steps['ci_low']:+.3f}, "
        f"{steps['ci_high']:+.3f}]; loss {loss['white_box_loss']:.3f}",
    )


def _denser(pair: Pair, tables: Tables) -> Claim:
    ends = []
    for run in pair.runs:
        table = tables.tracing[run]
        last = table[(table["step"] == table["step"].max()) & (table["measure"] == "pearson")]
        ends.append(last.groupby("seed")["active"].mean())
    value = paired_difference(*_aligned(*ends))
    return _claim(
        f"neurons-denser-{pair.white_box}-{pair.twin}",
        f"Units of {pair.white_box} are active at more symbols than those of {pair.twin}: its code "
        "is no sparser (share of symbols)",
        value,
        _against(ends),
    )


def _latents(pair: Pair, tables: Tables) -> Iterator[Claim]:
    """A twin with a sparse autoencoder, on the excerpts on which the published one did best."""
    code = coded(pair.twin)
    protocol = "quantiles"
    if code not in tables.seeds or not tables.knows(pair, protocol):
        return
    theirs, ours = (_layers(tables.seeds[run][TRAINED], protocol) for run in (code, pair.white_box))
    units = _layers(tables.seeds[pair.twin][TRAINED], protocol)
    each = _count(tables.seeds[code][TRAINED]) / _count(tables.seeds[pair.twin][TRAINED])
    alike = tables.is_published(pair) and tables.layers[pair.twin] == 3 and each == 16
    value = paired_difference(*_aligned(theirs, ours))
    yield _claim(
        f"neurons-latents-{pair.white_box}-{pair.twin}",
        f"Latents of a sparse autoencoder of {pair.twin} are explained with a higher score than "
        f"units of {pair.white_box}, on {PROTOCOLS[protocol]}",
        value,
        f"{_against([theirs, ours])}; units of {pair.twin} {units.mean():.3f}, with {each:g} "
        "latents for each",
        published=(
            "25.5, 15.1, 10.1 against 12.6, 10.0, 11.1 (x 100)",
            "the 3 layers of one model, 16 latents for each unit",
        )
        if alike
        else None,
    )


def _above_floors(run: str, tables: Tables) -> Iterator[Claim]:
    """A trained network above its untrained twin, and an own explanation above others."""
    conditions = tables.seeds[run]
    latents = {coded(one): f"Latents of {one}" for one in tables.layers}
    for protocol in ("top_and_random", "random_only"):
        if not _knows(conditions[TRAINED], protocol):
            continue
        own = _layers(conditions[TRAINED], protocol)
        untrained = _layers(conditions[UNTRAINED], protocol)
        value = paired_difference(*_aligned(own, untrained))
        floors = {
            control: _layers(conditions[TRAINED], protocol, control).mean()
            for control in (ANOTHER, SHUFFLED)
        }
        yield _claim(
            f"neurons-trained-{protocol}-{run}",
            f"{latents.get(run, f'Units of {run}')} are explained with a higher score than those "
            "of the same networks "
            f"before training, on {PROTOCOLS[protocol]}",
            value,
            f"{_against([own, untrained])}; another unit's explanation {floors[ANOTHER]:.3f}, "
            f"shuffled {floors[SHUFFLED]:.3f}",
        )


def _steered(run: str, table: pd.DataFrame) -> Iterator[Claim]:
    """Over all strengths, what a unit or a state does beyond another one in its place."""
    for kind, said in STEERED.items():
        means = table[table["kind"] == kind].pivot_table("kl", "seed", "condition")
        if not {TARGET, INSTEAD} <= set(means.columns):
            continue
        value = paired_difference(means[TARGET], means[INSTEAD])
        beside = f"; random direction of its length {means[DIRECTION].mean():.3f}"
        yield _claim(
            f"neurons-steering-{kind}-{run}",
            f"{said[0]} of {run} changes predictions more than {said[1]} (nats)",
            value,
            _against([means[TARGET], means[INSTEAD]]) + beside,
        )


def _claim(
    name: str,
    statement: str,
    value: Interval,
    control: str,
    published: tuple[str, str] | None = None,
    above: bool = True,
) -> Claim:
    return Claim(
        id=name,
        study="neurons",
        paper=PAPER if published else OURS,
        statement=statement,
        published=published[0] if published else "",
        published_source=published[1] if published else "",
        value=value,
        control=control,
        rule=f"reproduced: {'above' if above else 'below'} 0 with the whole interval over seeds; "
        f"direction: mean {'above' if above else 'below'} 0",
        verdict=judge(
            value,
            reproduced=value.low > 0 if above else value.high < 0,
            direction=(value.mean > 0) == above,
        ),
    )


def _gains(pair: Pair, tables: Tables, protocol: str) -> pd.Series:
    """seed -> white box less twin."""
    ours, theirs = _aligned(*(_layers(tables.seeds[run][TRAINED], protocol) for run in pair.runs))
    return ours - theirs


def _against(values: Sequence[pd.Series], digits: int = 3) -> str:
    first, second = (value.mean() for value in values)
    return f"{first:.{digits}f} against {second:.{digits}f}"


def _floors(pair: Pair, tables: Tables, protocol: str) -> str:
    """Untrained twins and another unit's explanation."""
    said = []
    for run in pair.runs:
        untrained = _layers(tables.seeds[run][UNTRAINED], protocol).mean()
        another = _layers(tables.seeds[run][TRAINED], protocol, ANOTHER).mean()
        said.append(f"{run} untrained {untrained:.3f}, another unit {another:.3f}")
    return "; ".join(said)


def _layers(table: pd.DataFrame, protocol: str, control: str = OWN) -> pd.Series:
    """seed -> mean over layers."""
    rows = _own(table, protocol, control)
    return rows[rows["site"] == ALL].set_index("seed")["value"]


def _knows(table: pd.DataFrame, protocol: str) -> bool:
    """Whether tables of symbols were scored by a protocol."""
    return not _own(table, protocol).empty


def _count(table: pd.DataFrame) -> float:
    """Units of all layers of one member."""
    every = table[(table["site"] == ALL) & (table["policy"] == AS_ZERO)]
    return float(every["units"].max())


def _own(table: pd.DataFrame, protocol: str, control: str = OWN) -> pd.DataFrame:
    return table[
        (table["protocol"] == protocol)
        & (table["explainer"] == SYMBOLS)
        & (table["control"] == control)
        & (table["measure"] == "pearson")
        & (table["policy"] == AS_ZERO)
    ]


def _aligned(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.Series]:
    seeds = first.index.intersection(second.index)
    return first[seeds], second[seeds]
