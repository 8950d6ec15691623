"""The exact label a unit comes nearest to: planted units, NumPy's own correlation, other halves."""

import numpy as np
import pytest

from chunkscope.neurons.labels import SYMBOL, best_labels

SYMBOLS, TIME = 6, 40
DEPTH, AGAINST, TOKEN, NOISE, DEAD = range(5)


def half(seed, sequences=60):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(SYMBOLS, size=(sequences, TIME)).astype(np.int32)
    labels = {
        "depth": rng.integers(4, size=tokens.shape).astype(np.int32),
        "word": rng.integers(9, size=tokens.shape).astype(np.int32),
    }
    values = np.zeros((*tokens.shape, 5), np.float32)
    values[..., DEPTH] = 3.0 * (labels["depth"] == 2) + 0.1 * rng.normal(size=tokens.shape)
    values[..., AGAINST] = labels["word"] != 7
    values[..., TOKEN] = tokens == 5
    values[..., NOISE] = rng.normal(size=tokens.shape)
    return tokens, values, labels


@pytest.fixture(scope="module")
def found():
    return best_labels(half(0), half(1)).set_index("unit")


def test_planted_labels_are_found(found):
    named = found[["kind", "value"]].to_numpy().tolist()
    assert named[:3] == [["depth", 2], ["word", 7], [SYMBOL, 5]]
    assert found.loc[DEPTH, "pearson"] > 0.99
    assert found.loc[AGAINST, "seen"] == pytest.approx(-1)
    assert found.loc[AGAINST, "pearson"] == pytest.approx(1)
    assert found.loc[TOKEN, "pearson"] == pytest.approx(1)


def test_noise_and_dead_units_have_no_label_that_holds(found):
    assert abs(found.loc[NOISE, "seen"]) > abs(found.loc[NOISE, "pearson"])
    assert abs(found.loc[NOISE, "pearson"]) < 0.06
    assert np.isnan(found.loc[DEAD, "pearson"])


def test_correlations_are_those_of_numpy(found):
    tokens, values, labels = half(1)
    kinds = {SYMBOL: tokens, **labels}
    for unit in (DEPTH, TOKEN, NOISE):
        row = found.loc[unit]
        there = kinds[row["kind"]] == row["value"]
        expected = np.corrcoef(there.ravel(), values[..., unit].ravel())[0, 1]
        assert row["pearson"] == pytest.approx(np.sign(row["seen"]) * expected, abs=1e-6)


def test_a_label_is_chosen_on_the_first_half_alone(found):
    tokens, values, labels = half(1)
    others = best_labels(half(0), (tokens, values[:, ::-1], labels)).set_index("unit")
    assert others[["kind", "value"]].equals(found[["kind", "value"]])
    assert abs(others.loc[DEPTH, "pearson"]) < 0.1
