"""What the tables of the intervention study say about whole states grafted at full strength.

A donor is a state of one network, and its number means nothing in another: across seeds, donors
are called by the true label that they stand for.
"""

from __future__ import annotations

import pandas as pd

from chunkscope.interventions.conditions import NONE, TARGET
from chunkscope.statistics import summarise

MODE = "forced"  # the network goes on reading the recipient's own symbols


def first_visible(effects: pd.DataFrame) -> pd.DataFrame:
    """Rows with recipients at the first lag that can show a change, at the first set of sites."""
    rows = effects[effects["visible"].astype(bool) & (effects["mode"] == MODE) & (effects["n"] > 0)]
    return rows[(rows["lag"] == rows["lag"].min()) & rows["sites"].isin(rows["sites"].iloc[:1])]


def whole_grafts(effects: pd.DataFrame) -> pd.DataFrame:
    """Grafts of all units at full strength, and their controls, where they first can show."""
    rows = first_visible(effects)
    full = (rows["strength"] == 1) | (rows["control"] == NONE)
    return rows[(rows["kind"] == "graft") & (rows["units"] == "all") & full]


def donors_of(grafts: pd.DataFrame, seed: int) -> list[int]:
    """The donors that one seed's network was given."""
    of_seed = grafts[(grafts["seed"] == seed) & (grafts["control"] == TARGET)]
    return [int(donor) for donor in of_seed["donor"].unique()]


def distributions_at(distributions: pd.DataFrame, grafts: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``distributions`` that belong to ``grafts``."""
    if distributions.empty:
        return distributions
    place = ["seed", "donor", "control", "lag"]
    return distributions.merge(grafts[place].drop_duplicates(), on=place)


def mean_distributions(distributions: pd.DataFrame, alignment: pd.DataFrame) -> pd.DataFrame:
    """Mean next-symbol distribution over the donors of one label, then over seeds.

    Returns:
        ``label, control, symbol, probability, ci_low, ci_high, n`` over seeds that have such a
        donor.
    """
    states = alignment.rename(columns={"state": "donor"})[["seed", "donor", "label"]]
    named = distributions.merge(states, on=["seed", "donor"])
    key = ["label", "control", "symbol"]
    by_seed = named.groupby([*key, "seed"], sort=False)["probability"].mean().reset_index()
    return summarise(by_seed, key, "probability").rename(columns={"mean": "probability"})


def mean_success(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Share of recipients that go on as the donor does: mean over donors, then over seeds.

    Returns:
        ``by``, then ``mean, ci_low, ci_high, n`` over seeds.
    """
    by_seed = rows.groupby([*by, "seed"], sort=False)["success"].mean().reset_index()
    return summarise(by_seed, by, "success")
