"""Known attractors: what the systems do, what is compared, and the verdicts."""

import numpy as np
import pandas as pd
import pytest

from chunkscope.dynamics.attractors.claims import judge_motifs, judge_noise, judge_regimes
from chunkscope.dynamics.attractors.motifs import (
    MOTIFS,
    TRIPLES,
    compare_motifs,
    draw_triples,
    summarise_motifs,
)
from chunkscope.dynamics.attractors.noise import compare_noise, summarise_noise
from chunkscope.dynamics.attractors.regimes import (
    RAYLEIGH,
    compare_regimes,
    draw_regimes,
    judge_grid,
    sensitivity,
    summarise_regimes,
)
from chunkscope.dynamics.attractors.settings import AttractorSettings
from chunkscope.dynamics.attractors.systems import integrate, lorenz, scaled
from chunkscope.dynamics.geometry import cka
from chunkscope.dynamics.selection import best
from chunkscope.dynamics.settings import AlignmentSettings, DelaySettings, GridSettings

SMALL = AttractorSettings(
    repeats=2,
    trials=40,
    triples=6,
    measures=("dsa", "cka", "procrustes"),
    grid=GridSettings(delays=(3, 10), intervals=(1,), ranks=(5, 10)),
    alignment=AlignmentSettings(restarts=0, iterations=20),
)
CHOSEN = DelaySettings(delays=10, rank=10, centred=False)


def end_of(r, steps=6000):
    initial = np.random.default_rng(0).uniform(size=(20, 3))
    return integrate(lorenz(r), initial, steps)[:, -1]


def test_the_regimes_of_the_lorenz_system_are_what_they_are_called():
    np.testing.assert_allclose(end_of(0.5), 0, atol=1e-6)
    for r in (5.0, 10.0):
        fixed = np.sqrt(2.667 * (r - 1))
        found = end_of(r)
        np.testing.assert_allclose(np.abs(found[:, :2]), fixed, rtol=1e-3)
        np.testing.assert_allclose(found[:, 2], r - 1, rtol=1e-3)
    chaotic = end_of(40.0)
    assert np.ptp(chaotic[:, 0]) > 10  # wherever it is, the trials are not in one place


def test_nearby_points_part_in_the_chaotic_regime_alone():
    initial = np.random.default_rng(1).uniform(size=(10, 3))
    apart = [
        np.linalg.norm(
            integrate(lorenz(r), initial, 1000)[:, -1]
            - integrate(lorenz(r), initial + 1e-6, 1000)[:, -1],
            axis=1,
        ).max()
        for r in (5.0, 40.0)
    ]
    assert apart[0] < 1e-5
    assert apart[1] > 1e-3


def test_every_trajectory_spans_0_to_1():
    values = scaled(integrate(lorenz(10.0), np.random.default_rng(2).uniform(size=(5, 3)), 50))
    np.testing.assert_allclose(values.min(axis=(1, 2)), 0)
    np.testing.assert_allclose(values.max(axis=(1, 2)), 1)


def test_shared_initial_points_are_shared():
    rng = np.random.default_rng(3)
    shared, own = (draw_regimes(SMALL, rng, initial) for initial in ("shared", "own"))
    assert len(shared) == len(RAYLEIGH) == 9
    assert cka(shared[0], shared[1]) > cka(own[0], own[1]) + 0.1
    triples = [("line", "curve", "wells"), ("line", "curve", "lorenz")]
    third = SMALL.steps // 3
    for initial, alike in (("shared", True), ("own", False)):
        one, other = draw_triples(triples, SMALL, rng, initial)
        near = np.abs(one.values[:, :third] - other.values[:, :third]).max() < 0.2
        assert near == alike


def test_there_are_sixty_triples_of_five_motifs_that_stay_in_reach():
    assert len(MOTIFS) == 5
    assert len(set(TRIPLES)) == 60
    for system in draw_triples(TRIPLES[::7], SMALL, np.random.default_rng(4), "own"):
        assert np.abs(system.values).max() < 5


@pytest.fixture(scope="module")
def regimes():
    return compare_regimes(SMALL, CHOSEN, seed=0)


def test_every_pair_of_systems_is_compared_once(regimes):
    one = regimes[(regimes["repeat"] == 1) & (regimes["initial"] == "own")]
    counts = one.groupby(["variant", "measure", "kind"]).size()
    assert set(counts.index.droplevel("kind")) == {
        ("published", "dsa"), ("double", "dsa"), ("chosen", "dsa"),
        ("chosen", "cka"), ("chosen", "procrustes"),
    }  # fmt: skip
    assert (counts.xs("within", level="kind") == 9).all()
    assert (counts.xs("across", level="kind") == 27).all()
    assert (counts.xs("redrawn", level="kind") == 9).all()
    assert (counts.xs("halves", level="kind") == 9).all()
    assert set(counts.xs("halves", level="kind").index.get_level_values("measure")) == {"dsa"}
    again = compare_regimes(SMALL, CHOSEN, seed=0)
    pd.testing.assert_frame_equal(regimes, again)


def test_geometry_parts_regimes_once_trials_match(regimes):
    summary = summarise_regimes(regimes, seed=0)
    auc = summary.groupby(["measure", "variant", "initial"])["auc"].mean()
    for measure in ("cka", "procrustes"):
        assert auc[measure, "chosen", "shared"] > auc[measure, "chosen", "own"] + 0.03
    columns = ["halves", "redrawn", "within", "across"]
    means = summary.groupby(["measure", "variant"])[columns].mean()
    dsa = means.loc[("dsa", "chosen")]
    assert max(dsa["halves"], dsa["redrawn"]) < dsa["within"] < dsa["across"]
    assert np.isnan(means.loc[("cka", "chosen"), "halves"])  # it compares trial by trial
    own = summary[(summary["initial"] == "own") & (summary["measure"] == "cka")]
    assert own["redrawn"].min() > 0.3  # the same system, from other points: not near at all


def test_the_published_means_are_reproduced():
    """All six, within and across, of DSA, CKA and Procrustes, to .05; two draws instead of five."""
    settings = AttractorSettings(repeats=2, measures=("dsa", "cka", "procrustes"))
    summary = summarise_regimes(compare_regimes(settings, CHOSEN, seed=1), seed=1)
    own = summary[(summary["initial"] == "own") & (summary["variant"] != "double")]
    dsa = own[(own["measure"] == "dsa") & (own["variant"] == "published")]
    assert dsa["within"].mean() == pytest.approx(0.22, abs=0.05)
    assert dsa["across"].mean() == pytest.approx(0.48, abs=0.05)
    for measure, within, across in (("cka", 0.79, 0.89), ("procrustes", 0.64, 0.78)):
        means = own[own["measure"] == measure][["within", "across"]].mean()
        np.testing.assert_allclose(means, [within, across], atol=0.05)


def test_the_setting_is_chosen_by_its_error(regimes):
    judged = judge_grid(SMALL, seed=0)
    table = sensitivity(SMALL, judged, seed=0)
    chosen = table.loc[table["error"].idxmin()]
    assert chosen["chosen"]
    assert table["chosen"].sum() == 1
    assert (best(judged).delays, best(judged).rank) == (chosen["delays"], chosen["rank"])
    fits = table["error"].notna()
    assert table.loc[fits, "auc"].between(0.5, 1).all()
    assert table.loc[~fits, "auc"].isna().all()


def test_geometry_falls_with_noise_in_proportion():
    table = compare_noise(SMALL, CHOSEN, seed=0)
    assert (table.groupby(["repeat", "mixed", "epoch", "variant", "measure"]).size() > 6).all()
    summary = summarise_noise(table)
    fresh = summary[(summary["mixed"] == "fresh noise") & (summary["measure"] == "cka")]
    np.testing.assert_allclose(fresh["first"], 0.025, atol=0.002)  # as published
    np.testing.assert_allclose(fresh["kept"], 0.25, atol=0.01)  # the noise falls to a quarter
    assert (fresh["redrawn"] > 10 * fresh["first"]).all()  # trials that do not match are far more
    dsa = summary[summary["measure"] == "dsa"]
    assert np.isfinite(dsa[["halves", "redrawn"]]).all(axis=None)
    claims = {claim.id: claim for claim in judge_noise(summary)}
    assert claims["dynamics-noise-fresh"].verdict == "reproduced"


def test_compositions_are_compared_by_what_they_share():
    table = compare_motifs(SMALL, seed=0)
    summary = summarise_motifs(table)
    pairs = table[table["kind"] == "pair"]
    assert (
        table.loc[table["kind"] != "pair", "first"] == table["second"][table["kind"] != "pair"]
    ).all()
    assert set(pairs["shared"]) <= {1, 2, 3}
    one = pairs.iloc[0]
    assert len(set(one["first"].split("-")) & set(one["second"].split("-"))) == one["shared"]
    assert (summary["halves"].notna() == (summary["measure"] == "dsa")).all()
    assert summary["redrawn"].notna().all()
    dsa = summary[summary["measure"] == "dsa"]
    assert (dsa["redrawn"] < dsa["one"]).all()


def test_a_slope_needs_pairs_that_share_more_and_fewer():
    row = {"repeat": 0, "initial": "own", "variant": "chosen", "measure": "dsa", "unit": "radians"}
    pairs = [{"kind": "pair", "shared": n, "distance": 0.9 - 0.2 * n} for n in (1, 2, 3, 1)]
    halves = {"kind": "halves", "shared": 3, "distance": 0.1}
    found = summarise_motifs(pd.DataFrame([{**row, **one} for one in (*pairs, halves)])).iloc[0]
    assert found["slope"] == pytest.approx(-0.2)
    assert found["relative"] == pytest.approx(-0.2 / 0.7)
    assert found["halves"] == pytest.approx(0.1)
    alike = summarise_motifs(pd.DataFrame([{**row, **one} for one in (pairs[0], pairs[3])]))
    assert np.isnan(alike["slope"].iloc[0])


def composed(dsa, cka, spread=0.01):
    """A summary in which dissimilarity changes by these shares with every motif that is shared."""
    rows = []
    for repeat in range(5):
        for initial in ("own", "shared"):
            for measure, relative in (("dsa", dsa), ("cka", cka), ("procrustes", 0.0)):
                means = {"one": 0.5, "two": 0.4, "three": 0.3, "halves": 0.1}
                row = {"repeat": repeat, "initial": initial, "measure": measure}
                row |= {"variant": "chosen", "relative": relative + spread * (repeat - 2)}
                rows.append(row | means)
    return pd.DataFrame(rows)


def test_verdicts_of_compositions_follow_their_rules():
    """A slope below 0, and the steepest of all; alone; and none that is told from 0."""
    for dynamics, geometry, verdict in (
        (-0.2, -0.1, "reproduced"),
        (-0.2, -0.3, "direction only"),
        (-0.01, -0.005, "not reproduced"),
    ):
        assert {claim.verdict for claim in judge_motifs(composed(dynamics, geometry))} == {verdict}


def planted(within, across, auc=0.9, spread=0.001):
    """A summary in which every measure has these means, with a little spread over repeats."""
    rows = []
    for repeat in range(5):
        for initial in ("own", "shared"):
            for measure, variant in (
                ("dsa", "published"),
                ("dsa", "double"),
                ("cka", "chosen"),
                ("procrustes", "chosen"),
            ):
                rows.append(
                    {
                        "repeat": repeat, "initial": initial, "measure": measure,
                        "variant": variant, "within": within + spread * repeat, "across": across,
                        "halves": 0.1, "redrawn": 0.1,
                        "auc": auc + spread * (repeat - 1) * (measure == "dsa"),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_verdicts_follow_their_rules():
    near = {claim.id: claim.verdict for claim in judge_regimes(planted(0.22, 0.48))}
    assert near["dynamics-regimes-dsa"] == "reproduced"
    assert near["dynamics-regimes-cka"] == "direction only"  # apart, but not as published
    assert near["dynamics-regimes-rounding"] == "not reproduced"
    assert near["dynamics-regimes-ranking"] == "direction only"
    assert near["dynamics-regimes-shared"] == "not reproduced"
    flat = {claim.id: claim.verdict for claim in judge_regimes(planted(0.5, 0.4))}
    assert flat["dynamics-regimes-dsa"] == "not reproduced"
