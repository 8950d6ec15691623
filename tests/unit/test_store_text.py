"""A GPT that reads text, in a store: its sites, its labels, where the text comes from."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from chunkscope.errors import StoreError
from chunkscope.grammars import Corpus, Text
from chunkscope.networks import passes
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import GPTSettings
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore
from chunkscope.store.recording import record_activations

SITES = ["hook_embed", "blocks.*.attn.hook_z", "blocks.*.mlp.hook_post", "blocks.*.hook_resid_post"]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Text(tokenizer=300).split(partial(stream, 0), (10, 32), (5, 4, 32))[1]


@pytest.fixture(scope="module")
def network(corpus: Corpus) -> Network:
    model = GPTSettings(layers=2, width=16, heads=2, context=32)
    return build(model, len(corpus.symbols), [0, 1], corpus.symbols)


def test_activity_labels_and_provenance_of_a_text_are_kept(
    corpus: Corpus, network: Network, tmp_path: Path
) -> None:
    record_activations(network, corpus, 5, SITES, tmp_path / "store")
    with torch.no_grad():
        tokens = torch.from_numpy(corpus.tokens).long()
        expected = network(tokens, record=SITES).activations
    with ActivationStore.open(tmp_path / "store", verify="digests") as store:
        for member in store.seeds:
            assert store.sites(member) == list(expected)
            for site, activity in expected.items():
                recorded = store.activations(member, site)
                np.testing.assert_allclose(recorded, activity[member], atol=1e-5)
        for kind, values in corpus.labels.items():
            np.testing.assert_array_equal(store.labels(kind), values)
        assert store.label_names("document") == list(corpus.names["document"])
        assert store.attributes["text_sha256"] == corpus.provenance["text_sha256"]
        assert corpus.decode(store.tokens("test")[0]) == corpus.text(5)


def test_a_text_has_no_next_distribution_to_read(
    corpus: Corpus, network: Network, tmp_path: Path
) -> None:
    record_activations(network, corpus, 5, ["hook_embed"], tmp_path / "store")
    with (
        ActivationStore.open(tmp_path / "store") as store,
        pytest.raises(StoreError, match="holds no next_distribution: a grammar knows how"),
    ):
        store.next_distribution()


def test_passes_are_smaller_where_the_vocabulary_is_large(
    corpus: Corpus, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_activations(network, corpus, 5, SITES, tmp_path / "one")
    monkeypatch.setattr(passes, "LOGITS_PER_PASS", 2 * 32 * network.vocabulary)
    record_activations(network, corpus, 5, SITES, tmp_path / "two")
    with (
        ActivationStore.open(tmp_path / "one") as one,
        ActivationStore.open(tmp_path / "two") as two,
    ):
        for site in one.sites(1):
            np.testing.assert_allclose(
                one.activations(1, site), two.activations(1, site), atol=1e-5
            )
