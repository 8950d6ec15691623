"""The headline numbers of the chunk papers' experiments, network by network, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from chunkscope.experiments.context.claims import PUBLISHED as PUBLISHED_COUNTS
from chunkscope.experiments.context.names import ALL, IDEAL, LAST, NOISY, SYMBOLS
from chunkscope.experiments.hierarchy.names import DEFAULT, PARSE_LENGTH, TRAINED, UNTRAINED
from chunkscope.experiments.hierarchy.published import CORRELATIONS
from chunkscope.experiments.transfer.arms import CONTROL, GRAFT, RANDOM
from chunkscope.experiments.transfer.claims import PUBLISHED_CONTROL, PUBLISHED_GRAFT
from chunkscope.interventions.conditions import TARGET
from chunkscope.statistics import Interval, mean_interval

GRAFTED = {"A": "C", "B": "D"}
"""The symbol read in the donor state, and the one that stands two after it in ABCD."""
EXPERIMENTS = {
    "graft": "reflection",
    "decoding": "reflection",
    "gain": "transfer",
    "link": "transfer",
    "parent": "context",
    "states": "context",
    "rho_states": "hierarchy",
    "rho_parse": "hierarchy",
}
"""Headline measure -> its experiment."""
PUBLISHED = {
    ("graft", "donor"): 1.0,
    ("decoding", "strings"): 0.92,
    ("gain", "donor"): PUBLISHED_GRAFT - PUBLISHED_CONTROL,
    ("states", TRAINED): PUBLISHED_COUNTS["states"][TRAINED][0],
    ("states", UNTRAINED): PUBLISHED_COUNTS["states"][UNTRAINED][0],
    ("rho_states", TRAINED): CORRELATIONS[TRAINED, "states"],
    ("rho_parse", TRAINED): CORRELATIONS[TRAINED, PARSE_LENGTH],
}
"""(measure, series) -> what the paper says of its network."""
COLUMNS = ["experiment", "measure", "network", "series", "mean", "ci_low", "ci_high", "n"]
COLUMNS += ["floor", "ceiling", "published"]
MEAN = ("mean", "ci_low", "ci_high")
GAIN = ("difference", "difference_low", "difference_high")  # over the control

Tables = Mapping[str, pd.DataFrame]
Mark = dict[str, object]


@dataclass(frozen=True)
class Networks:
    """The experiments' tables by network.

    Attributes:
        effects, decoding: of the runs on the corpus of the reflection experiment.
        transfer, context: ``summary.csv``.
        hierarchy: network -> version -> ``correlations.csv``.
        published: experiment -> its network that repeats the paper's.
    """

    effects: Tables = field(default_factory=dict)
    decoding: Tables = field(default_factory=dict)
    transfer: Tables = field(default_factory=dict)
    context: Tables = field(default_factory=dict)
    hierarchy: Mapping[str, Tables] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)


def compare_networks(networks: Networks) -> pd.DataFrame:
    """Every headline number with its control, one row each.

    Returns:
        ``experiment, measure, network, series, mean, ci_low, ci_high, n, floor, ceiling,
        published``; the last of the paper's network alone.
    """
    marks = [
        *(mark for item in networks.effects.items() for mark in _grafts(*item)),
        *(_decoding(*item) for item in networks.decoding.items()),
        *(mark for item in networks.transfer.items() for mark in _transfer(*item)),
        *(mark for item in networks.context.items() for mark in _context(*item)),
        *(mark for item in networks.hierarchy.items() for mark in _hierarchy(*item)),
    ]
    data = pd.DataFrame(marks)
    data["experiment"] = data["measure"].map(EXPERIMENTS)
    repeats = data["network"] == data["experiment"].map(dict(networks.published))
    keys = zip(data["measure"], data["series"], strict=True)
    data["published"] = pd.Series([PUBLISHED.get(key, np.nan) for key in keys]).where(repeats)
    return data.reindex(columns=COLUMNS)


def _grafts(name: str, effects: pd.DataFrame) -> list[Mark]:
    """Grafts of the whole state at full strength, of the donors that the paper shows."""
    rows = effects.query("kind == 'graft' and units == 'all' and mode == 'forced'")
    rows = rows[rows["visible"].astype(bool) & (rows["strength"] == 1) & (rows["n"] > 0)]
    whole = max(rows["sites"], key=len, default="")  # hidden state and cells, where there are both
    shown = rows[(rows["sites"] == whole) & (rows["reads"].map(GRAFTED) == rows["symbol"])]
    by_seed = shown.pivot_table(index="seed", columns="control", values="success")
    return [
        _mark(name, "graft", series, mean_interval(by_seed.get(condition, [])))
        for series, condition in (("donor", TARGET), ("random", RANDOM))
    ]


def _decoding(name: str, decoding: pd.DataFrame) -> Mark:
    """Look-up of strings of levels with the memory of the paper."""
    strings = decoding[decoding["states"] == "strings"]
    strings = strings[strings["steps"] == strings["steps"].min()]
    value = mean_interval(strings["accuracy"])
    return _mark(name, "decoding", "strings", value, floor=float(strings["chance"].mean()))


def _transfer(name: str, summary: pd.DataFrame) -> list[Mark]:
    """The gain is paired with the control, network by network."""
    marks = []
    for series, arm in (("donor", GRAFT), ("random", RANDOM)):
        gained = _row(summary, arm=arm, measure="early_accuracy")
        marks.append(_mark(name, "gain", series, _interval(gained, GAIN), floor=0.0))
    for series, arm in (("donor", GRAFT), ("random", RANDOM), ("control", CONTROL)):
        link = _row(summary, arm=arm, measure="link_off")
        limits = {"floor": float(link["floor"]), "ceiling": float(link["ceiling"])}
        marks.append(_mark(name, "link", series, _interval(link), **limits))
    return marks


def _context(name: str, summary: pd.DataFrame) -> list[Mark]:
    table = summary.fillna({"reading": "", "symbol": "", "position": ""})
    whole = {"symbol": ALL, "position": ALL, "measure": "accuracy"}
    last, ideal = (
        float(_row(table, condition=SYMBOLS, reading=reading, **whole)["mean"])
        for reading in (LAST.format(1), IDEAL)
    )
    marks = []
    for network in (TRAINED, UNTRAINED):
        told = _row(table, condition=network, reading=NOISY, **whole)
        marks.append(_mark(name, "parent", network, _interval(told), floor=last, ceiling=ideal))
        count = _row(table, condition=network, reading="", measure="states")
        marks.append(_mark(name, "states", network, _interval(count)))
    return marks


def _hierarchy(name: str, versions: Tables) -> list[Mark]:
    marks = []
    for version, table in versions.items():
        plain = table.fillna({"given": ""}).rename(columns={"rho": "mean"})
        suffix = ", balanced" if version == "balanced" else ""
        for measure, column in (("rho_states", "states"), ("rho_parse", PARSE_LENGTH)):
            for reading in (TRAINED, UNTRAINED):
                row = _row(plain, reading=reading, measure=column, given="", variant=DEFAULT)
                marks.append(_mark(name, measure, reading + suffix, _interval(row)))
    return marks


def _row(table: pd.DataFrame, **equal: str) -> pd.Series:
    """The row whose columns are equal to these."""
    at = (table[list(equal)] == pd.Series(equal)).all(axis=1)
    return table[at].iloc[0]


def _interval(row: pd.Series, columns: tuple[str, str, str] = MEAN) -> Interval:
    mean, low, high = (float(row[column]) for column in columns)
    return Interval(mean, low, high, int(row["n"]))


def _mark(network: str, measure: str, series: str, value: Interval, **limits: float) -> Mark:
    return {
        "measure": measure,
        "network": network,
        "series": series,
        "mean": value.mean,
        "ci_low": value.low,
        "ci_high": value.high,
        "n": value.n,
        "floor": np.nan,
        "ceiling": np.nan,
        **limits,
    }
