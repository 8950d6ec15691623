"""The context experiment: ceilings against enumeration, planted networks, counts by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch

from chunkscope.chunks.codelength import conditional_bits
from chunkscope.chunks.settings import RoundSettings
from chunkscope.errors import ExtractionError
from chunkscope.experiments.complexity import state_strings, symbol_windows
from chunkscope.experiments.context.counts import count_states, count_symbols
from chunkscope.experiments.context.names import ALL
from chunkscope.experiments.context.parents import (
    Passages,
    draw_passages,
    known_parents,
    shared_symbols,
)
from chunkscope.experiments.context.readings import (
    Split,
    Steps,
    look_up,
    read_ideally,
    read_linearly,
    read_parents,
    score,
)
from chunkscope.experiments.context.settings import CORPUS, ContextNetwork, ContextSettings
from chunkscope.experiments.context.study import half_of
from chunkscope.experiments.memory import (
    RECURRENT,
    match_memory,
    spectral_radius,
)
from chunkscope.grammars.context import Context
from chunkscope.networks.building import build
from chunkscope.networks.settings import AffineSettings

PROCESS = CORPUS.compile()
SHARED = shared_symbols(PROCESS)
SPLIT = Split.of(40, 15, 40)
A, B, C, D, E = range(5)
CDAB, AB, ABCD, SEPARATOR = range(4)


@pytest.fixture(scope="module")
def passages() -> Passages:
    return draw_passages(CORPUS, np.random.default_rng(0), 95, 100)


def value(table: pd.DataFrame, symbol: int, measure: str, position: str = ALL) -> float:
    at = (table["symbol"] == symbol) & (table["position"] == position)
    return float(table.loc[at & (table["measure"] == measure), "value"].iloc[0])


# --- the ceiling


def enumerated_parents(source: Context, text: str) -> dict[str, float]:
    """P(parent of the last symbol | text) by writing down every sequence of words that fits."""
    (vocabulary,) = source.contexts.values()
    weights: dict[str, float] = {}

    def spell(at: int, weight: float) -> None:
        for word, probability in vocabulary.items():
            rest, spelt = text[at:], word + source.separator
            if not (spelt.startswith(rest) or rest.startswith(spelt)):
                continue
            if len(rest) > len(spelt):
                spell(at + len(spelt), weight * probability)
            else:
                parent = word if len(rest) <= len(word) else source.separator
                weights[parent] = weights.get(parent, 0.0) + weight * probability

    spell(0, 1.0)
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()}


def test_what_is_known_of_a_parent_is_what_enumeration_gives():
    tokens = CORPUS.sample(np.random.default_rng(1), 20, 9).tokens
    known = known_parents(PROCESS, tokens)
    for sequence, time in product(range(20), range(9)):
        text = "".join(PROCESS.symbols[t] for t in tokens[sequence, : time + 1])
        expected = enumerated_parents(CORPUS, text)
        for word, name in enumerate(PROCESS.word_names):
            assert known[sequence, time, word] == pytest.approx(expected.get(name, 0), abs=1e-12)


def test_shared_symbols_and_their_parents():
    assert SHARED == {
        A: (CDAB, AB, ABCD),
        B: (CDAB, AB, ABCD),
        C: (CDAB, ABCD),
        D: (CDAB, ABCD),
    }


def test_the_ceiling_of_the_papers_corpus_in_closed_form(passages):
    table = read_ideally(passages, SHARED, SPLIT)
    for symbol, position in ((A, "0"), (B, "1")):  # AB or ABCD: a coin
        assert value(table, symbol, "accuracy", position) == pytest.approx(0.5)
    for symbol, position in ((A, "2"), (B, "3"), (C, "0"), (C, "2"), (D, "1"), (D, "3")):
        assert value(table, symbol, "accuracy", position) == 1
    assert value(table, B, "bits") == pytest.approx(np.log2(3) - 2 / 3, abs=0.08)
    assert value(table, D, "bits") == pytest.approx(1, abs=0.05)


# --- readings of planted states


def one_hot(labels: np.ndarray, size: int) -> np.ndarray:
    return np.eye(size)[labels]


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_state_that_holds_the_parent_tells_it_whole(passages, noise):
    rng = np.random.default_rng(2)
    planted = one_hot(passages.parent, 4) @ rng.normal(size=(4, 6))
    planted += noise * rng.normal(size=planted.shape)
    table = read_parents(planted, passages, SHARED, SPLIT)
    for symbol, words in SHARED.items():
        assert value(table, symbol, "accuracy") == 1
        assert value(table, symbol, "balanced_accuracy") == 1
        assert value(table, symbol, "bits") == pytest.approx(np.log2(len(words)), abs=0.1)


def test_a_state_that_holds_the_last_symbol_tells_nothing(passages):
    planted = one_hot(passages.tokens, 5) @ np.random.default_rng(3).normal(size=(5, 6))
    linear = read_parents(planted, passages, SHARED, SPLIT)
    label = read_parents(symbol_windows(passages.tokens, 1), passages, SHARED, SPLIT)
    for symbol, words in SHARED.items():
        for table in (linear, label):
            assert value(table, symbol, "bits") == pytest.approx(0, abs=0.02)
            assert value(table, symbol, "balanced_accuracy") == pytest.approx(1 / len(words))


def test_each_more_symbol_tells_what_the_grammar_says_it_does(passages):
    told = {
        m: read_parents(symbol_windows(passages.tokens, m), passages, SHARED, SPLIT)
        for m in (1, 2, 3)
    }
    ideal = read_ideally(passages, SHARED, SPLIT)
    for symbol, needed in ((A, 2), (B, 3), (C, 2), (D, 3)):
        for m, table in told.items():
            bits = value(table, symbol, "bits")
            if m < needed:
                assert bits == pytest.approx(0, abs=0.03)
            else:
                assert bits == pytest.approx(value(ideal, symbol, "bits"), abs=0.03)


def test_shuffled_parents_are_not_told(passages):
    rng = np.random.default_rng(4)
    planted = one_hot(passages.parent, 4)
    table = read_parents(
        rng.permutation(planted.reshape(-1, 4)).reshape(planted.shape), passages, SHARED, SPLIT
    )
    for symbol in SHARED:
        assert abs(value(table, symbol, "bits")) < 0.05


def test_look_up_is_the_held_out_code_of_the_house():
    rng = np.random.default_rng(5)
    seen, later = rng.integers(6, size=80), rng.integers(8, size=50)  # labels 6 and 7 are new
    parent, later_parent = rng.integers(3, size=80), rng.integers(3, size=50)
    place = np.zeros(80, dtype=int)
    train, test = Steps(seen, parent, place), Steps(later, later_parent, place[:50])
    found = look_up(train, train, test, 3)
    assert found.sum(axis=1) == pytest.approx(1)
    expected = conditional_bits(seen, parent, later, later_parent)
    assert -np.log2(found[np.arange(50), later_parent]) == pytest.approx(expected)


def test_ties_count_by_their_share_and_rare_parents_as_much_as_common_ones():
    parent = np.array([0, 0, 0, 1])
    steps = Steps(np.zeros(4), parent, np.array([0, 0, 1, 1]))
    even = {(p, m): v for p, m, v in score(np.full((4, 2), 0.5), steps, steps)}
    assert even[ALL, "accuracy"] == even[ALL, "balanced_accuracy"] == 0.5
    first = np.tile([0.9, 0.1], (4, 1))
    sure = {(p, m): v for p, m, v in score(first, steps, steps)}
    assert sure[ALL, "accuracy"] == 0.75
    assert sure[ALL, "balanced_accuracy"] == 0.5
    assert sure["1", "accuracy"] == 0.5
    assert sure["0", "steps"] == 2


def test_the_penalty_is_chosen_on_validation_steps():
    """Where the validation parents contradict training, the weaker trust is chosen."""
    rng = np.random.default_rng(6)
    vectors, parent = rng.normal(size=(60, 2)), rng.integers(2, size=60)
    vectors[:, 0] += 3 * parent
    train = Steps(vectors, parent, parent)
    against = Steps(vectors, 1 - parent, parent)
    trusting = read_linearly(train, train, train, 2).max(axis=1).mean()
    wary = read_linearly(train, against, train, 2).max(axis=1).mean()
    assert wary < trusting


def test_too_few_sequences_are_one_sentence(passages):
    with pytest.raises(ExtractionError, match=r"context: symbol \d is met with .* raise train"):
        read_parents(passages.tokens, passages, SHARED, Split.of(0, 1, 1))


# --- conditions and counts


def ensemble(seeds: int = 3):
    return build(AffineSettings(hidden=6), 5, list(range(seeds)), PROCESS.symbols)


def test_matched_memory_has_the_trained_radius_and_the_untrained_rest():
    untrained, trained = ensemble().state_dict(), dict(ensemble().state_dict())
    trained[RECURRENT] = trained[RECURRENT] * torch.tensor([0.5, 1.0, 1.5])[:, None, None]
    matched = match_memory(untrained, trained)
    assert spectral_radius(matched).numpy() == pytest.approx(spectral_radius(trained).numpy())
    assert all(torch.equal(matched[k], untrained[k]) for k in untrained if k != RECURRENT)


def test_halves_of_an_ensemble():
    weights = ensemble(4).state_dict()
    for name, whole in weights.items():
        assert torch.equal(torch.cat([half_of(weights, half)[name] for half in (0, 1)]), whole)


def test_states_do_not_depend_on_the_scale_of_a_unit():
    """Why inputs scaled to the trained network's variance would be no control."""
    activity = np.random.default_rng(7).normal(size=(2, 300, 4))
    scaled = activity * np.array([0.01, 1, 7, 1000]) + np.array([3, 0, -5, 40])
    assert np.array_equal(state_strings(activity, 3), state_strings(scaled, 3))


def test_a_longer_memory_alone_makes_more_states():
    stretches = [CORPUS.sample(np.random.default_rng(seed), 1, 600) for seed in range(3)]
    counted = []
    for radius in (0.2, 0.6, 0.9):
        network = ensemble()
        weights = network.state_dict()
        weights[RECURRENT] *= (radius / spectral_radius(weights)).float()[:, None, None]
        table = count_states(network, stretches, 5, RoundSettings())
        by_seed = table.pivot(index="seed", columns="measure", values="value")
        assert by_seed["radius"].to_numpy() == pytest.approx(radius, rel=1e-5)
        counted.append(by_seed)
    for measure in ("states", "entropy", "vocabulary"):
        assert (np.diff([c[measure].mean() for c in counted]) > 0).all()
    assert counted[0]["completeness"].mean() > counted[2]["completeness"].mean()


def test_an_overflowing_network_is_not_estimable():
    stretches = [CORPUS.sample(np.random.default_rng(seed), 1, 400) for seed in range(2)]
    network = ensemble(2)
    with torch.no_grad():
        network.state_dict()[RECURRENT][1] *= 100
    table = count_states(network, stretches, 5, RoundSettings())
    broken = table[(table["seed"] == 1) & (table["measure"] != "radius")]
    assert broken["value"].isna().all()
    assert table.loc[table["seed"] == 0, "value"].notna().all()


def test_counts_of_the_symbols_by_hand():
    stretch = CORPUS.sample(np.random.default_rng(8), 1, 500)
    tables = dict(count_symbols([stretch], RoundSettings()))
    symbols, windows, truth = (
        tables[c].set_index("measure")["value"] for c in ("symbols", "last symbols", "truth")
    )
    text = stretch.text(0)
    share = np.array([text.count(symbol) for symbol in "ABCDE"]) / 500
    assert symbols["states"] == 5
    assert symbols["entropy"] == pytest.approx(-(share * np.log2(share)).sum())
    assert windows["states"] == len({text[max(0, at - 2) : at + 1] for at in range(500)})
    assert windows["homogeneity"] == pytest.approx(1)  # three symbols tell the parse state
    assert symbols["homogeneity"] < 0.9
    words = text.replace("CDAB", "w").replace("ABCD", "w").replace("AB", "w")
    assert truth["parse_length"] == pytest.approx(len(words), abs=1)  # a word may be cut off


# --- settings


def test_settings_that_do_not_fit_are_refused():
    affine = {"network": {"architecture": "affine", "hidden": 12}}
    with pytest.raises(ValueError, match="no symbol stands in two words"):
        ContextNetwork.model_validate({**affine, "source": {"contexts": {"": {"AB": 1}}}})
    with pytest.raises(ValueError, match="must hold 0"):
        ContextNetwork.model_validate({**affine, "training": {"steps": 5, "checkpoints": [5]}})
    with pytest.raises(ValueError, match=r"networks\.a\.training\.window: got 2000; .* 500"):
        ContextSettings(length=500, networks={"a": affine})


def test_only_the_papers_network_repeats_it():
    gru = ContextNetwork.model_validate({"network": {"architecture": "gru", "hidden": 12}})
    paper = ContextSettings()
    both = ContextSettings(networks={**paper.networks, "gru": gru})
    assert both.repeats_paper("affine12")
    assert not both.repeats_paper("gru")
    assert not ContextSettings(stretch=1000).repeats_paper("affine12")
    affine = paper.networks["affine12"]
    for changes, repeats in (
        ({"seeds": 20}, True),
        ({"training": {**dict(affine.training), "checkpoints": (0, 5)}}, True),
        ({"training": {**dict(affine.training), "steps": 300}}, False),
        ({"source": {"contexts": {"": {"AB": 0.5, "BA": 0.5}}}}, False),
    ):
        changed = ContextNetwork.model_validate({**dict(affine), **changes})
        assert ContextSettings(networks={"a": changed}).repeats_paper("a") is repeats, changes
