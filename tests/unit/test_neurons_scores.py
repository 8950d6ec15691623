"""Scores of what is said of units: planted units, scikit-learn, invariances, damage."""

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import average_precision_score, balanced_accuracy_score, r2_score

from chunkscope.errors import NeuronError
from chunkscope.neurons.controls import ANOTHER, OWN, SHUFFLED, shuffle_symbols, told
from chunkscope.neurons.excerpts import NOTHING, Activity, Sample, draw_sample
from chunkscope.neurons.explainers.grams import Grams
from chunkscope.neurons.scores import auprc, detection, firing_level, fuzzing, pearson, r2
from chunkscope.neurons.settings import PROTOCOLS, DrawSettings

VOCABULARY, LENGTH = 20, 64
SYMBOLS = [f"<{n}>" for n in range(VOCABULARY)]
TOKEN, BIGRAM, NOISE, DEAD = range(4)


def planted(seed, sequences=200, gain=1.0, offset=0.0):
    """A unit that knows a symbol, one that knows two in a row, noise, and one that is dead."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(VOCABULARY, size=(sequences, LENGTH)).astype(np.int32)
    before = np.full(tokens.shape, -1)
    before[:, 1:] = tokens[:, :-1]
    values = np.zeros((*tokens.shape, 4))
    values[..., TOKEN] = 2.0 * (tokens == 3) + 1.0 * (tokens == 4)
    values[..., BIGRAM] = (tokens == 5) & np.isin(before, np.arange(0, 20, 2))
    values[..., NOISE] = np.abs(rng.normal(size=tokens.shape))
    return Activity.cut(tokens, (gain * values + offset).astype(np.float32), LENGTH)


def scored(order, explain=None, score=None, protocol="wide"):
    """The explanation, and the sample that it is to be scored on."""
    settings = PROTOCOLS[protocol]
    explain = planted(0) if explain is None else explain
    score = planted(1) if score is None else score
    seen = draw_sample(explain, settings.explain, np.random.default_rng(2))
    held_out = draw_sample(score, settings.score, np.random.default_rng(3))
    return Grams.explain(seen, VOCABULARY, order), seen, held_out


def test_planted_units_are_explained_as_far_as_they_can_be():
    tokens, _, held_out = scored(1)
    grams, _, _ = scored(2)
    by_token = pearson(held_out, tokens.simulate(held_out.tokens))
    by_gram = pearson(held_out, grams.simulate(held_out.tokens))
    assert by_token[TOKEN] > 0.99
    assert by_gram[TOKEN] > 0.99
    assert by_gram[BIGRAM] > 0.95
    assert by_token[BIGRAM] < by_gram[BIGRAM] - 0.2
    assert abs(by_token[NOISE]) < 0.05
    assert abs(by_gram[NOISE]) < 0.05
    assert np.isnan(by_gram[DEAD])


def test_the_explanation_of_another_unit_says_nothing():
    rng = np.random.default_rng(4)
    tokens = rng.integers(VOCABULARY, size=(200, LENGTH))
    tables = rng.exponential(size=(40, VOCABULARY)) * (rng.random((40, VOCABULARY)) < 0.3)
    values = tables.T[tokens].astype(np.float32)
    half = [Activity.cut(tokens[x], values[x], LENGTH) for x in (slice(100), slice(100, None))]
    grams, _, held_out = scored(1, *half)
    own = pearson(held_out, grams.simulate(held_out.tokens))
    said = dict(told(grams, held_out.tokens, held_out.tokens, VOCABULARY, rng))
    np.testing.assert_array_equal(said[OWN][1], grams.simulate(held_out.tokens))
    after = np.roll(said[OWN][1], -1, axis=0)  # random excerpts are the same for all units
    np.testing.assert_array_equal(said[ANOTHER][1], after)
    wrong = pearson(held_out, said[ANOTHER][1])
    assert np.nanmin(own) > 0.99
    assert abs(np.nanmean(wrong)) < 0.06


def test_scores_are_those_of_scipy_and_scikit_learn():
    rng = np.random.default_rng(5)
    shape = (3, 10, 12)
    tokens = rng.integers(VOCABULARY, size=shape).astype(np.int32)
    did = np.round(rng.random(shape), 1).astype(np.float32)
    said = np.round(did + rng.normal(size=shape), 1).astype(np.float32)  # with many ties
    tokens[0, 2:5, 3:] = NOTHING
    sample = Sample(tokens, np.where(tokens == NOTHING, 0, did), np.ones(10, bool))
    level, said_level = firing_level(sample, sample.values), firing_level(sample, said)
    found = {
        "pearson": pearson(sample, said),
        "r2": r2(sample, said),
        "auprc": auprc(sample, said, level),
        "detection": detection(sample, said, level, said_level),
    }
    for unit in range(3):
        there = tokens[unit] != NOTHING
        x, y = did[unit][there].astype(float), said[unit][there].astype(float)
        low, high = x.min(), x.max()
        assert level[unit] == pytest.approx(low + 0.3 * (high - low))
        fires = x >= level[unit]
        assert found["pearson"][unit] == pytest.approx(pearsonr(x, y).statistic)
        assert found["r2"][unit] == pytest.approx(r2_score(x, y))
        assert found["auprc"][unit] == pytest.approx(average_precision_score(fires, y))
        truth = ((did[unit] >= level[unit]) & there).any(1)
        called = ((said[unit] >= said_level[unit]) & there).any(1)
        if truth.all() or not truth.any():
            assert np.isnan(found["detection"][unit])
        else:
            expected = balanced_accuracy_score(truth, called)
            assert found["detection"][unit] == pytest.approx(expected)


def all_scores(order, **changed):
    gram, seen, held_out = scored(order, planted(0, **changed), planted(1, **changed))
    said = gram.simulate(held_out.tokens)
    level, said_level = (firing_level(seen, x) for x in (seen.values, gram.simulate(seen.tokens)))
    rng = np.random.default_rng(6)
    return np.stack(
        [
            pearson(held_out, said),
            r2(held_out, said),
            auprc(held_out, said, level),
            detection(held_out, said, level, said_level),
            fuzzing(held_out, said, level, said_level, rng),
        ]
    )


def test_scores_do_not_hang_on_the_scale_or_the_offset_of_a_unit():
    plain, mapped = all_scores(2), all_scores(2, gain=4.0, offset=-1.0)
    np.testing.assert_allclose(plain[:, :NOISE], mapped[:, :NOISE], atol=1e-5)
    assert (plain[[0, 1, 2, 4], TOKEN] > 0.95).all()
    assert np.isnan(plain[3, TOKEN])  # hardly an excerpt in which it does not fire


def test_scores_do_not_hang_on_the_order_of_units_or_the_names_of_symbols():
    explain, score = planted(0), planted(1)
    gram, _, held_out = scored(2, explain, score)
    plain = pearson(held_out, gram.simulate(held_out.tokens))
    named = np.random.default_rng(7).permutation(VOCABULARY).astype(np.int32)
    turned = [Activity(named[x.tokens], x.values[..., ::-1]) for x in (explain, score)]
    gram, _, held_out = scored(2, *turned)
    np.testing.assert_allclose(pearson(held_out, gram.simulate(held_out.tokens))[::-1], plain)


def test_a_shuffled_explanation_is_at_chance():
    gram, seen, held_out = scored(1)
    rng = np.random.default_rng(8)
    level, found = firing_level(seen, seen.values), []
    for _ in range(40):
        said = dict(told(gram, seen.tokens, held_out.tokens, VOCABULARY, rng))[SHUFFLED]
        by_marks = fuzzing(held_out, said[1], level, firing_level(seen, said[0]), rng)[TOKEN]
        found.append((pearson(held_out, said[1])[TOKEN], by_marks))
    np.testing.assert_allclose(np.mean(found, axis=0), [0, 0.5], atol=0.1)
    right = gram.simulate(held_out.tokens)
    said_level = firing_level(seen, gram.simulate(seen.tokens))
    assert fuzzing(held_out, right, level, said_level, rng)[TOKEN] > 0.95


def test_shuffling_takes_symbols_that_were_shown_for_each_other():
    seen = np.array([[[3, 5, NOTHING], [7, 5, 3]], [[1, 1, 2], [0, NOTHING, 1]]], np.int32)
    renamed = shuffle_symbols(seen, 9, np.random.default_rng(0))
    for unit, shown in enumerate(([3, 5, 7], [0, 1, 2])):
        others = [symbol for symbol in range(9) if symbol not in shown]
        assert sorted(renamed[unit, shown]) == shown
        assert renamed[unit, others].tolist() == others
        assert renamed[unit, NOTHING] == NOTHING


def test_half_of_the_firings_deleted_or_doubled_is_seen_on_random_excerpts():
    """On top excerpts a correlation hardly minds: these are nearly all firings."""
    activity = planted(9)
    rng = np.random.default_rng(10)
    sample = draw_sample(activity, PROTOCOLS["random_only"].score, rng)
    perfect = sample.values.copy()
    assert pearson(sample, perfect)[TOKEN] == pytest.approx(1)
    fires = perfect[TOKEN] > 0
    deleted, doubled = perfect.copy(), perfect.copy()
    deleted[TOKEN][fires & (rng.random(fires.shape) < 0.5)] = 0
    spurious = ~fires & (rng.random(fires.shape) < fires.mean())
    doubled[TOKEN][spurious] = rng.choice(perfect[TOKEN][fires], spurious.sum())
    assert pearson(sample, deleted)[TOKEN] < 0.85
    assert pearson(sample, doubled)[TOKEN] < 0.85


def test_what_is_scored_on_changes_no_explanation():
    gram, _, _ = scored(2)
    other, _, _ = scored(2, score=planted(99, gain=7.0))
    for unit in range(4):
        assert gram.as_json(unit, SYMBOLS) == other.as_json(unit, SYMBOLS)


def test_a_sample_is_what_was_asked_for():
    activity = planted(11)
    settings = DrawSettings(top=5, per_band=2, bands=11, random=5, clipped=3)
    sample = draw_sample(activity, settings, np.random.default_rng(12))
    assert sample.shape == (4, 5 + 22 + 5 + 3, LENGTH)
    assert sample.drawn.sum() == 5
    peaks = activity.values.max(1)
    top = np.sort(peaks[:, NOISE])[::-1][:5]
    np.testing.assert_allclose(sample.values[NOISE, :5].max(1), top)
    assert (sample.tokens[0, sample.drawn] == sample.tokens[3, sample.drawn]).all()
    bands = sample.values[NOISE, 5:27].max(1)
    assert (bands < top.min()).all()
    assert (np.diff(bands.reshape(11, 2).mean(1)) < 0).all()
    clipped = sample.present[:, -3:].sum(2)
    assert (clipped <= 3).all()
    assert (clipped >= 1).all()
    peak = sample.values[NOISE, :3].argmax(1)
    for excerpt in range(3):
        kept = np.flatnonzero(sample.present[NOISE, -3 + excerpt])
        assert kept.max() == peak[excerpt]
    with pytest.raises(NeuronError, match="got 200; 305 are asked for"):
        draw_sample(activity, DrawSettings(random=305), np.random.default_rng(0))


def test_a_context_is_believed_the_more_the_oftener_it_was_seen():
    """By hand: B after A is 1, B after C is 0; each is drawn towards the mean of B."""
    tokens = np.array([[[0, 1, 2, 1, 0, 1, 2, 1, 0, 1]]], np.int32)
    values = np.array([[[0, 1, 0, 0, 0, 1, 0, 0, 0, 1]]], np.float32)
    grams = Grams.explain(Sample(tokens, values, np.ones(1, bool)), 3, order=2)
    of_b = 3 / 5
    said = {tuple(symbols): tuple(row) for symbols, *row in zip(*grams.entries(0), strict=True)}
    assert said[1,] == (pytest.approx(of_b), 5)
    assert said[0, 1] == (pytest.approx((3 * 1 + 2 * of_b) / (3 + 2)), 3)
    assert said[2, 1] == (pytest.approx((2 * 0 + 2 * of_b) / (2 + 2)), 2)
    assert (1, 2) in said
    np.testing.assert_allclose(grams.simulate(tokens)[0, 0, :4], [0, 0.84, 0, 0.3], atol=1e-6)


def test_explanations_say_what_they_know():
    gram, _, _ = scored(2)
    assert gram.sentence(TOKEN, SYMBOLS).startswith("active on '<")
    whole = gram.as_json(TOKEN, SYMBOLS)
    assert {len(whole[name]) for name in ("symbols", "means", "counts")} == {gram.lengths[TOKEN]}
    assert whole["symbols"][0][-1] == "<3>"
    assert whole["means"][0] == 2.0
    assert gram.sentence(DEAD, SYMBOLS) == "never more active than elsewhere"
