"""The chosen setting finds the states of a known grammar without being shown them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chunks_examples import activity_of, words_corpus
from sklearn.metrics import adjusted_rand_score

from chunkscope.chunks.extractors.density import DensityExtractor, agreement, choose, code_lengths
from chunkscope.errors import ExtractionError

CANDIDATES = (15, 60, 800)


@pytest.fixture(scope="module")
def corpus():
    return words_corpus()


@pytest.fixture(scope="module")
def extractor(corpus):
    activity = activity_of(corpus.labels["state"], noise=0.1)
    return DensityExtractor(candidates=CANDIDATES, reach=3).fit(activity, corpus.tokens)


def test_the_chosen_setting_recovers_the_states(corpus, extractor):
    truth = corpus.labels["state"]
    assert adjusted_rand_score(truth.ravel(), extractor.labels_.ravel()) > 0.999
    assert len(extractor.prototypes_) == len(np.unique(truth))
    fresh = words_corpus(n=10, seed=9).labels["state"]
    found = extractor.predict(activity_of(fresh, noise=0.1))
    assert found.shape == fresh.shape
    assert adjusted_rand_score(fresh.ravel(), found.ravel()) > 0.999


def test_a_setting_that_loses_states_was_there_to_be_chosen(extractor):
    sweep = extractor.sweep_.set_index("min_cluster_size")
    assert list(sweep.index) == list(CANDIDATES)
    assert sweep["chosen"].sum() == 1
    assert not sweep["chosen"][800]
    assert sweep["states"][800] < sweep["states"][extractor.min_cluster_size_]
    assert sweep["code_bits"][800] > sweep["code_bits"][extractor.min_cluster_size_]
    np.testing.assert_allclose(sweep["code_bits"], sweep["symbol_bits"] + sweep["tracking_bits"])


def test_splitting_a_state_makes_the_code_longer_and_so_does_joining_two(corpus):
    tokens, states = corpus.tokens, corpus.labels["state"]
    coin = np.random.default_rng(0).integers(2, size=states.shape)
    readings = {"true": states, "split": 2 * states + coin, "joined": states // 2}
    bits = {
        name: code_lengths(found[:40], tokens[:40], found[40:], tokens[40:])["code_bits"]
        for name, found in readings.items()
    }
    assert bits["true"] < bits["split"] - 0.5
    assert bits["true"] < bits["joined"] - 0.05


def test_a_given_size_is_taken_as_it_is(corpus):
    activity = activity_of(corpus.labels["state"])
    extractor = DensityExtractor(min_cluster_size=800).fit(activity, corpus.tokens)
    assert extractor.min_cluster_size_ == 800
    assert extractor.sweep_["chosen"].tolist() == [True]


def test_the_order_of_clustered_sequences_does_not_matter(corpus):
    activity = activity_of(corpus.labels["state"])
    order = np.r_[np.random.default_rng(0).permutation(45), np.arange(45, 60)]
    first = DensityExtractor(candidates=CANDIDATES).fit(activity, corpus.tokens)
    second = DensityExtractor(candidates=CANDIDATES).fit(activity[order], corpus.tokens[order])
    np.testing.assert_array_equal(second.labels_, first.labels_[order])
    pd.testing.assert_frame_equal(second.sweep_, first.sweep_)


def test_activity_without_structure_has_no_states(corpus):
    constant = np.full((*corpus.tokens.shape, 4), 0.1, dtype=np.float32)
    extractor = DensityExtractor(candidates=(50,)).fit(constant, corpus.tokens)
    assert extractor.prototypes_.shape == (0, 4)
    assert (extractor.labels_ == -1).all()
    assert extractor.sweep_["coverage"].tolist() == [0.0]


def test_the_rule_of_choice():
    def chosen(**columns: list[float]) -> int:
        sweep = {"code_bits": [1.0, 1.04, 1.2], "code_bits_se": [0.05, 0.5, 0.5]}
        sweep |= {"stability": [0.9, 0.9, 1.0], "coverage": [0.8, 0.8, 1.0]}
        return choose(pd.DataFrame({**sweep, "min_cluster_size": [10, 20, 30], **columns}))

    assert chosen() == 1  # equal in all, so the larger
    assert chosen(coverage=[0.9, 0.8, 1.0]) == 0
    assert chosen(stability=[0.9, 0.91, 1.0], coverage=[0.9, 0.8, 1.0]) == 1
    assert chosen(code_bits_se=[0.01, 0.5, 0.5]) == 0  # the standard error is that of the best
    assert chosen(code_bits_se=[0.3, 0.0, 0.0]) == 2
    assert chosen(code_bits=[1.3, 1.2, 1.0], code_bits_se=[0.1] * 3) == 2


def test_agreement_is_the_mean_over_pairs():
    first, second = np.array([[0, 0, 1, 1]]), np.array([[0, 1, 0, 1]])
    assert agreement([first, 1 - first]) == 1.0
    pair = adjusted_rand_score(first[0], second[0])
    assert agreement([first, first, second]) == pytest.approx((1 + 2 * pair) / 3)


def test_the_last_sequences_are_held_out_and_never_all():
    rng = np.random.default_rng(0)
    activity, tokens = rng.normal(size=(4, 50, 3)), rng.integers(2, size=(4, 50))
    for held_out, clustered in ((0.25, 3), (0.01, 3), (0.99, 1)):
        far = activity.copy()
        far[clustered:] += 1000  # would be states of their own, were they clustered
        extractor = DensityExtractor(candidates=(20,), held_out=held_out).fit(far, tokens)
        assert (extractor.labels_[clustered:] == -1).all()
        assert (extractor.prototypes_ < 100).all()


@pytest.mark.parametrize(
    ("activity", "tokens", "message"),
    [
        ((4, 9, 3), (4, 8), r"got shape \(4, 9, 3\) with tokens of shape \(4, 8\)"),
        ((36, 3), (4, 9), "must be"),
        ((1, 9, 3), (1, 9), "got 1 sequences of 9 steps"),
        ((9, 1, 3), (9, 1), "got 9 sequences of 1 steps"),
    ],
)
def test_what_cannot_be_clustered_is_refused(activity, tokens, message):
    with pytest.raises(ExtractionError, match=message):
        DensityExtractor().fit(np.zeros(activity), np.zeros(tokens, dtype=int))
