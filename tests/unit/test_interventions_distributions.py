"""What is predicted after each graft, and which sites a set of patterns stands for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from intervention_examples import SETTINGS, affine, clock, donors_of, splits

from chunkscope.errors import SiteError
from chunkscope.interventions.study import graft_distributions, run_study, site_sets

LSTM = ["layers.0.hook_h", "layers.0.hook_c", "layers.0.hook_gate_i"]


def distributions(network) -> pd.DataFrame:
    train, test = splits(network)
    rng = np.random.default_rng(0)
    return graft_distributions(network, test, donors_of(train), SETTINGS, rng)


@pytest.mark.parametrize("network", [clock, affine])
def test_every_condition_is_a_distribution(network):
    table = distributions(network())
    total = table[table["n"] > 0].groupby(["donor", "control"])["probability"].sum()
    np.testing.assert_allclose(total, 1, atol=1e-5)
    assert {"target", "none", "zero", "wrong donor", "identity"} <= set(table["control"])


@pytest.mark.parametrize(("network", "lag", "after"), [(clock, 1, "B"), (affine, 2, "C")])
def test_the_donor_s_continuation_is_predicted_at_the_first_visible_lag(network, lag, after):
    table = distributions(network())
    assert set(table["lag"]) == {lag}
    grafted = table.query("donor == 'A' and control == 'target'").set_index("symbol")["probability"]
    assert grafted.idxmax() == after
    assert grafted[after] > 0.95
    alone = table.query("donor == 'A' and control == 'none'").set_index("symbol")["probability"]
    assert alone[after] < 0.1


def test_it_is_the_study_s_probability_of_the_target():
    network = clock()
    train, test = splits(network)
    donors = donors_of(train)
    effects = run_study(network, train, test, donors, SETTINGS, np.random.default_rng(0)).query(
        "kind == 'graft' and units == 'all' and mode == 'forced' and lag == 1 and donor == 'A' "
        "and control == 'target' and strength == 1"
    )
    drawn = distributions(network).query("donor == 'A' and control == 'target' and symbol == 'B'")
    assert drawn["probability"].item() == pytest.approx(effects["probability"].item(), abs=1e-3)


def test_patterns_stand_for_sets_of_sites_each_once():
    patterns = [["layers.*.hook_h"], ["layers.*.hook_[hc]"], ["layers.0.hook_h"]]
    assert site_sets(patterns, LSTM) == (("layers.0.hook_h",), tuple(LSTM[:2]))
    assert site_sets(patterns, LSTM[:1]) == (("layers.0.hook_h",),)
    with pytest.raises(SiteError, match="hook_x"):
        site_sets([["*.hook_x"]], LSTM)
