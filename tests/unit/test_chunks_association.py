"""Alignment measures equal their definitions, and their null is that of permuted sequences."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score, f1_score, v_measure_score

from chunkscope.chunks.association import MEASURES, Classes, Pairing, associate, best_matches

TRAIN = np.repeat([True, False], 30)


def runs(n: int = 60, time: int = 40, classes: int = 6, seed: int = 0) -> np.ndarray:
    """(sequence, time) labels that stay the same for a few steps, as labels of text do."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(classes, size=(n, time))
    stay = rng.random((n, time)) < 0.8
    for step in range(1, time):
        drawn[:, step] = np.where(stay[:, step], drawn[:, step - 1], drawn[:, step])
    return drawn


def measured(labels: np.ndarray, truth: np.ndarray, draws: int = 50, members: int = 1):
    classes = Classes.of(truth, TRAIN, members)
    return associate(labels, classes, TRAIN, draws, np.random.default_rng(0))


def values(labels: np.ndarray, truth: np.ndarray, column: str = "value") -> pd.Series:
    return measured(labels, truth).measures.set_index("measure")[column]


def purity(labels: np.ndarray, truth: np.ndarray) -> float:
    """By its definition."""
    shares = [np.bincount(truth[labels == label]).max() for label in np.unique(labels)]
    return sum(shares) / labels.size


def test_measures_equal_their_definitions():
    truth = runs()
    labels = np.where(np.random.default_rng(1).random(truth.shape) < 0.7, truth, runs(seed=2))
    labels[3, :5] = labels[40, 9:20] = -1  # noise is one more label
    found, tested = values(labels, truth), (truth[~TRAIN].ravel(), labels[~TRAIN].ravel())
    assert found["ami"] == pytest.approx(adjusted_mutual_info_score(*tested))
    assert found["v_measure"] == pytest.approx(v_measure_score(*tested))
    assert found["purity"] == pytest.approx(purity(tested[1], tested[0]))
    assert found["inverse_purity"] == pytest.approx(purity(tested[0], tested[1] + 1))
    assert tuple(found.index) == MEASURES


def test_a_perfect_a_renumbered_and_a_coarse_labelling():
    truth = runs()
    np.testing.assert_allclose(values(truth, truth), 1)
    np.testing.assert_allclose(values(5 - truth, truth), 1)
    coarse = values(truth // 2, truth)
    assert coarse["inverse_purity"] == 1
    assert coarse["purity"] < 0.6
    assert coarse["v_measure"] < 1
    fine = values(truth * 40 + np.arange(40), truth)
    assert fine["purity"] == 1
    assert fine["inverse_purity"] < 0.1


def test_shuffled_labels_share_no_information_although_they_are_pure():
    """The reason for a null: purity of nothing is not nothing, and it rises with the labels."""
    truth = np.minimum(runs(), 1)  # class 1 is five times as common
    by_number = {}
    for number in (2, 50):
        noise = np.random.default_rng(1).integers(number, size=truth.shape)
        found = measured(noise, truth).measures.set_index("measure")
        assert abs(found.loc["ami", "value"]) < 0.01
        assert found.loc["purity", "value"] > 0.75
        assert found.loc["purity", "value"] == pytest.approx(
            found.loc["purity", "null_mean"], abs=0.02
        )
        assert (found.loc[["ami", "v_measure"], "p"] > 0.01).all()
        by_number[number] = found.loc["purity", "value"]
    assert by_number[50] >= by_number[2]


def test_labels_in_runs_share_information_by_chance_which_the_null_knows():
    """AMI is 0 on average for independent steps alone; steps in runs have wider chance."""
    truth, unrelated = runs(classes=3, n=60), runs(classes=3, n=60, seed=5)
    found = measured(unrelated, truth, 200).measures.set_index("measure")
    assert found.loc["ami", "p"] > 0.01
    shuffled = np.random.default_rng(0).permuted(unrelated.ravel()).reshape(unrelated.shape)
    pair, mixed = (Pairing(x[~TRAIN], truth[~TRAIN], 3, 3) for x in (unrelated, shuffled))
    rng = np.random.default_rng(1)
    spread, narrow = (
        np.std([p.agreement(p.dealt(rng))[3] for _ in range(200)]) for p in (pair, mixed)
    )
    assert spread > 1.5 * narrow


def test_what_the_place_in_the_sequence_gives_alone_is_part_of_the_null():
    clock = np.tile(np.arange(40) // 10, (60, 1))
    found = measured(clock, clock).measures.set_index("measure")
    np.testing.assert_allclose(found[["value", "null_mean"]], 1)
    assert (found["p"] == 1).all()
    assert found["z"].isna().all()


def test_the_null_is_the_mean_over_all_deals_of_the_sequences():
    labels, truth = runs(8, 12, 3), runs(8, 12, 3, seed=4)
    train = np.repeat([True, False], 4)
    tested, dealt = labels[~train], truth[~train]
    every = [purity(tested.ravel(), dealt[list(deal)].ravel()) for deal in permutations(range(4))]
    classes = Classes.of(truth, train, 1)
    found = associate(labels, classes, train, 4000, np.random.default_rng(0)).measures
    found = found.set_index("measure").loc["purity"]
    assert found["null_mean"] == pytest.approx(np.mean(every), abs=0.003)
    share = np.mean(np.array(every) >= found["value"] - 1e-12)
    assert found["p"] == pytest.approx(share, abs=0.03)
    assert found["z"] == pytest.approx((found["value"] - np.mean(every)) / np.std(every), abs=0.1)


def test_classes_are_found_by_the_label_chosen_on_train_and_scored_on_test():
    truth = runs()
    labels = np.where(np.random.default_rng(1).random(truth.shape) < 0.8, (truth + 2) % 6, 6)
    labels[~TRAIN] = np.where(labels[~TRAIN] == 2, 9, labels[~TRAIN])  # class 0 moves, on test
    table = measured(labels, truth).classes.set_index("class")
    assert table["prototype"].tolist() == [2, 3, 4, 5, 0, 1]
    assert table.loc[0, "recall"] == 0
    assert table.loc[0, "f1"] == 0
    for value, row in table.drop(0).iterrows():
        true, said = truth[~TRAIN] == value, labels[~TRAIN] == row["prototype"]
        assert row["f1"] == pytest.approx(f1_score(true.ravel(), said.ravel()))
        assert row["precision"] == pytest.approx(true[said].mean())
        assert row["recall"] == pytest.approx(said[true].mean())
        assert row["members"] == true.sum()
        assert row["p_family"] >= row["p"] == pytest.approx(1 / 51)


def test_prototypes_are_named_by_the_class_chosen_on_train():
    truth = runs() + 10
    labels = (truth + 1) % 6
    labels[0, 0] = 11  # never again on test
    table = measured(labels, truth).prototypes.set_index("prototype")
    assert table.loc[range(6), "class"].tolist() == [11, 12, 13, 14, 15, 10]
    assert (table.loc[range(6), ["precision", "recall", "f1"]] == 1).all(axis=None)
    assert table.loc[11, "members"] == 0
    assert np.isnan(table.loc[11, "f1"])
    assert list(table.index) == [*range(6), 11]  # numbers that no train step has are not named


def test_best_matches_of_a_small_table_by_hand():
    """The last row and column are noise and rare classes: they count, and are nobody's partner."""
    train = np.array([[8, 2, 0, 0], [1, 1, 6, 9], [0, 0, 0, 0], [0, 0, 0, 4], [5, 5, 5, 5]])
    test = np.array([[3, 1, 0, 0], [0, 2, 2, 4], [5, 0, 0, 0], [1, 1, 0, 0], [2, 0, 6, 0]])
    found = best_matches(train, test)
    assert found.partner.tolist() == [0, 2, -1, -1]
    np.testing.assert_allclose(found.of_row, [3 / 4, 2 / 8, np.nan, 0])
    np.testing.assert_allclose(found.of_column, [3 / 11, 2 / 8, np.nan, np.nan])
    np.testing.assert_allclose(found.f1, [6 / 15, 4 / 16, np.nan, 0], atol=1e-12)


def test_noise_lowers_the_recall_of_a_class():
    truth = runs()
    labels = np.where(np.arange(40) % 2, truth, -1)
    table = measured(labels, truth).classes
    assert (table["precision"] == 1).all()
    steps = [((truth == c) & (np.arange(40) % 2 == 1))[~TRAIN].sum() for c in table["class"]]
    np.testing.assert_allclose(table["recall"], steps / table["members"])


def test_rare_classes_are_one_class_and_none_is_lost():
    truth = np.zeros((4, 50), dtype=int)
    truth[2:, :3] = [[7, 7, 3], [7, 9, 3]]
    truth[:2, 5] = 5  # only on train
    train = np.array([True, True, False, False])
    found = Classes.of(truth, train, min_members=3)
    assert found.values.tolist() == [0, 7]
    assert found.rare == pytest.approx(3 / 100)
    assert found.codes[2, :4].tolist() == [1, 1, 2, 0]
    assert (found.codes[:2, 5] == 2).all()


def test_one_class_or_one_sequence_cannot_be_estimated():
    truth = runs()
    single = measured(runs(seed=1), np.zeros_like(truth)).measures
    assert single[["value", "null_mean", "z", "p"]].isna().all(axis=None)
    train = np.array([True, False])
    classes = Classes.of(truth[:2], train, 1)
    alone = associate(truth[:2], classes, train, 50, np.random.default_rng(0))
    assert alone.measures["value"].notna().all()
    assert alone.measures[["null_mean", "z", "p"]].isna().all(axis=None)
    assert alone.classes["p_family"].isna().all()


def test_labels_that_are_all_noise_know_nothing():
    truth = runs()
    found = values(np.full_like(truth, -1), truth)
    assert found["ami"] == pytest.approx(0, abs=1e-9)
    assert found["inverse_purity"] == 1
    assert found["f1"] == 0
