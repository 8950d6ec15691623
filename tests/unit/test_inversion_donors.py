"""Donors stand for the members they were drawn from; a site that all goes through decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chunkscope.grammars import Counting
from chunkscope.inversion.distances import Metric
from chunkscope.inversion.donor_settings import DonorSettings
from chunkscope.inversion.donors import COLUMNS, functional_radii, patch_balls
from chunkscope.inversion.patching import answers
from chunkscope.inversion.reading import Reading
from chunkscope.inversion.settings import InversionSettings
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import GPTSettings
from chunkscope.store import ActivationStore
from chunkscope.store.recording import record_inputs

INPUTS = Counting(letters=3, distinct=2, most=3).inputs()
MODEL = GPTSettings(layers=1, width=16, heads=2, context=12, initial_sd=1.0, embedding_sd=0.5)
LAST = "blocks.0.hook_resid_post"
SETTINGS = InversionSettings(queries=20, held_out=0.5, radius=0.3)
READING = Reading(INPUTS, "colon", (LAST, "blocks.0.attn.hook_result.0"), SETTINGS, seed=0)
DONORS = DonorSettings(inside=6, outside=2, searched=400)


@pytest.fixture(scope="module")
def network() -> Network:
    return build(MODEL, len(INPUTS.symbols), [3, 4], INPUTS.symbols)


@pytest.fixture(scope="module")
def activity(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("donors") / "inputs.zarr.zip"
    record_inputs(network, INPUTS, ["target", "colon"], list(READING.sites), path)
    return path


@pytest.fixture(scope="module")
def patches(network: Network, activity: Path) -> pd.DataFrame:
    with ActivationStore.open(activity) as store:
        return patch_balls(store, network, [0, 1], READING, DONORS)


def test_all_members_and_queries_have_donors(patches: pd.DataFrame) -> None:
    assert tuple(patches.columns) == COLUMNS
    assert set(patches["member"]) == {0, 1}
    assert set(patches["site"]) == set(READING.sites)
    assert set(patches["query"]) == set(range(SETTINGS.queries))
    assert (READING.queries[patches["query"]] != patches["donor"]).all()


def test_distances_and_balls_are_those_of_the_metric(patches: pd.DataFrame, activity: Path) -> None:
    with ActivationStore.open(activity) as store:
        values = store.activations(1, LAST)[:, 1]
    metric = Metric("euclidean", np.zeros(values.shape[1]))
    of = patches[(patches["member"] == 1) & (patches["site"] == LAST)]
    for row in of.sample(60, random_state=0).itertuples():
        apart = metric.distance(values[[row.donor]], values[[READING.queries[row.query]]])[0, 0]
        assert row.distance == pytest.approx(apart, abs=1e-6)
        assert row.inside == (apart <= SETTINGS.radius)


def test_donors_stand_for_as_much_as_there_is(patches: pd.DataFrame, activity: Path) -> None:
    with ActivationStore.open(activity) as store:
        values = store.activations(0, LAST)[:, 1]
    metric = Metric("euclidean", np.zeros(values.shape[1]))
    of = patches[(patches["member"] == 0) & (patches["site"] == LAST)]
    for at, part in of.groupby("query"):
        query = READING.queries[at]
        near = metric.distance(values, values[[query]])[0] <= SETTINGS.radius
        near[query] = False
        mass = INPUTS.probability[near].sum()
        assert part.loc[part["inside"], "weight"].sum() == pytest.approx(mass)
        beyond = part.loc[~part["inside"], "weight"].sum()
        assert beyond == pytest.approx(1 - mass, abs=0.1)  # estimated from 400 inputs


def test_the_last_of_the_stream_decides_the_answer(patches: pd.DataFrame, network: Network) -> None:
    own = answers(network.select([0]), INPUTS, "colon")
    of = patches[(patches["member"] == 0) & (patches["site"] == LAST)]
    np.testing.assert_array_equal(of["kept"], own[of["donor"]] == own[READING.queries[of["query"]]])
    assert 0 < of["kept"].mean() < 1


def test_functional_radii_are_those_of_all_inputs_patched(activity: Path, network: Network) -> None:
    """Against every input in the place of a query, at the site that decides the answer."""
    many = DonorSettings(inside=60, outside=12, searched=2000)
    with ActivationStore.open(activity) as store:
        values = store.activations(0, LAST)[:, 1]
        table = patch_balls(store, network, [0], READING, many)
    own = answers(network.select([0]), INPUTS, "colon")
    metric = Metric("euclidean", np.zeros(values.shape[1]))
    radii = functional_radii(table[table["site"] == LAST], 0.95).set_index("query")["radius"]
    held = []
    for at, query in enumerate(READING.queries):
        apart = metric.distance(values, values[[query]])[0]
        apart[query] = np.inf
        within = apart <= radii[at]
        if within.any():
            held.append(np.average(own[within] == own[query], weights=INPUTS.probability[within]))
    assert len(held) > 10
    assert np.mean(held) > 0.95
    assert np.min(held) > 0.85


def test_functional_radii_are_of_every_query(patches: pd.DataFrame) -> None:
    radii = functional_radii(patches, 0.95)
    assert len(radii) == 2 * 2 * SETTINGS.queries
    everything = functional_radii(patches.assign(kept=True), 0.95)
    farthest = patches.groupby(["member", "site", "query"], sort=False)["distance"].max()
    np.testing.assert_allclose(everything["radius"], farthest.to_numpy())
    assert functional_radii(patches.assign(kept=False), 0.95)["radius"].isna().all()
    assert (radii["radius"].fillna(0) <= farthest.to_numpy() + 1e-12).all()


def test_no_member_gives_no_rows(network: Network, activity: Path) -> None:
    with ActivationStore.open(activity) as store:
        empty = patch_balls(store, network, [], READING, DONORS)
    assert empty.empty
    assert tuple(empty.columns) == COLUMNS
    assert functional_radii(empty, 0.95).empty
