"""An input counts as answered where every symbol of its answer is the likeliest, and only then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from chunkscope.grammars import Addition
from chunkscope.inversion.answered import answered
from chunkscope.inversion.learning import (
    ANSWERS,
    COLUMNS,
    EVERY,
    EXCESS,
    answer_rows,
    excess_rows,
    learned_members,
)
from chunkscope.networks import passes
from chunkscope.networks.building import build
from chunkscope.networks.settings import GPTSettings

TASK = Addition(digits=2)
INPUTS = TASK.inputs().take(np.random.default_rng(0).integers(TASK.count, size=300))
MODEL = GPTSettings(layers=1, width=16, heads=2, context=11, initial_sd=2.0, embedding_sd=0.3)


@torch.no_grad()
def test_all_of_the_answer_must_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SYMBOLS_PER_PASS", 500)
    network = build(MODEL, len(INPUTS.symbols), [0, 1], INPUTS.symbols)
    logits = network(torch.from_numpy(INPUTS.tokens.astype(np.int64))).logits.numpy()
    spoilt = np.random.default_rng(1).random(len(INPUTS)) < 0.4
    for member in range(2):
        said = logits[member, :, 6].argmax(-1)  # of the first digit of the answer
        tokens = INPUTS.tokens.copy()
        tokens[:, 7] = np.where(spoilt, (said + 1) % 10, said)
        one_symbol = replace(INPUTS, tokens=tokens, scored=np.arange(11) == np.full((300, 1), 7))
        np.testing.assert_array_equal(answered(network, one_symbol.corpus())[member], ~spoilt)
        more = replace(INPUTS, tokens=tokens, scored=INPUTS.scored)
        assert not answered(network, more.corpus())[member][spoilt].any()


def test_a_network_that_has_not_learned_answers_nothing() -> None:
    network = build(MODEL, len(INPUTS.symbols), [0, 1], INPUTS.symbols)
    assert answered(network, INPUTS.corpus()).shape == (2, 300)
    assert answered(network, INPUTS.corpus()).mean() < 0.02


def table_of(means: list[float], measure: str = ANSWERS) -> pd.DataFrame:
    rows = [(step, member, measure, EVERY, 0, mean if step else 0.5, 100)
            for step in (0, 900) for member, mean in enumerate(means)]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_members_that_have_not_learned_are_left_out_and_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = {"answers": 0.995, "excess": 0.05}
    assert learned_members(table_of([1.0, 0.994, 0.995, 1.0]), asked, 3) == [0, 2]
    said = capsys.readouterr().err
    assert "member 1 has failed to learn its task: answers 0.994; nothing is read from it" in said
    assert learned_members(table_of([0.01, 0.06], EXCESS), asked, 5) == [0]
    assert learned_members(table_of([0.2, 0.3]), asked, 5) == []


def test_rows_of_learning_are_shares_of_each_part() -> None:
    right = np.array([[True, True, False, True], [False, False, False, True]])
    labels = {"nine2": np.array([0, 0, 1, 1]), "count": np.arange(4)}
    table = pd.DataFrame(answer_rows(7, right, labels), columns=list(COLUMNS))
    means = table.set_index(["member", "feature", "value"])["mean"]
    assert means.to_dict() == {
        (0, "every", 0): 0.75, (0, "nine2", 0): 1.0, (0, "nine2", 1): 0.5,
        (1, "every", 0): 0.25, (1, "nine2", 0): 0.0, (1, "nine2", 1): 0.5,
    }  # fmt: skip
    losses = pd.DataFrame({"step": [0, 9], "seed": 1, "loss": [2.0, 1.1], "bayes_loss": 1.0})
    excess = pd.DataFrame(excess_rows(losses, 30), columns=list(COLUMNS))
    np.testing.assert_allclose(excess["mean"], [1.0, 0.1])
