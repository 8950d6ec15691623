"""Cued recall, by networks whose answer is known."""

from __future__ import annotations

import numpy as np
import torch
from intervention_examples import clock

from chunkscope.grammars import Words
from chunkscope.networks.building import build
from chunkscope.networks.recall import recall_words
from chunkscope.networks.settings import GRUSettings

REFLECTION = Words(
    vocabulary={"ABCD": 1.0}, filler={"E": 1.0}, gap={"kind": "uniform", "low": 1, "high": 6}
)


def recalled(network, grammar, per_word=8):
    corpus = grammar.sample(np.random.default_rng(0), 20, 40)
    return recall_words(network, corpus, per_word, np.random.default_rng(1))


def test_a_network_that_knows_the_word_says_it():
    assert recalled(clock(), REFLECTION) == [
        {"seed": 0, "word": "ABCD", "cue": "A", "n": 8, "recalled": 1.0}
    ]


def test_a_network_that_says_one_symbol_says_no_word():
    network = clock()
    with torch.no_grad():
        network.readout.bias[0, 4] = 100  # E, whatever the state
    assert recalled(network, REFLECTION)[0]["recalled"] == 0


def test_a_cue_is_the_shortest_beginning_that_no_other_word_shares():
    grammar = Words(
        vocabulary={"ABC": 0.4, "ABD": 0.3, "CA": 0.3},
        filler={"x": 1.0},
        gap={"kind": "fixed", "count": 1},
    )
    network = build(GRUSettings(hidden=3), 5, [0, 1], "ABCDx")
    rows = recalled(network, grammar, per_word=2)
    assert [(row["seed"], row["word"], row["cue"]) for row in rows] == [
        (seed, word, cue) for word, cue in (("CA", "C"),) for seed in (0, 1)
    ]
