"""Runs compared through their training: planted checkpoints, stores, claims and the figure."""

import numpy as np
import pandas as pd
import pytest
from dynamics_examples import noisy_networks, rotation

from chunkscope.config import check
from chunkscope.dynamics.networks.claims import judge_runs
from chunkscope.dynamics.networks.comparing import (
    Checkpoint,
    choose_delays,
    compare_checkpoints,
    read_checkpoints,
)
from chunkscope.dynamics.networks.settings import RunComparisonSettings
from chunkscope.dynamics.settings import AlignmentSettings, DelaySettings, GridSettings
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import ConfigError, DynamicsError
from chunkscope.figures.dynamics_runs import draw_runs
from chunkscope.figures.settings import FigureSettings
from chunkscope.store import StoreWriter

SETTINGS = RunComparisonSettings(
    measures=("dsa", "cka"),
    settle=2,
    units=6,
    delays=DelaySettings(delays=2, rank=6),
    grid=GridSettings(delays=(1, 2), ranks=(4, 6)),
    alignment=AlignmentSettings(restarts=1, iterations=60),
)
STARTS = {"one": None, "two": "one", "on": "one"}
CORPORA = {"one": "words", "two": "others", "on": "words"}
SITE = "layers.0.hook_h"


@pytest.fixture(scope="module")
def checkpoints():
    """Run one becomes system b; of two that begin with it, two becomes c, and on stays."""
    rng = np.random.default_rng(0)
    a, b, c = noisy_networks(systems=3, units=6, trials=20, steps=60)
    courses = {"one": {0: a, 10: b, 20: b}, "two": {0: b, 10: c, 20: c}, "on": {0: b, 10: b, 20: b}}
    return [
        Checkpoint(run, step, seed, Trials.of(x @ rotation(6, rng), ("trial", "time", "unit")))
        for run, course in courses.items()
        for step, x in course.items()
        for seed in range(3)
    ]


@pytest.fixture(scope="module")
def distances(checkpoints):
    rng = np.random.default_rng(1)
    return compare_checkpoints(checkpoints, SETTINGS.delays, SETTINGS, rng)


def mean(distances, run, step, against, measure="dsa"):
    rows = distances[
        (distances["run"] == run)
        & (distances["step"] == step)
        & (distances["against"] == against)
        & (distances["measure"] == measure)
    ]
    return rows["distance"].mean()


def test_runs_are_compared_with_the_trained_first_of_other_seeds(distances):
    reference = distances[distances["against"] == "reference"]
    assert (reference["seed"] != reference["other"]).all()
    assert (reference.groupby(["run", "step", "seed", "measure"]).size() == 2).all()
    for measure in SETTINGS.measures:
        assert mean(distances, "one", 20, "reference", measure) < 1e-3
        assert mean(distances, "two", 0, "reference", measure) < 1e-3
        assert mean(distances, "one", 0, "reference", measure) > 0.05
        assert mean(distances, "two", 20, "reference", measure) > 0.05


def test_a_change_shows_at_the_checkpoint_after_it(distances):
    assert mean(distances, "one", 20, "before") < 1e-3
    assert mean(distances, "two", 10, "before") > 0.05
    assert mean(distances, "two", 20, "before") < 1e-3
    assert not len(distances[(distances["against"] == "before") & (distances["step"] == 0)])


def test_halves_are_of_the_end_of_each_run(distances):
    halves = distances[distances["against"] == "halves"]
    assert set(halves["step"]) == {20}
    assert set(halves["measure"]) == {"dsa"}
    assert len(halves) == 9


def test_what_is_planted_is_judged(distances):
    found = {claim.id: claim.verdict for claim in judge_runs(distances, STARTS, CORPORA)}
    assert found == {
        "dynamics-runs-nearer-one": "reproduced",
        "dynamics-runs-apart-two": "reproduced",
        "dynamics-runs-switch-two": "reproduced",
    }
    still = distances.copy()
    still.loc[(still["run"] == "two"), "distance"] = 0.0
    found = {claim.id: claim.verdict for claim in judge_runs(still, STARTS, CORPORA)}
    assert found["dynamics-runs-apart-two"] == "not reproduced"
    assert found["dynamics-runs-switch-two"] == "not reproduced"


@pytest.mark.parametrize("seeds", [1, 2])
def test_of_few_seeds_nothing_is_estimated(checkpoints, seeds):
    few = [one for one in checkpoints if one.seed < seeds]
    found = compare_checkpoints(few, SETTINGS.delays, SETTINGS, np.random.default_rng(1))
    claims = {claim.id: claim.verdict for claim in judge_runs(found, STARTS, CORPORA)}
    assert claims["dynamics-runs-nearer-one"] == "not estimable"
    assert claims["dynamics-runs-apart-two"] == "not estimable"
    _, marks = draw_runs(found, STARTS, FigureSettings())
    assert (marks["against"] == "before").any()


def test_a_run_is_drawn_behind_the_one_it_begins_with(distances):
    _, marks = draw_runs(distances, STARTS, FigureSettings())
    places = marks[marks["run"] == "two"].groupby("step")["place"].first()
    assert places.to_dict() == {0: 20, 10: 30, 20: 40}


def test_the_reference_chooses_the_delays(checkpoints):
    rng = np.random.default_rng(2)
    chosen = choose_delays(checkpoints, SETTINGS, rng)
    assert (chosen.delays, chosen.rank) in {(1, 4), (1, 6), (2, 4), (2, 6)}
    assert chosen == choose_delays(checkpoints, SETTINGS, np.random.default_rng(2))


def test_stores_are_read_without_their_beginning(tmp_path):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(2, 4, 9, 7)).astype(np.float32)
    path = tmp_path / "run@step0.zarr.zip"
    with StoreWriter(path, tokens=rng.integers(0, 3, (4, 9)), symbols="abc") as writer:
        for seed in range(2):
            writer.create(seed, {SITE: 7})
            writer.write(seed, 0, {SITE: values[seed]}, loss=np.zeros((4, 9)))
    found = read_checkpoints({("run", 0): path}, SETTINGS)
    assert [(one.run, one.step, one.seed) for one in found] == [("run", 0, 0), ("run", 0, 1)]
    assert found[0].trials.shape == (4, 7, 6)
    wide = SETTINGS.model_copy(update={"units": 8})
    with pytest.raises(DynamicsError, match=r"7 units of layers\.0\.hook_h vary, of which 8"):
        read_checkpoints({("run", 0): path}, wide)


def configured(**two):
    network = {"architecture": "gru", "hidden": 8}
    words = {"source": {"grammar": "words", "vocabulary": {"AB": 1.0}}}
    run = {"corpus": "words", "network": network, "seeds": 2, "studies": ["dynamics"]}
    return {"corpora": {"words": words}, "runs": {"one": run, "two": {**run, **two}}}


@pytest.mark.parametrize(
    ("two", "said"),
    [
        ({"start": "onne"}, "runs.two.start: got 'onne'; must be one; did you mean one?"),
        (
            {"start": "one", "network": {"architecture": "gru", "hidden": 9}},
            "runs.two.start: got 'one', whose network is another",
        ),
        ({"start": "one", "seeds": 3}, "runs.two.seeds: got 3; must be 2"),
        ({"start": "one", "studies": ["chunks"]}, "must be [dynamics] of a run that has a start"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(two, said):
    with pytest.raises(ConfigError) as error:
        check(configured(**two), "my.yaml")
    assert said in str(error.value)
    assert check(configured(start="one")).runs["two"].start == "one"


def test_without_dsa_nothing_is_judged(distances):
    others = pd.DataFrame(distances[distances["measure"] == "cka"])
    assert list(judge_runs(others, STARTS, CORPORA)) == []
