"""The study on networks set by hand, whose every effect is known, and its summary over seeds."""

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

from chunkscope.errors import InterventionError, SiteError
from chunkscope.interventions.effects import MEASURES, divergence, measure
from chunkscope.interventions.recipients import Recording
from chunkscope.interventions.specificity import specificity
from chunkscope.interventions.study import COLUMNS, run_study
from chunkscope.networks.building import build
from chunkscope.networks.settings import LSTMSettings

PLACE = ["kind", "sites", "units", "donor", "lag", "mode"]


def clock_table(units: np.ndarray | None = KNOWING, shuffle: bool = False) -> pd.DataFrame:
    network = clock()
    train, test = splits(network)
    donors = donors_of(train, units)
    if shuffle:
        donors = replace(donors, values={SITE: np.roll(donors.values[SITE], 3, axis=1)})
    return run_study(network, train, test, donors, SETTINGS, np.random.default_rng(0))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return clock_table()


def chosen(table: pd.DataFrame, **columns: object) -> pd.DataFrame:
    """Estimable rows with these values, in a fixed order of donor and lag."""
    table = table[table["n"] > 0]
    for name, value in columns.items():
        table = table[table[name] == value]
    assert len(table)
    return table.sort_values(PLACE).reset_index(drop=True)


def inside_words(table: pd.DataFrame) -> pd.DataFrame:
    """Rows whose target is not the filler, which every broken state predicts."""
    return table[table["symbol"] != "E"]


@pytest.mark.parametrize("units", ["all", "constrained"])
def test_a_graft_makes_the_clock_go_on_as_its_donor(table: pd.DataFrame, units: str) -> None:
    grafts = chosen(table, kind="graft", control="target", strength=1.0, units=units)
    spoken = chosen(grafts, mode="free")
    assert (spoken["success"] == 1).all()
    assert (spoken["kl_donor"] < 1e-3).all()
    assert {"A", "B", "C", "D"} <= set(spoken["donor"])
    assert (chosen(grafts, lag=1)["success"] == 1).all()
    # at lag 4 the clock says E from wherever it starts, so that nobody is a recipient
    assert "".join(chosen(spoken, donor="A")["symbol"]) == "BCD"


def test_no_recipient_does_so_by_itself(table: pd.DataFrame) -> None:
    induced = table[table["kind"].isin(["graft", "steer"])]
    none = chosen(induced, control="none")
    assert (none["success"] == 0).all()
    assert (none["fired"] == 0).all()


@pytest.mark.parametrize("kind", ["graft", "steer"])
def test_identity_is_no_intervention(table: pd.DataFrame, kind: str) -> None:
    none, identity = (chosen(table, kind=kind, control=c) for c in ("none", "identity"))
    assert (identity["kl_recipient"].abs() < 1e-6).all()
    for name in MEASURES:
        np.testing.assert_allclose(identity[name], none[name], atol=1e-6)
    assert (identity["fired"] == identity["n"]).all()


def test_controls_do_not_make_it_go_on(table: pd.DataFrame) -> None:
    grafts = inside_words(chosen(table, kind="graft", mode="free", units="all"))
    success = grafts.groupby("control")["success"].mean()
    assert success["target"] > 0.3  # over all strengths
    assert success["zero"] == 0
    assert success["wrong donor"] == 0
    for control in "gaussian", "random observed state", "random direction":
        assert success[control] < 0.25


def test_a_wrong_donor_counts_only_where_its_target_differs() -> None:
    network = clock()
    train, test = splits(network)
    donors = donors_of(train)
    alike = donors.continuation.copy()
    alike[:, 3] = np.eye(5)[4]  # four symbols on, every donor is in the E's
    table = run_study(
        network,
        train,
        test,
        replace(donors, continuation=alike),
        SETTINGS,
        np.random.default_rng(0),
    )
    grafts = table[(table["kind"] == "graft") & (table["mode"] == "forced")]
    n = grafts[grafts["donor"] == "A"].set_index(["control", "strength", "lag"])["n"]
    assert n["target", 1.0, 4] > 0
    assert n["wrong donor", 1.0, 4] == 0
    assert n["wrong donor", 1.0, 1] > 0


def test_units_that_know_nothing_carry_nothing(table: pd.DataFrame) -> None:
    other = chosen(table, kind="graft", units="constrained", control="random units")
    assert (other["success"] == 0).all()
    assert (other["kl_recipient"].abs() < 1e-6).all()
    assert (other["fired"] == other["n"]).all()


@pytest.mark.parametrize("kind", ["freeze", "ablate"])
def test_an_occurrence_without_its_units_is_lost(table: pd.DataFrame, kind: str) -> None:
    rows = inside_words(chosen(table, kind=kind, mode="free", units="constrained"))
    lost = chosen(rows, control="target", strength=1.0)
    none = chosen(rows, control="none")
    other = chosen(rows, control="random units")
    assert (none["success"] == 1).all()
    assert (lost["success"] == 0).all()
    assert (lost["probability"] < none["probability"] - 0.5).all()
    np.testing.assert_allclose(other["probability"], none["probability"], atol=1e-6)


def test_a_shuffled_donor_does_not_score_like_the_true_one(table: pd.DataFrame) -> None:
    shuffled = clock_table(shuffle=True)
    query = {"kind": "graft", "control": "target", "strength": 1.0, "mode": "free", "units": "all"}
    true, false = (inside_words(chosen(t, **query))["success"].mean() for t in (table, shuffled))
    assert true == 1
    assert false < 0.2


def test_strength_grows_the_effect(table: pd.DataFrame) -> None:
    grafts = chosen(table, kind="graft", control="target", units="all", mode="free")
    changed = grafts.groupby("strength")["kl_recipient"].mean()
    assert changed.is_monotonic_increasing


def test_as_many_recipients_as_asked_for(table: pd.DataFrame) -> None:
    grafts = chosen(table, kind="graft", control="target", units="all", lag=1)
    assert (grafts["n"] == SETTINGS.recipients).all()
    assert (grafts["fired"] == grafts["n"]).all()


def test_the_affine_readout_sees_the_state_one_lag_later() -> None:
    network = affine()
    train, test = splits(network)
    table = run_study(network, train, test, donors_of(train), SETTINGS, np.random.default_rng(0))
    np.testing.assert_array_equal(table["visible"], table["lag"] > 1)
    assert (table.loc[~table["visible"], "kl_recipient"].abs() < 1e-6).all()
    grafts = chosen(table, kind="graft", control="target", strength=1.0, lag=2)
    assert (grafts["success"] == 1).all()
    assert set(grafts["mode"]) == {"forced", "free"}
    assert 1 not in set(specificity(table)["lag"])


def test_the_same_seed_gives_the_same_table(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(clock_table(), table)


def test_without_known_units_all_are_disrupted() -> None:
    table = clock_table(units=None)
    assert set(table["units"]) == {"all"}
    assert "random units" not in set(table["control"])


def test_too_few_other_units_are_not_estimable() -> None:
    table = clock_table(units=np.arange(8) < 5)
    other = table[table["control"] == "random units"]
    assert len(other)
    assert (other["n"] == 0).all()
    assert other[list(MEASURES)].isna().all(axis=None)
    summary = specificity(table)
    summary = summary[summary["control"] == "random units"]
    assert len(summary)
    assert summary["difference"].isna().all()


def test_both_states_of_an_lstm_are_changed_together() -> None:
    network = build(LSTMSettings(hidden=6), 5, [3], tuple("ABCDE"))
    train, test = splits(network)
    sites = (SITE,), (SITE, "layers.0.hook_c")
    settings = SETTINGS.model_copy(update={"sites": sites})
    table = run_study(network, train, test, donors_of(train), settings, np.random.default_rng(0))
    assert set(table["sites"]) == {SITE, f"{SITE}+layers.0.hook_c"}
    joint = chosen(table, sites=f"{SITE}+layers.0.hook_c", control="target")
    assert (joint["fired"] == 2 * joint["n"]).all()


def test_no_informative_donor_is_an_empty_table() -> None:
    network = clock()
    train, test = splits(network)
    donors = donors_of(train)
    even = replace(donors, continuation=np.full_like(donors.continuation, 0.2))
    table = run_study(network, train, test, even, SETTINGS, np.random.default_rng(0))
    assert tuple(table.columns) == COLUMNS
    assert table.empty
    assert specificity(table).empty


def test_what_does_not_fit_is_refused() -> None:
    network = clock()
    train, test = splits(network)
    donors, rng = donors_of(train), np.random.default_rng(0)
    several = build(network.settings, 5, [0, 1])
    with pytest.raises(InterventionError, match="ensemble of 2"):
        run_study(several, train, test, donors, SETTINGS, rng)
    with pytest.raises(SiteError, match=r"layers\.0\.hook_h is missing"):
        run_study(network, train, Recording(test.tokens, {}), donors, SETTINGS, rng)
    short = Recording(test.tokens[:, :3], test.activations)
    with pytest.raises(InterventionError, match=r"hook_h: got \(sequence, time\) = \(20, 40\)"):
        run_study(network, train, short, donors, SETTINGS, rng)
    short = Recording(test.tokens[:, :3], {SITE: test.activations[SITE][:, :3]})
    with pytest.raises(InterventionError, match=r"at least interventions\.lags = 4"):
        run_study(network, train, short, donors, SETTINGS, rng)
    with pytest.raises(InterventionError, match=r"has 4 lags; interventions\.lags is 2"):
        run_study(network, train, test, donors, SETTINGS.model_copy(update={"lags": 2}), rng)
    with pytest.raises(InterventionError, match="no value at"):
        run_study(network, train, test, replace(donors, values={}), SETTINGS, rng)


def test_divergence_is_kullback_leiblers() -> None:
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.5, 0.25])
    assert divergence(p, q) == pytest.approx(0.5 * np.log(2))
    assert divergence(p, p) == 0
    assert np.isfinite(divergence(q, p))


def test_measures_of_one_row() -> None:
    natural, own = np.array([[[0.5, 0.25, 0.25]]]), np.array([[[0.1, 0.2, 0.7]]])
    intervened = np.array([[[[0.2, 0.2, 0.6]]], [[[0.8, 0.1, 0.1]]]])
    measures = measure(intervened, natural, own, np.array([[2]]))
    assert set(measures) == set(MEASURES)
    np.testing.assert_allclose(measures["probability"].ravel(), [0.6, 0.1])
    np.testing.assert_allclose(measures["success"].ravel(), [1, 0])
    for name, p in ("kl_recipient", natural), ("kl_donor", own):
        expected = (p * np.log(p / intervened)).sum(-1)
        np.testing.assert_allclose(measures[name], expected)


def one_seed(seed: int, shift: float) -> list[dict[str, object]]:
    """Two donors beside none and zero; the third seed has no zero for donor B."""
    rows = []
    for donor, full in ("A", 0.8), ("B", 0.6):
        for control, strength, value in (
            ("target", 0.5, 0.5),
            ("target", 1.0, full),
            ("none", 0.0, 0.0),
            ("zero", 1.0, np.nan if (donor, seed) == ("B", 3) else 0.3 - shift),
        ):
            place = ("graft", SITE, "all", donor, 1, "free")
            case = {"seed": seed, "control": control, "strength": strength, "visible": True}
            rows.append(
                dict(zip(PLACE, place, strict=True)) | case | dict.fromkeys(MEASURES, value)
            )
    return rows


def test_specificity_pairs_donors_and_seeds() -> None:
    table = pd.DataFrame(one_seed(1, 0.0) + one_seed(2, 0.1) + one_seed(3, 0.2))
    summary = specificity(table).query("measure == 'success'").set_index(["control", "strength"])
    assert set(summary.index) == {("none", 0.5), ("none", 1.0), ("zero", 1.0)}
    zero = summary.loc[("zero", 1.0)]
    assert zero["target_mean"] == pytest.approx((0.7 + 0.7 + 0.8) / 3)
    assert zero["control_mean"] == pytest.approx(0.2)
    assert zero["difference"] == pytest.approx((0.4 + 0.5 + 0.7) / 3)
    assert zero["ci_low"] < zero["difference"] < zero["ci_high"]
    assert zero["n"] == 3
    assert summary.loc[("none", 0.5), "difference"] == pytest.approx(0.5)
