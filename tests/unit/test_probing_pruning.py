"""Pruning tells copies, a single carrier and a code apart, and takes away what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from probing_examples import SETTINGS, SITES, TELLS, TRAIN, write_probed

from chunkscope.probing.conditions import BALANCED, PROBE, UNTRAINED
from chunkscope.probing.narrowing import narrowed
from chunkscope.probing.probe import Sample
from chunkscope.probing.pruning.claims import judge_pruning
from chunkscope.probing.pruning.planted import (
    CARRIERS,
    planted_case,
    prune_planted,
    sample_of,
    summary_of_planted,
)
from chunkscope.probing.pruning.rounds import prune
from chunkscope.probing.pruning.settings import PruningSettings
from chunkscope.probing.pruning.study import prune_run, summary_of_pruning, with_kept
from chunkscope.probing.reading import read_features
from chunkscope.probing.scoring import Study
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.solvers.logistic import balanced_weights, fit_logistic
from chunkscope.probing.terms import ALL, BEST, RANDOM
from chunkscope.store import ActivationStore

PRUNING = PruningSettings()
CHANCE = 2 * 0.2 / 1.2  # F1 of calling every row positive, at 20 % positives


def example(case: str = "code", seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    return sample_of(planted_case(case, rng), ProbingSettings().rows, rng)


def rounds(sample: Sample, pruning: PruningSettings = PRUNING, seed: int = 0) -> pd.DataFrame:
    found = prune(sample, ProbingSettings(), pruning, np.random.default_rng(seed))
    return pd.DataFrame(found).query(f"prevalence == '{BALANCED}'")


def curve(table: pd.DataFrame, size: int, order: str = BEST) -> np.ndarray:
    rows = table[(table["size"] == size) & (table["order"] == order)]
    return rows.sort_values("round")["f1"].to_numpy()


def without(sample: Sample, unit: int) -> Sample:
    """The same rows with one unit fewer."""
    kept = np.delete(np.arange(sample.fit.shape[1]), unit)
    parts = {name: getattr(sample, name)[:, kept] for name in ("fit", "validation", "test")}
    return replace(sample, **parts, constant=sample.constant[kept])


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    table = summary_of_planted(pd.DataFrame(prune_planted(ProbingSettings(), PRUNING, 0)))
    return table[(table["prevalence"] == BALANCED) & (table["measure"] == "f1")]


def planted_curve(planted: pd.DataFrame, case: str, size: int, order: str = BEST) -> np.ndarray:
    of = planted[planted["case"] == case].rename(columns={"mean": "f1"})
    return curve(of, size, order)


@pytest.mark.parametrize("case", CARRIERS)
def test_nothing_is_left_when_the_last_carrier_is_gone_and_something_before(planted, case):
    for size in (1, PRUNING.size):
        f1 = planted_curve(planted, case, size)
        assert f1[: CARRIERS[case]].min() > CHANCE + 0.3
        assert f1[CARRIERS[case] :] == pytest.approx(CHANCE, abs=0.04)


def test_copies_are_worth_no_more_together_than_alone(planted):
    few, one = (planted_curve(planted, "copies", size) for size in (PRUNING.size, 1))
    assert few == pytest.approx(one, abs=0.03)
    before = few[: CARRIERS["copies"]]
    assert np.ptp(before) < 0.03


def test_a_code_is_read_by_several_units_and_each_that_goes_costs(planted):
    few, one = (planted_curve(planted, "code", size) for size in (PRUNING.size, 1))
    assert few[0] > one[0] + 0.05
    assert (np.diff(few[: CARRIERS["code"] + 1]) < -0.01).all()


@pytest.mark.parametrize("case", CARRIERS)
def test_units_that_go_at_random_cost_less(planted, case):
    at_random = planted_curve(planted, case, PRUNING.size, RANDOM)
    assert at_random.mean() > planted_curve(planted, case, PRUNING.size).mean() + 0.1


def test_the_unit_that_goes_is_the_one_of_the_lowest_loss_by_itself():
    sample = example()
    y, weights = sample.rows.fit.y, balanced_weights(sample.rows.fit.y)
    losses = [
        fit_logistic(sample.fit[:, [unit]], y, PRUNING.penalty, weights).objective
        for unit in range(sample.fit.shape[1])
    ]
    one = rounds(sample).query("size == 1").sort_values("round")
    assert [int(unit) for unit in one["units"]] == list(np.argsort(losses)[: len(one)])


def test_a_round_is_what_the_first_one_is_without_the_unit():
    sample = example()
    table = rounds(sample)
    best = int(table.query("size == 1 and round == 0")["units"].iloc[0])
    again = rounds(without(sample, best))
    for size in (1, PRUNING.size):
        assert curve(table, size)[1:] == pytest.approx(curve(again, size)[:10], abs=1e-9)


def test_no_probe_reads_a_unit_that_is_gone():
    table = rounds(example("copies"))
    gone = [int(unit) for unit in table.query("size == 1").sort_values("round")["units"]]
    for row in table.query(f"size > 1 and order == '{BEST}'").to_dict("records"):
        read = {int(unit) for unit in row["units"].split()}
        assert len(read) == PRUNING.size
        assert not read & set(gone[: row["round"]])


def test_chance_draws_the_units_that_go_at_random_and_nothing_else():
    first, again, other = (rounds(example(), seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not np.array_equal(curve(first, 5, RANDOM), curve(other, 5, RANDOM))
    for size in (1, 5):
        assert curve(first, size) == pytest.approx(curve(other, size), abs=0)


def test_test_rows_decide_nothing():
    sample = example()
    shuffled = np.random.default_rng(1).permuted(sample.test, axis=0)
    table, changed = rounds(sample), rounds(replace(sample, test=shuffled))
    assert list(table["units"]) == list(changed["units"])
    assert curve(changed, 5)[0] < curve(table, 5)[0] - 0.3


def test_rounds_end_before_a_probe_lacks_units():
    sample = example()
    few = sample
    for _ in range(sample.fit.shape[1] - 7):
        few = without(few, 0)
    assert rounds(few)["round"].max() == 2
    assert rounds(few, PruningSettings(size=7))["round"].max() == 0
    assert rounds(sample, PruningSettings(units=6))["round"].max() == 1


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("pruning")
    paths = [write_probed(folder / f"{told}.zarr.zip", told) for told in (True, False)]
    with ActivationStore.open(paths[0]) as trained, ActivationStore.open(paths[1]) as untrained:
        stores = {PROBE: trained, UNTRAINED: untrained}
        return prune_run(stores, Study(SETTINGS, 0, "example"), PruningSettings(rounds=3))


def test_the_carrier_of_a_store_is_found_and_missed(pruned):
    of = pruned[(pruned["site"] == SITES[1]) & (pruned["name"] == "abc")]
    of = of[(of["order"] == BEST) & (of["prevalence"] == BALANCED) & (of["kind"] == "word")]
    one = of[of["size"] == 1].pivot_table(index="round", columns="condition", values="f1")
    first = of.query(f"size == 1 and round == 0 and condition == '{PROBE}'")
    assert set(first["units"]) == {str(TELLS)}
    assert one[PROBE][0] > 0.9
    assert one[PROBE][1] < one[PROBE][0] - 0.3
    assert one[UNTRAINED][0] < 0.7


def test_fewer_features_are_the_commonest_ones_on_the_rows_that_they_had(tmp_path):
    study = Study(SETTINGS, 0, "example")
    with ActivationStore.open(write_probed(tmp_path / "store.zarr.zip", True)) as store:
        every, fewer = (
            read_features(store, of.settings, 0, "example")[0] for of in (study, narrowed(study, 1))
        )
    rows = {(one.feature.kind, one.feature.name): one.rows for one in every}
    assert len(rows) == 4
    for one in fewer:
        had = rows[one.feature.kind, one.feature.name]
        for part, other in zip(one.rows.parts, had.parts, strict=True):
            np.testing.assert_array_equal(part.steps, other.steps)
        kind = [of for of in every if of.feature.kind == one.feature.kind]
        known = [of.feature.labels[:TRAIN] for of in kind]
        shares = [np.mean(labels[labels >= 0]) for labels in known]
        assert one.feature.name == kind[int(np.argmax(shares))].feature.name
    assert [one.feature.kind for one in fewer] == ["word", "symbol"]


def test_what_is_kept_is_the_share_above_the_floor():
    rows = [("a", 0, 0.8, 0.4), ("a", 1, 0.6, 0.4), ("b", 0, 1.0, 0.2), ("b", 1, 0.2, 0.2)]
    rows += [("nothing told", 0, 0.34, 0.33), ("nothing told", 1, 0.36, 0.33)]
    table = pd.DataFrame(rows, columns=["of", "round", "f1", "floor"])
    table = table.assign(order=BEST, size=5, prevalence=BALANCED)
    kept = list(with_kept(table, ["of"])["kept"])
    assert kept == pytest.approx([1, 0.5, 1, 0, np.nan, np.nan], nan_ok=True)


def test_all_features_count_once_each(pruned):
    summary = summary_of_pruning(pruned).query("measure == 'f1' and order == 'best' and round == 0")
    row = summary.query(f"kind == '{ALL}' and condition == 'probe' and size == 5")
    by_member = (
        pruned.query("order == 'best' and round == 0 and condition == 'probe' and size == 5")
        .groupby(["prevalence", "member"])["f1"]
        .mean()
    )
    for prevalence, mean in zip(row["prevalence"], row["mean"], strict=True):
        assert mean == pytest.approx(by_member[prevalence].mean())
    assert (row["n"] == 2).all()


@pytest.mark.parametrize(
    ("kept", "verdict"),
    [
        ((0.95, 0.96, 0.97), "reproduced"),
        ((0.8, 0.99), "direction only"),
        ((0.2, 0.3), "not reproduced"),
        ((0.95,), "not estimable"),
    ],
)
def test_the_claim_is_judged_by_what_is_kept_without_the_best_unit(kept, verdict):
    rows = [
        {
            "kind": "word", "name": "a", "site": "s", "member": member, "condition": condition,
            "order": order, "size": 5, "prevalence": BALANCED, "round": at,
            "f1": 0.3 + 0.5 * (share if at else 1), "floor": 0.3,
        }
        for member, share in enumerate(kept)
        for condition in (PROBE, UNTRAINED)
        for order in (BEST, RANDOM)
        for at in (0, 1)
    ]  # fmt: skip
    (claim,) = judge_pruning({"r": pd.DataFrame(rows)})
    assert claim.verdict == verdict
    assert claim.value.mean == pytest.approx(np.mean(kept))
