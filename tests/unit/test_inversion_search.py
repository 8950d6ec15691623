"""Search: what is found is what brute force over all steps finds, and says what is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chunkscope.grammars import Counting, Words, prefixes
from chunkscope.inversion import search
from chunkscope.inversion.distances import Metric
from chunkscope.inversion.search import ANYWHERE, AT_POINT, COLUMNS, search_inputs
from chunkscope.inversion.settings import InversionSettings
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import GPTSettings, GRUSettings

INPUTS = Counting(letters=3, distinct=2, most=3).inputs()
MODEL = GPTSettings(layers=1, width=16, heads=2, context=12, initial_sd=0.5, embedding_sd=0.5)
SITE = "blocks.0.hook_resid_post"
SETTINGS = InversionSettings(queries=20, held_out=0.3, radius=0.3, radii=(0.05,), searched=500)


@pytest.fixture(scope="module")
def network() -> Network:
    return build(MODEL, len(INPUTS.symbols), [3], INPUTS.symbols)


def test_the_nearest_step_is_that_of_brute_force(network: Network) -> None:
    some, rng = INPUTS.take(np.arange(0, len(INPUTS), 50)), np.random.default_rng(0)
    every = search._every_step(network, some, [SITE])[SITE]
    asked = rng.standard_normal((5, 16)) * every.std()
    metric = Metric("euclidean", np.zeros(16))
    nearest, where = search._nearest(metric, every, some.length, asked)
    for query in range(5):
        for row in range(len(some)):
            steps = every[row, : some.length[row]].astype(float)
            apart = np.linalg.norm(steps - asked[query], axis=1) / np.linalg.norm(asked[query])
            assert nearest[query, row] == pytest.approx(apart.min(), abs=1e-6)
            assert apart[where[query, row]] == pytest.approx(apart.min(), abs=1e-6)


def test_more_is_found_at_any_step_than_at_the_point(network: Network) -> None:
    table = search_inputs(network, [0], INPUTS, {"target": [SITE]}, SETTINGS, seed=0)
    assert tuple(table.columns) == COLUMNS
    assert set(table["radius"]) == {0.05, 0.3}
    assert set(table["searched"]) == {500}
    by = table.set_index(["position", "radius", "feature"])
    for radius in (0.05, 0.3):
        fixed, free = (by.loc[(name, radius, "count")] for name in (AT_POINT, ANYWHERE))
        assert fixed["empty"] >= free["empty"]
        assert not fixed["elsewhere"] > 0
    assert by.loc[(ANYWHERE, 0.3, "count")]["elsewhere"] > 0
    letter = by.xs("letter", level="feature")
    assert letter["kept"].max() > 0.9  # the letter asked for is the symbol that was just read


def test_the_queries_are_not_among_what_is_searched(network: Network) -> None:
    one_hot = search_inputs(
        network, [0], INPUTS, {"colon": [SITE]}, SETTINGS.model_copy(update={"radius": 1e-9}), 0
    )
    tiny = one_hot[(one_hot["radius"] < 1e-6) & (one_hot["position"] == AT_POINT)]
    assert (tiny["empty"] == SETTINGS.queries).all()


def test_prefixes_are_searched_at_their_point_alone() -> None:
    inputs = prefixes(Words(vocabulary={"AB": 0.5, "CA": 0.5}), 6)
    network = build(GRUSettings(hidden=6), len(inputs.symbols), [0], inputs.symbols)
    table = search_inputs(network, [0], inputs, {"last": ["layers.0.hook_h"]}, SETTINGS, seed=0)
    assert set(table["position"]) == {AT_POINT}


def test_no_member_gives_no_rows(network: Network) -> None:
    table = search_inputs(network, [], INPUTS, {"target": [SITE]}, SETTINGS, seed=0)
    assert table.empty
    assert tuple(table.columns) == COLUMNS
    assert torch.is_grad_enabled()
