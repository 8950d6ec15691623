"""Patterns at which units fire, found by asking: planted units, sites of a network."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from chunkscope.networks.building import build
from chunkscope.networks.settings import CRATESettings
from chunkscope.neurons.excerpts import Activity, draw_sample
from chunkscope.neurons.explainers.patterns import Patterns
from chunkscope.neurons.scores import pearson
from chunkscope.neurons.settings import DrawSettings, NeuronSettings

VOCABULARY, TIME = 12, 24
SYMBOLS = [chr(ord("a") + n) for n in range(VOCABULARY)]
SYMBOL, PAIR, EITHER, GAP, DEAD = range(5)


def units(tokens):
    """(sequence, time, unit): d; f after c; f after c or e; h two after g; nothing."""
    before, two = (np.full(tokens.shape, -1) for _ in range(2))
    before[:, 1:], two[:, 2:] = tokens[:, :-1], tokens[:, :-2]
    rows = [
        2.0 * (tokens == 3),
        1.0 * ((tokens == 5) & (before == 2)),
        1.0 * ((tokens == 5) & np.isin(before, [2, 4])),
        3.0 * ((tokens == 7) & (two == 6)),
        np.zeros(tokens.shape),
    ]
    return np.stack(rows, axis=-1).astype(np.float32)


def activate(prompts):
    return units(prompts)[:, -1]


def sample(seed, **settings):
    tokens = np.random.default_rng(seed).integers(VOCABULARY, size=(300, TIME)).astype(np.int32)
    activity = Activity.cut(tokens, units(tokens), TIME)
    return draw_sample(activity, DrawSettings(**settings), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def explained():
    substitutes = np.arange(VOCABULARY, dtype=np.int32)
    return Patterns.explain(sample(0, top=5, random=20), activate, substitutes)


def test_planted_patterns_are_found_whole(explained):
    places = [{pattern.places for pattern in of} for of in explained.patterns]
    assert places[SYMBOL] == {(frozenset({3}),)}
    assert places[PAIR] == {(frozenset({5}), frozenset({2}))}
    assert places[EITHER] == {(frozenset({5}), frozenset({2, 4}))}
    assert places[GAP] == {(frozenset({7}), None, frozenset({6}))}
    assert places[DEAD] == set()


def test_they_foretell_what_units_do_elsewhere(explained):
    held_out = sample(1, random=200)
    found = pearson(held_out, explained.simulate(held_out.tokens))
    np.testing.assert_allclose(found[:DEAD], 1)
    assert np.isnan(found[DEAD])


def test_patterns_are_written_as_they_read(explained):
    assert explained.sentence(SYMBOL, SYMBOLS) == "active on 'd' (2.00)"
    assert explained.sentence(EITHER, SYMBOLS) == "active on 'f' after 'c' or 'e' (1.00)"
    assert explained.sentence(GAP, SYMBOLS) == "active on 'h' after 'g' anything (3.00)"
    assert explained.sentence(DEAD, SYMBOLS) == "never seen active"
    tree = explained.as_json(PAIR, SYMBOLS)
    assert tree == {"elsewhere": 0.0, "before": {"'f'": {"before": {"'c'": {"value": 1.0}}}}}
    one = [len(of) for of in explained.patterns]
    assert explained.lengths.tolist() == [one[0], 2 * one[1], 3 * one[2], 2 * one[3], 0]


def test_a_network_may_be_asked():
    """Units of a small CRATE: what is said of sequences that were not seen is what they do."""
    model = CRATESettings(layers=1, width=8, heads=2, context=TIME)
    network = build(model, VOCABULARY, [0])
    site = "blocks.0.mlp.hook_post"

    @torch.no_grad()
    def run(tokens):
        recorded = network(torch.from_numpy(tokens.astype(np.int64)), record=[site])
        return recorded.activations[site][0].numpy()

    tokens = np.random.default_rng(2).integers(VOCABULARY, size=(60, TIME)).astype(np.int32)
    seen = draw_sample(
        Activity.cut(tokens, run(tokens), TIME), DrawSettings(top=5), np.random.default_rng(0)
    )
    substitutes = np.arange(VOCABULARY, dtype=np.int32)
    found = Patterns.explain(seen, lambda prompts: run(prompts)[:, -1], substitutes)
    others = np.random.default_rng(3).integers(VOCABULARY, size=(60, TIME)).astype(np.int32)
    held_out = draw_sample(
        Activity.cut(others, run(others), TIME), DrawSettings(random=40), np.random.default_rng(1)
    )
    score = pearson(held_out, found.simulate(held_out.tokens))
    assert np.nanmean(score) > 0.2
    assert len(found.patterns) == network.width(site)


@pytest.mark.parametrize(
    ("explain", "length", "said"),
    [
        ({"top": 5}, 3, "explainers.patterns.reach: got 4; must be at most 3, the length of"),
        ({"random": 5}, 8, "explain.top: got 0; must be at least 1, since explainers.patterns"),
    ],
)
def test_a_protocol_that_has_no_patterns_is_refused(explain, length, said):
    asked = {"length": length, "explain": explain, "score": {"random": 5}}
    given = {"protocols": {"short": asked}, "explainers": {"patterns": {"kind": "patterns"}}}
    with pytest.raises(ValidationError, match=said):
        NeuronSettings.model_validate(given)
