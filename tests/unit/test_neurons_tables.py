"""Tables of symbols for all units at once: the scores of units one by one."""

import numpy as np
import pytest

from chunkscope.neurons.excerpts import Activity, Sample
from chunkscope.neurons.explainers.grams import Grams
from chunkscope.neurons.scores import auprc, detection, firing_level, pearson, r2
from chunkscope.neurons.tables import SCORES, symbol_means, table_scores

VOCABULARY = 15


def activity(seed, excerpts=40, time=16, gain=1.0, offset=0.0):
    """By symbol, in a little noise, by the symbol before, noise, rarely active, dead, constant."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(VOCABULARY - 1, size=(excerpts, time)).astype(np.int32)
    tokens[0, 0] = VOCABULARY - 1 if seed else 0  # a symbol that only one half has
    before = np.roll(tokens, 1, axis=1)
    table = np.random.default_rng(7).exponential(size=(3, VOCABULARY))
    rows = [
        table[0][tokens],
        np.where(table[1] > 1, table[1], 0)[tokens] + 0.2 * rng.random(tokens.shape),
        table[2][before],
        np.maximum(0, rng.normal(size=tokens.shape)),
        1.0 * ((tokens == 3) & (rng.random(tokens.shape) < 0.3)),
        np.zeros(tokens.shape),
        np.full(tokens.shape, 0.3),
    ]
    values = gain * np.stack(rows, axis=-1) + offset
    return Activity.cut(tokens, values.astype(np.float32), time)


def one_by_one(explain, score):
    """The same by samples that hold all excerpts, each of every unit's own."""
    seen, held_out = (
        Sample(
            np.tile(x.tokens, (x.values.shape[-1], 1, 1)),
            np.ascontiguousarray(x.values.transpose(2, 0, 1)),
            np.ones(len(x), bool),
        )
        for x in (explain, score)
    )
    grams = Grams.explain(seen, VOCABULARY, order=1)
    said = grams.simulate(held_out.tokens)
    level, said_level = (firing_level(seen, x) for x in (seen.values, grams.simulate(seen.tokens)))
    return {
        "pearson": pearson(held_out, said),
        "r2": r2(held_out, said),
        "auprc": auprc(held_out, said, level),
        "detection": detection(held_out, said, level, said_level),
    }


@pytest.mark.parametrize("mapped", [{}, {"gain": 3.0, "offset": -2.0}])
def test_scores_are_those_of_units_one_by_one(mapped):
    explain, score = activity(0, **mapped), activity(1, **mapped)
    found, expected = table_scores(explain, score, VOCABULARY), one_by_one(explain, score)
    for name in SCORES:
        np.testing.assert_allclose(found[name], expected[name], atol=2e-5, err_msg=name)
    assert found["pearson"][0] > 0.99
    assert found["pearson"][2:4].abs().max() < 0.3
    assert found.loc[5:, list(SCORES)].isna().all(axis=None)


def test_means_are_those_of_every_symbol():
    seen = activity(0)
    means = symbol_means(seen, VOCABULARY)
    for symbol in range(VOCABULARY - 1):
        np.testing.assert_allclose(
            means[symbol], seen.values[seen.tokens == symbol].mean(0), rtol=1e-5
        )
    np.testing.assert_allclose(means[-1], seen.values.mean((0, 1)), rtol=1e-5)  # it never stands
