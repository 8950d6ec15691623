"""An input counts as answered where every symbol of its answer is the likeliest, and only then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from chunkscope.grammars import Addition
from chunkscope.inversion import learned
from chunkscope.inversion.learned import answered
from chunkscope.networks.building import build
from chunkscope.networks.settings import GPTSettings

TASK = Addition(digits=2)
INPUTS = TASK.inputs().take(np.random.default_rng(0).integers(TASK.count, size=300))
MODEL = GPTSettings(layers=1, width=16, heads=2, context=11, initial_sd=2.0, embedding_sd=0.3)


@torch.no_grad()
def test_all_of_the_answer_must_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "SYMBOLS_PER_PASS", 500)
    network = build(MODEL, len(INPUTS.symbols), [0, 1], INPUTS.symbols)
    logits = network(torch.from_numpy(INPUTS.tokens.astype(np.int64))).logits.numpy()
    spoilt = np.random.default_rng(1).random(len(INPUTS)) < 0.4
    for member in range(2):
        said = logits[member, :, 6].argmax(-1)  # of the first digit of the answer
        tokens = INPUTS.tokens.copy()
        tokens[:, 7] = np.where(spoilt, (said + 1) % 10, said)
        one_symbol = replace(INPUTS, tokens=tokens, scored=np.arange(11) == np.full((300, 1), 7))
        np.testing.assert_array_equal(answered(network, one_symbol)[member], ~spoilt)
        more = replace(INPUTS, tokens=tokens, scored=INPUTS.scored)
        assert not answered(network, more)[member][spoilt].any()


def test_a_network_that_has_not_learned_answers_nothing() -> None:
    network = build(MODEL, len(INPUTS.symbols), [0, 1], INPUTS.symbols)
    assert answered(network, INPUTS).shape == (2, 300)
    assert answered(network, INPUTS).mean() < 0.02
