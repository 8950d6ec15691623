"""Networks of the composed task compared: planted systems, stores, claims and their figures."""

import numpy as np
import pandas as pd
import pytest
from dynamics_examples import noisy_networks, rotation

from chunkscope.dynamics.settings import AlignmentSettings, DelaySettings, GridSettings
from chunkscope.dynamics.tasks.claims import TABLES, Tables, by_seed, judge_tasks, over_seeds
from chunkscope.dynamics.tasks.comparing import (
    Member,
    choose_delays,
    compare_members,
    judge_delays,
    read_members,
    sensitivity,
)
from chunkscope.dynamics.tasks.groups import GROUPS
from chunkscope.dynamics.tasks.recording import write_probe
from chunkscope.dynamics.tasks.settings import ComparisonSettings, TaskStudySettings
from chunkscope.dynamics.tasks.study import draw_probe
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError
from chunkscope.figures.dynamics_groups import draw_groups
from chunkscope.figures.dynamics_learning import draw_learning
from chunkscope.figures.settings import FigureSettings
from chunkscope.grammars.decisions import ANSWERS, CHANNELS
from chunkscope.networks.building import build
from chunkscope.networks.settings import TanhSettings
from chunkscope.store import ActivationStore
from chunkscope.store.settings import StoreSettings

SETTINGS = ComparisonSettings(
    measures=("dsa", "cka", "procrustes"),
    delays=DelaySettings(delays=2, rank=8),
    grid=GridSettings(delays=(1, 2), ranks=(4, 8)),
    alignment=AlignmentSettings(restarts=1, iterations=60),
)
SEEDS = range(3)
SITE = "layers.0.hook_h"


def trials(values):
    return Trials.of(values, ("trial", "time", "unit"))


@pytest.fixture(scope="module")
def members():
    """Masters and ``pretrain_frozen`` that are one network, rotated; ``untrained`` is another."""
    rng = np.random.default_rng(0)
    one, other = noisy_networks(systems=2, units=8, trials=20, steps=60)
    return [
        Member(group, share, seed, trials(values @ rotation(8, rng)))
        for share in (0, 100)
        for group, values in (("master", one), ("pretrain_frozen", one), ("untrained", other))
        for seed in SEEDS
    ]


@pytest.fixture(scope="module")
def distances(members):
    rng = np.random.default_rng(1)
    return compare_members(members, set(SEEDS), SETTINGS.delays, SETTINGS, rng)


def test_networks_are_compared_with_masters_of_other_seeds(distances):
    matched = distances[distances["trials"] == "matched"]
    assert (matched["seed"] != matched["master"]).all()
    assert (matched.groupby(["measure", "share", "group", "seed"]).size() == 2).all()
    means = matched.groupby(["measure", "group"])["distance"].mean()
    for measure in SETTINGS.measures:
        assert means[measure, "master"] < 1e-3  # rotations of one another
        assert means[measure, "pretrain_frozen"] < 1e-3
        assert means[measure, "untrained"] > 0.05


def test_a_master_that_did_not_learn_is_no_measure(members):
    rng = np.random.default_rng(1)
    found = compare_members(members, {0, 2}, SETTINGS.delays, SETTINGS, rng)
    matched = found[(found["trials"] == "matched") & (found["measure"] == "dsa")]
    counts = matched[matched["share"] == 100].groupby(["group", "seed"]).size()
    assert set(matched["master"]) == {0, 2}
    assert counts["untrained", 1] == 2
    assert counts["untrained", 0] == 1


def test_without_matched_trials_geometry_knows_nothing(distances):
    shuffled = distances[distances["trials"] == "shuffled"]
    assert set(shuffled["measure"]) == {"cka", "procrustes"}
    means = shuffled.groupby(["measure", "group"])["distance"].mean()
    assert means["cka", "master"] > 0.8
    assert means["cka", "master"] == pytest.approx(means["cka", "untrained"], abs=0.1)


def test_halves_are_of_trained_networks_alone(distances):
    halves = distances[distances["trials"] == "halves"]
    assert set(halves["share"]) == {100}
    assert set(halves["measure"]) == {"dsa"}  # components do not correlate
    assert (halves["distance"] > 0.01).all()


def test_every_setting_that_fits_is_looked_at(members):
    judged = judge_delays(members, set(SEEDS), SETTINGS, np.random.default_rng(2))
    delays = choose_delays(judged, members)
    table = sensitivity(members, set(SEEDS), judged, delays, SETTINGS)
    assert len(table.groupby(["delays", "rank"])) == 4
    chosen = table[table["chosen"]].iloc[0]
    assert (chosen["delays"], chosen["rank"]) == (delays.delays, delays.rank)
    assert chosen["error"] == table["error"].min()


def test_a_setting_that_one_network_does_not_reach_is_left_out(members):
    """Three directions alone, in one seed of one group: the ranks of the others do not serve."""
    rng = np.random.default_rng(3)
    shape = members[0].trials.shape
    low = trials(rng.normal(size=(*shape[:2], 3)) @ rng.normal(size=(3, shape[2])))
    poor = [*members[:-1], Member("untrained", 100, 2, low)]
    judged = judge_delays(poor, set(SEEDS), SETTINGS, np.random.default_rng(2))
    assert all(np.isfinite(one.error) for one in judged)
    delays = choose_delays(judged, poor)
    assert (delays.delays, delays.rank) == (2, 4)  # two delays of three directions
    table = sensitivity(poor, set(SEEDS), judged, delays, SETTINGS)
    assert set(zip(table["delays"], table["rank"], strict=True)) == {(2, 4)}
    rank = [one for one in judged if one.settings.rank == 8]
    with pytest.raises(DynamicsError, match="grid: seed 2 of untrained at 100 %: rank: got 8"):
        choose_delays(rank, poor)


def test_masters_that_did_not_learn_do_not_choose_delays(members):
    foretold = [
        [one.error for one in judge_delays(members, learned, SETTINGS, np.random.default_rng(2))]
        for learned in ({0}, set(SEEDS), set())
    ]
    assert foretold[0] != foretold[1]
    assert foretold[1] == foretold[2]  # where none did, all count


def test_stores_give_back_what_networks_did(tmp_path):
    study = TaskStudySettings()
    network = build(TanhSettings(hidden=12, leak=0.2), len(ANSWERS), [0, 1], ANSWERS, CHANNELS)
    paths = {}
    for seed, group in enumerate(("master", "untrained")):
        probe = draw_probe(study, seed=0)
        path = tmp_path / f"{group}@100.zarr.zip"
        write_probe(network, probe, SITE, path, StoreSettings(), {"group": group})
        paths[group, 100] = path
        with ActivationStore.open(path) as store:
            assert store.inputs().shape == (100, 60, len(CHANNELS))
            assert store.activations(seed, SITE).shape == (100, 60, 12)
    found = read_members(paths, SITE, units=5)
    assert [(m.group, m.seed) for m in found] == [(g, s) for g, _ in paths for s in (0, 1)]
    assert found[0].trials.ids == found[2].trials.ids  # the same trials were given
    np.testing.assert_allclose(found[0].trials.values, found[2].trials.values)
    assert found[0].trials.shape == (100, 60, 5)
    with pytest.raises(DynamicsError, match=r"lower dynamics\.tasks\.compared\.units"):
        read_members(paths, SITE, units=13)


def planted(means, learned=True):
    """Tables of all groups at these means (0.2 where none is given), with a little spread."""
    rng = np.random.default_rng(3)
    rows, learning, accuracy, settings = [], [], [], []
    for group in GROUPS:
        for seed in range(5):
            learning.append(
                {"group": group.name, "phase": "master", "seed": seed, "learned": learned}
            )
            for share in (0, 50, 100):
                right = 0.5 + share / 200 + 0.02 * rng.normal()
                accuracy.append(
                    {"group": group.name, "share": share, "seed": seed, "accuracy": right}
                )
                for measure in ("dsa", "cka", "procrustes"):
                    for kind in ("matched", "shuffled", "halves"):
                        for master in [seed] if kind == "halves" else {*range(5)} - {seed}:
                            value = means.get((measure, group.name), 0.2) + 0.01 * rng.normal()
                            value = 0.98 if kind == "shuffled" else value
                            rows.append(
                                {"group": group.name, "share": share, "seed": seed,
                                 "master": master, "measure": measure, "trials": kind,
                                 "distance": value}
                            )  # fmt: skip
            for rank in (5, 10):
                settings.append(
                    {"delays": 3, "interval": 1, "rank": rank, "group": group.name, "seed": seed,
                     "master": 0, "distance": means.get(("dsa", group.name), 0.2)}
                )  # fmt: skip
    return Tables(True, *map(pd.DataFrame, (rows, learning, accuracy, settings)))


def verdicts(tables):
    return {c.id.removesuffix("-x"): c.verdict for c in judge_tasks({"x": tables})}


def test_verdicts_follow_their_rules():
    frozen = {("dsa", f"partial_frozen_{one}"): 0.35 for one in ("A", "B", "C")}
    far = planted({("dsa", "untrained"): 0.6, ("dsa", "master_frozen"): 0.5, **frozen})
    found = verdicts(far)
    assert found["dynamics-tasks-untrained"] == "reproduced"
    assert found["dynamics-tasks-master-frozen"] == "reproduced"
    assert found["dynamics-tasks-parts"] == "reproduced"
    assert found["dynamics-tasks-geometry"] == "reproduced"  # nothing is planted in it
    assert found["dynamics-tasks-unmatched"] == "reproduced"
    near = verdicts(planted({("dsa", "untrained"): 0.1, ("cka", "untrained"): 0.6,
                             ("procrustes", "untrained"): 0.6}))  # fmt: skip
    assert near["dynamics-tasks-untrained"] == "not reproduced"
    assert near["dynamics-tasks-geometry"] == "not reproduced"


def test_state_space_models_are_judged_by_how_far_apart_their_groups_are():
    for untrained, verdict in ((0.2, "reproduced"), (0.3, "not reproduced")):
        tables = planted({("dsa", "untrained"): untrained})
        state_space = Tables(False, *(getattr(tables, name) for name in TABLES))
        assert verdicts(state_space)["dynamics-tasks-reservoir"] == verdict


@pytest.mark.parametrize("sign", [-1, 1])
def test_accuracy_goes_with_distance_where_it_does(sign):
    tables = planted({})
    accuracy = tables.accuracy.rename(columns={"accuracy": "distance"})
    accuracy["distance"] = 0.5 - sign * 0.3 * (accuracy["distance"] - 0.75)
    own = tables.distances[tables.distances["measure"] == "dsa"].drop(columns="distance")
    joined = own.merge(accuracy, on=["group", "share", "seed"])
    above = tables.accuracy.assign(
        accuracy=lambda t: t["accuracy"].where(t["group"] != "master", 1)
    )
    found = Tables(True, joined, tables.learning, above, tables.sensitivity)
    (claim,) = (c for c in judge_tasks({"x": found}) if "accuracy" in c.id)
    assert claim.value.mean * sign > 0.9


@pytest.mark.parametrize("masters", [set(), {1}])
def test_claims_survive_masters_that_did_not_learn(members, masters):
    found = compare_members(members, masters, SETTINGS.delays, SETTINGS, np.random.default_rng(1))
    tables = planted({})
    kept = Tables(True, found, tables.learning, tables.accuracy, tables.sensitivity.iloc[:0])
    assert verdicts(kept)["dynamics-tasks-parts"] == "not estimable"


def test_intervals_know_that_masters_are_shared():
    """Distances |x_i - x_j| of networks that are numbers: the interval holds what it should."""
    inside, whole = [], planted({})
    for trial in range(100):
        places = np.random.default_rng(trial).normal(size=5)
        rows = [
            {"group": "master", "share": 100, "seed": i, "master": j, "measure": "dsa",
             "trials": "matched", "distance": abs(places[i] - places[j])}
            for i in range(5) for j in range(5) if i != j
        ]  # fmt: skip
        found = Tables(True, pd.DataFrame(rows), *(getattr(whole, name) for name in TABLES[1:]))
        interval = over_seeds(found, lambda left: float(by_seed(left, "dsa")["master"].mean()))
        inside.append(interval.low <= 2 / np.sqrt(np.pi) <= interval.high)
    assert np.mean(inside) > 0.87


def test_networks_that_did_not_learn_are_left_out():
    tables = planted({}, learned=False)
    wide = by_seed(tables, "dsa")
    assert wide[["master", "pretrain_frozen"]].isna().all(axis=None)
    assert wide[["untrained", "master_frozen"]].notna().all(axis=None)
    assert verdicts(tables)["dynamics-tasks-untrained"] == "not estimable"


@pytest.mark.parametrize("learned", [True, False])
def test_figures_show_what_there_is(learned):
    cells = {"leaky": planted({("dsa", "untrained"): 0.6}, learned)}
    _, groups = draw_groups(cells, FigureSettings())
    found = groups.set_index(["measure", "trials", "group"])["mean"]
    assert found["dsa", "matched", "untrained"] == pytest.approx(0.6, abs=0.05)
    assert np.isnan(found["dsa", "matched", "master"]) == (not learned)
    _, learning = draw_learning(cells, FigureSettings())
    assert set(learning["share"]) == {0, 50, 100}


def test_without_masters_nothing_is_compared(members):
    found = compare_members(members, set(), SETTINGS.delays, SETTINGS, np.random.default_rng(1))
    assert set(found["trials"]) == {"halves"}
