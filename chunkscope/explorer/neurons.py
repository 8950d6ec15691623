"""What is said of units, as tables of the report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from chunkscope.explorer.cells import Cell, Column, Table, interval, number, text
from chunkscope.explorer.reading import read_table
from chunkscope.neurons.comparison import Pair
from chunkscope.neurons.controls import ANOTHER, OWN, SHUFFLED
from chunkscope.neurons.summary import ALL, AS_ZERO, SCORED, TRAINED, UNTRAINED
from chunkscope.neurons.wording import sentence_of

MEASURE = "pearson"
MEAN = ("mean", "ci_low", "ci_high")
UNIT = "correlation"
FACTS = {
    "active": ("active", "share of symbols"),
    "dead": ("dead", "share of units"),
    "constant": ("constant", "share of units"),
    "token_share": ("told by the symbol alone", "R², median over units"),
}
"""Fact -> its header and unit."""


def score_table(summary: Path) -> Table:
    """Every explainer and protocol in every run, beside all floors, by layer and over layers."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "layer", "protocol", "explainer")),
        Column("score", numeric=True, unit=f"{UNIT}, none counts as 0"),
        Column("over units", numeric=True, unit="the same, interval over units"),
        Column("where scored", numeric=True, unit="without those that have none"),
        Column("untrained", numeric=True, unit=UNIT),
        Column("another unit's", numeric=True, unit="should be 0"),
        Column("shuffled", numeric=True, unit="should be 0"),
        Column("units", numeric=True, unit="of all seeds"),
        Column("scored", numeric=True, unit="of these"),
        Column("n", numeric=True, unit="seeds"),
    ]
    key = ["run", "site", "protocol", "explainer"]
    needed = [*key, "condition", "control", "measure", "policy", *MEAN, "n"]
    table = read_table(summary, [*needed, "units", "units_low", "units_high"])
    table = table[table["measure"] == MEASURE]
    rows = []
    for values, part in table.groupby(key, sort=False):
        own = _row(part, TRAINED, OWN, AS_ZERO)
        scored = _row(part, TRAINED, OWN, SCORED)
        floors = ((UNTRAINED, OWN), (TRAINED, ANOTHER), (TRAINED, SHUFFLED))
        rows.append(
            [
                *map(text, (values[0], _layer(values[1]), *values[2:])),
                _interval(own),
                _over_units(own),
                _interval(scored),
                *(_interval(_row(part, *floor, AS_ZERO)) for floor in floors),
                *(text(None) if one is None else number(one["units"]) for one in (own, scored)),
                text(None) if own is None else number(own["n"]),
            ]
        )
    return Table("Scores of explanations", columns, rows)


def fact_table(facts: Path) -> Table:
    """How active units are, how many never or always are, and what the symbol alone tells."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "network", "layer")),
        *(Column(title, numeric=True, unit=unit) for title, unit in FACTS.values()),
        Column("n", numeric=True, unit="seeds"),
    ]
    table = read_table(facts, ["run", "condition", "site", "fact", *MEAN, "n"])
    rows = []
    for (run, condition, site), part in table.groupby(["run", "condition", "site"], sort=False):
        found = {row["fact"]: row for _, row in part.iterrows()}
        cells = [_interval(found.get(fact)) for fact in FACTS]
        rows.append([*map(text, (run, condition, _layer(site))), *cells, number(part["n"].max())])
    return Table("Units", columns, rows)


def comparison_table(comparison: Path) -> Table:
    """White-box networks less their twins, over all layers; what may be said of it is the note."""
    columns = [
        *(Column(title, filter=True) for title in ("white box", "twin", "at", "protocol")),
        Column("explainer", filter=True),
        *(Column(title, numeric=True, unit=UNIT) for title in ("white box's", "twin's")),
        Column("difference", numeric=True, unit="above 0: the white box's is higher"),
        Column("where scored", numeric=True, unit="the same, without units that have none"),
        *(
            Column(f"units of the {whose}", numeric=True, unit="scored, of all of all seeds")
            for whose in ("white box", "twin")
        ),
        *(
            Column(f"loss of the {whose}", numeric=True, unit="nats")
            for whose in ("white box", "twin")
        ),
        Column("n", numeric=True, unit="seeds"),
    ]
    names = ["white_box", "twin", "at", "protocol", "explainer"]
    numbers = ["white_box_mean", "twin_mean", "difference", "ci_low", "ci_high"]
    units, losses = ["white_box_units", "twin_units"], ["white_box_loss", "twin_loss"]
    needed = [*names, "site", "measure", "policy", *numbers, *units, *losses, "n"]
    table = read_table(comparison, needed)
    known = table[(table["measure"] == MEASURE) & (table["site"] == ALL)]
    both = known[known["policy"] == AS_ZERO].merge(
        known[known["policy"] == SCORED], on=names, suffixes=("", "_scored")
    )
    rows = [
        [
            *(text(row[name]) for name in names),
            *(number(row[name]) for name in numbers[:2]),
            interval(*row[numbers[2:]]),
            interval(*row[[f"{name}_scored" for name in numbers[2:]]]),
            *(text(f"{row[f'{name}_scored']:.0f} of {row[name]:.0f}") for name in units),
            *(number(row[name]) for name in losses),
            number(row["n"]),
        ]
        for _, row in both.iterrows()
    ]
    pairs = table[["white_box", "twin"]].drop_duplicates().itertuples(index=False)
    said = " ".join(sentence_of(Pair(*pair), table) for pair in pairs)
    return Table("White boxes beside their twins", columns, rows, said)


def _layer(site: object) -> str:
    """The name of a site, or of all of them together."""
    return "all layers" if site == ALL else str(site)


def _row(table: pd.DataFrame, condition: str, control: str, policy: str) -> pd.Series | None:
    found = table[
        (table["condition"] == condition)
        & (table["control"] == control)
        & (table["policy"] == policy)
    ]
    return found.iloc[0] if len(found) else None


def _interval(row: pd.Series | None) -> Cell:
    return text(None) if row is None else interval(*row[list(MEAN)].astype(float))


def _over_units(row: pd.Series | None) -> Cell:
    if row is None:
        return text(None)
    return interval(*row[["mean", "units_low", "units_high"]].astype(float))
