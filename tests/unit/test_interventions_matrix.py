"""The graft matrix and the dose of units, on networks whose every weight is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from intervention_examples import (
    KNOWING,
    SETTINGS,
    SITE,
    affine,
    clock,
    donors_of,
    splits,
)

from chunkscope.errors import InterventionError
from chunkscope.interventions.matrix import graft_matrix
from chunkscope.interventions.unit_dose import draw_units, unit_dose


def matrix_of(make) -> pd.DataFrame:
    network = make()
    train, test = splits(network)
    return graft_matrix(network, test, donors_of(train), 16, np.random.default_rng(0))


def test_a_state_that_decides_alone_says_its_symbol_whatever_is_read() -> None:
    table = matrix_of(affine)
    grafted = table[(table["control"] == "target") & (table["reads"] != "E")]
    assert set(zip(grafted["reads"], grafted["symbol"], strict=True)) >= {("A", "C"), ("B", "D")}
    assert grafted["input"].nunique() == 5
    assert (grafted["success"] == 1).all()


def test_controls_do_not_say_it() -> None:
    table = matrix_of(affine).query("reads == 'A'")
    for control in ("none", "random observed state", "gaussian", "zero"):
        assert table.query("control == @control")["success"].mean() < 0.6, control


def test_an_input_that_sets_the_state_anew_overrules_the_donor() -> None:
    """The clock goes on from B whatever is read, but A starts it again."""
    table = matrix_of(clock).query("control == 'target' and reads == 'A'").set_index("input")
    assert table.loc["E", "symbol"] == "C"
    assert table["success"].drop("A").eq(1).all()
    assert table.loc["B", "natural"]
    assert table["natural"].sum() == 1
    assert table.loc["A", "probability"] < table.loc["B", "probability"]


def test_matrix_counts_its_states() -> None:
    n = matrix_of(affine).groupby("control")["n"].unique().map(list)
    assert n["target"] == [1]
    assert n["zero"] == [1]
    assert n["none"] == [16]


def test_matrix_needs_two_lags_and_one_member() -> None:
    network = affine()
    train, test = splits(network)
    donors = donors_of(train)
    rng = np.random.default_rng(0)
    with pytest.raises(InterventionError, match="ensemble of 2"):
        graft_matrix(network.select([0, 0]), test, donors, 4, rng)
    short = replace(donors, continuation=donors.continuation[:, :1])
    with pytest.raises(InterventionError, match=r"interventions\.lags"):
        graft_matrix(network, test, short, 4, rng)


def dose() -> pd.DataFrame:
    network = clock()
    train, test = splits(network)
    donors = donors_of(train)
    n = len(donors.names)
    masks = {0.125: np.tile(np.arange(8) == 7, (n, 1)), 0.5: np.tile(KNOWING, (n, 1))}
    masks[1.0] = np.ones((n, 8), bool)
    return unit_dose(network, test, donors, masks, SITE, SETTINGS, np.random.default_rng(0))


def test_the_units_that_know_suffice_and_idle_ones_do_nothing() -> None:
    means = dose().groupby(["share", "control"])["success"].mean()
    assert means[0.5, "target"] == 1
    assert means[0.125, "target"] == 0
    assert means[0.5, "target"] > means[0.5, "random units"]


def test_all_units_leave_nothing_to_choose() -> None:
    table = dose().query("share == 1").pivot(index="donor", columns="control", values="success")
    assert (table["target"] == table["random units"]).all()


def test_random_units_are_as_many() -> None:
    rng = np.random.default_rng(0)
    units = rng.random((200, 9)) < 0.4
    drawn = draw_units(units, rng)
    assert (drawn.sum(axis=1) == units.sum(axis=1)).all()
    assert (drawn != units).any()
