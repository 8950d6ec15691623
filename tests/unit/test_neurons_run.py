"""Units of a run along its training, and as they are written: a small CRATE, a store of it."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from chunkscope.grammars import Words
from chunkscope.networks.building import build
from chunkscope.networks.settings import CRATESettings
from chunkscope.networks.training import evaluate
from chunkscope.neurons.asking import asker, run_over
from chunkscope.neurons.comparison import CURVE
from chunkscope.neurons.facts import everything, unit_facts
from chunkscope.neurons.run import explain_run, places, write_run
from chunkscope.neurons.settings import DrawSettings, NeuronSettings, ProtocolSettings
from chunkscope.neurons.steering.run import steered_sites, unit_scores
from chunkscope.neurons.steering.settings import SteeringSettings
from chunkscope.neurons.tracing import MEASURES, trace_units
from chunkscope.store import ActivationStore
from chunkscope.store.recording import record_activations

SITE = "blocks.0.mlp.hook_post"
TRAIN, TIME = 30, 24
SETTINGS = NeuronSettings(
    protocols={
        "random": ProtocolSettings(
            length=12, explain=DrawSettings(top=3, random=20), score=DrawSettings(random=20)
        )
    }
)


@pytest.fixture(scope="module")
def corpus():
    grammar = Words(vocabulary={"ABC": 0.5, "DE": 0.5})
    return grammar.sample(np.random.default_rng(0), 60, TIME)


@pytest.fixture(scope="module")
def network(corpus):
    settings = CRATESettings(layers=1, width=8, heads=2, context=TIME)
    return build(settings, len(corpus.symbols), [0, 1], corpus.symbols)


@pytest.fixture(scope="module")
def store(corpus, network, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "a.zarr.zip"
    record_activations(network, corpus, TRAIN, [SITE], path)
    with ActivationStore.open(path) as opened:
        yield opened


def explained(store, network, folder):
    def ask(place):
        return asker(network.select([place.seed]), place.site)

    return explain_run(store, SETTINGS, 0, ask, folder)


def test_a_pass_reads_what_a_store_has(corpus, network, store):
    alone = network.select([1])
    values, loss = run_over(alone, corpus.tokens, [SITE])
    np.testing.assert_allclose(values[SITE], store.activations(1, SITE), atol=1e-6)
    assert loss == pytest.approx(evaluate(alone, corpus.tokens)[0][0], rel=1e-6)
    asked = asker(alone, SITE)(corpus.tokens[:5, :7])
    np.testing.assert_allclose(asked, values[SITE][:5, 6], atol=1e-5)


def test_scores_along_training_are_means_of_what_is_known_of_units(corpus, network):
    halves = corpus.tokens[:TRAIN], corpus.tokens[TRAIN:]
    table = trace_units(lambda step: network, [0, 5], *halves, [SITE])
    assert list(table) == list(CURVE)
    assert len(table) == 2 * 2 * len(MEASURES)
    seen, held_out = (run_over(network.select([1]), half, [SITE]) for half in halves)
    facts = unit_facts(
        everything(halves[0], seen[0][SITE]),
        everything(halves[1], held_out[0][SITE]),
        network.vocabulary,
    )
    rows = table[(table["step"] == 5) & (table["seed"] == 1)].set_index("measure")
    assert rows["loss"].iloc[0] == pytest.approx(held_out[1])
    assert rows.loc["pearson", "as_zero"] == pytest.approx(facts["pearson"].fillna(0).mean())
    assert rows.loc["token_share", "scored"] == pytest.approx(facts["token_share"].median())
    assert (rows["units"] == network.width(SITE)).all()


def test_every_explanation_is_written_whole_with_its_sentence_and_length(store, network, tmp_path):
    path = tmp_path / "said.jsonl.gz"
    tables = write_run(explained(store, network, tmp_path), store.symbols, path)
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    units, members = network.width(SITE), 2
    by = pd.DataFrame(lines).groupby("explainer").size()
    assert by["symbols"] == units * members
    assert set(by.index) == set(SETTINGS.explainers)
    for line in lines:
        assert line["sentence"]
        assert line["protocols"] == ["random"]
    table = next(line for line in lines if line["explainer"] == "symbols")
    assert len(table["explanation"]["symbols"]) == table["length"]
    scores = tables["scores"]
    assert set(scores["seed"]) == {0, 1}
    assert set(tables["labels"]["kind"]) <= {"symbol", *store.label_kinds}
    assert len(tables["labels"]) == units * members
    assert tables["answers"].empty
    label = scores[scores["explainer"] == "label"].set_index(["seed", "unit"])["pearson"]
    named = tables["labels"].set_index(["seed", "unit"])["pearson"]
    pd.testing.assert_series_equal(label, named)


def test_the_same_run_gives_the_same_bytes(store, network, tmp_path):
    found = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        path = folder / "said.jsonl.gz"
        tables = write_run(explained(store, network, folder), store.symbols, path)
        found.append((path.read_bytes(), tables["scores"].to_csv(), tables["units"].to_csv()))
    assert found[0] == found[1]


def test_steered_units_are_ranked_by_the_first_explanations(store, network, tmp_path):
    tables = write_run(explained(store, network, tmp_path), store.symbols, tmp_path / "x.gz")
    place = places(store, SETTINGS)[1]
    found = unit_scores(tables["scores"], place, network.width(SITE))
    rows = tables["scores"]
    own = rows[(rows["seed"] == 1) & (rows["explainer"] == "symbols") & (rows["control"] == "own")]
    np.testing.assert_array_equal(found[own["unit"]], own["pearson"])
    assert steered_sites(SteeringSettings(), [SITE]) == [SITE]  # no pattern matches: the last one
