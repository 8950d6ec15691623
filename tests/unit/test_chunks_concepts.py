"""Concepts: where they occur, who finds them, and what must not be known to whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chunks_examples import activity_of, words_corpus

from chunkscope.chunks.averaging_settings import AveragingSettings
from chunkscope.chunks.concepts.detectors import (
    Splits,
    best_latent,
    by_average,
    by_latent,
    by_lookup,
    by_probe,
    find_average,
    strongest_latent,
)
from chunkscope.chunks.concepts.occurrences import Concept, Trial, draw_trials, find_concepts
from chunkscope.chunks.concepts.settings import ConceptSettings
from chunkscope.chunks.concepts.study import Site, read_site, stack
from chunkscope.chunks.concepts.summary import METHODS, summarise_detection
from chunkscope.chunks.detection import rates
from chunkscope.errors import ExtractionError
from chunkscope.store import ActivationStore, StoreWriter

SITE = "layers.0.hook_h"
CORPUS = words_corpus(n=80, length=40)
ACTIVITY = activity_of(CORPUS.labels["state"])
IS_TRAIN = np.arange(80) < 50
SETTINGS = ConceptSettings(offsets=(-1, 0, 1), averaging=AveragingSettings(tolerances=(3.0, 0.1)))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ActivationStore:
    path = tmp_path_factory.mktemp("concepts") / "example.zarr.zip"
    write(path, CORPUS.labels)
    return ActivationStore.open(path)


def write(path: Path, labels: dict[str, np.ndarray]) -> None:
    with StoreWriter(
        path,
        tokens=CORPUS.tokens,
        symbols=CORPUS.symbols,
        labels=labels,
        label_names={kind: list(names) for kind, names in CORPUS.names.items() if kind in labels},
        split=(~IS_TRAIN).astype(np.uint8),
        next_distribution=CORPUS.next_distribution,
        attributes={},
    ) as writer:
        writer.create(0, {SITE: ACTIVITY.shape[-1]})
        writer.write(0, 0, {SITE: ACTIVITY}, loss=np.zeros(CORPUS.tokens.shape, np.float32))


def splits(values: np.ndarray) -> Splits:
    return Splits(values[IS_TRAIN], values[~IS_TRAIN])


def trial(at: np.ndarray, seed: int = 0) -> Trial:
    concept = Concept("it", "word", 1.0, at)
    (drawn,) = draw_trials([concept], IS_TRAIN, 0, SETTINGS, np.random.default_rng(seed))
    return drawn


def test_a_word_occurs_at_its_last_step(store: ActivationStore) -> None:
    concepts = {concept.name: concept for concept in find_concepts(store, SETTINGS)}
    assert set(concepts) == {"ABC", "BDA", "CCDB", *CORPUS.symbols}  # fillers are symbols
    assert (concepts["CCDB"].kind, concepts["CCDB"].symbols) == ("word", 4)
    text = CORPUS.text(0)
    ends = [at + 3 for at in range(len(text)) if text[at : at + 4] == "CCDB"]
    assert np.flatnonzero(concepts["CCDB"].at[0]).tolist() == ends
    assert np.flatnonzero(concepts["x"].at[0]).tolist() == [
        at for at, symbol in enumerate(text) if symbol == "x"
    ]


def test_a_text_has_content_words_and_those_of_the_settings(tmp_path: Path) -> None:
    kinds = ("word", "boundary", "position")
    write(tmp_path / "text.zarr.zip", {kind: CORPUS.labels[kind] for kind in kinds})
    with ActivationStore.open(tmp_path / "text.zarr.zip") as store:
        names = [concept.name for concept in find_concepts(store, SETTINGS)]
        assert names == ["CCDB"]  # the one of four letters
        named = SETTINGS.model_copy(update={"words": ("BDA",)})
        assert [concept.name for concept in find_concepts(store, named)] == ["BDA"]
        unknown = SETTINGS.model_copy(update={"words": ("CCDX",)})
        with pytest.raises(ExtractionError, match=r"'CCDX', which occurs 0 times.*mean CCDB"):
            find_concepts(store, unknown)


def test_a_word_of_the_settings_that_is_rare_is_named_with_its_count() -> None:
    at = np.zeros(CORPUS.tokens.shape, bool)
    at[:3, 5] = True
    settings = SETTINGS.model_copy(update={"words": ("it",)})
    with pytest.raises(ExtractionError, match=r"'it' occurs 3 times in the training"):
        draw_trials(
            [Concept("it", "word", 1.0, at)], IS_TRAIN, 0, settings, np.random.default_rng(0)
        )
    with pytest.raises(ExtractionError, match="none of 1 words and symbols"):
        draw_trials(
            [Concept("it", "word", 1.0, at)], IS_TRAIN, 0, SETTINGS, np.random.default_rng(0)
        )


def test_every_detector_finds_a_state_of_its_own() -> None:
    at = CORPUS.labels["state"] == CORPUS.labels["state"][0, 3]
    drawn, states = trial(at), splits(ACTIVITY)
    latents = splits(np.stack([at * 2.0, ~at * 1.0, at * 0.0], -1))
    truth = drawn.test.ravel()
    found = {
        "probe": by_probe(states, drawn),
        "latent": by_latent(latents, drawn, strongest_latent(latents, drawn)),
        "average": by_average(find_average(states, drawn, (3.0, 0.3)), states),
    }
    for name, detection in found.items():
        assert detection is not None
        assert rates(detection.detected, truth).balanced_accuracy > 0.7, name
    assert strongest_latent(latents, drawn) == best_latent(latents, drawn) == 0


def test_the_strongest_latent_may_be_one_that_is_always_strong() -> None:
    at = CORPUS.labels["state"] == CORPUS.labels["state"][0, 3]
    latents, drawn = splits(np.stack([at * 1.0, np.full(at.shape, 9.0)], -1)), trial(at)
    assert strongest_latent(latents, drawn) == 1
    assert best_latent(latents, drawn) == 0
    always = by_latent(latents, drawn, 1)
    assert rates(always.detected, drawn.test.ravel()).balanced_accuracy == 0.5


def test_the_look_up_is_right_where_the_symbol_says_it_and_chance_where_it_does_not() -> None:
    tokens = splits(CORPUS.tokens)
    symbol = trial(CORPUS.tokens == 2)
    scores = rates(by_lookup(tokens, symbol).detected, symbol.test.ravel())
    assert (scores.true_positive, scores.false_positive) == (1, 0)
    anywhere = trial(np.random.default_rng(0).random(CORPUS.tokens.shape) < 0.1)
    scores = rates(by_lookup(tokens, anywhere).detected, anywhere.test.ravel())
    assert scores.balanced_accuracy == pytest.approx(0.5, abs=0.06)


def test_an_offset_looks_that_many_steps_further() -> None:
    steps = np.tile(np.arange(10), (2, 1))
    shifted = Splits(steps, steps).shifted(2, 3)
    assert shifted.train[0].tolist() == [5, 6, 7, 8]
    assert Splits(steps, steps).shifted(-3, 3).test[0].tolist() == [0, 1, 2, 3]


def test_the_test_split_changes_no_detector() -> None:
    at = CORPUS.labels["state"] == CORPUS.labels["state"][0, 3]
    drawn, states = trial(at), splits(ACTIVITY)
    other = Splits(states.train, np.random.default_rng(0).normal(size=states.test.shape))
    first, second = (find_average(each, drawn, (3.0, 0.3)) for each in (states, other))
    assert first is not None
    assert second is not None
    assert np.array_equal(first.units, second.units)
    assert first.radius == second.radius
    assert by_probe(states, drawn).setting == by_probe(other, drawn).setting


def study(offset_of_signal: int = 0) -> tuple[list[Trial], Site]:
    """Units that are on ``offset_of_signal`` steps after the concept; the rest is random."""
    rng = np.random.default_rng(0)
    at = rng.random(CORPUS.tokens.shape) < 0.05
    activity = rng.normal(size=(*at.shape, 10))
    seen = np.roll(at, offset_of_signal, axis=1)
    activity[seen, :4] = 2.5
    trials = draw_trials(
        [Concept("it", "word", 1.0, at)], IS_TRAIN, 1, SETTINGS, np.random.default_rng(0)
    )
    noise = splits(rng.normal(size=activity.shape))
    site = Site(splits(activity), noise, splits(np.maximum(activity, 0)), splits(CORPUS.tokens))
    return trials, site


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_concept_is_found_at_the_offset_where_it_is(offset: int) -> None:
    trials, site = study(offset)
    table = read_site(site, trials, SETTINGS, np.random.default_rng(0)).table
    assert set(table["method"]) == set(METHODS)
    score = table.set_index(["method", "offset"])["balanced_accuracy"]
    assert score["averaging", offset] == 1
    for control in ("untrained", "random occurrences", "look-up"):
        assert score[control, offset] == pytest.approx(0.5, abs=0.1), control
    for elsewhere in {-1, 0, 1} - {offset}:
        assert score["averaging", elsewhere] == pytest.approx(0.5, abs=0.1)


def test_prototypes_are_kept_with_their_units() -> None:
    trials, site = study()
    found = read_site(site, trials, SETTINGS, np.random.default_rng(0))
    arrays = stack([*found.prototypes[0], None], 10)
    assert arrays["units"].tolist() == [[True] * 4 + [False] * 6, [False] * 10]
    np.testing.assert_allclose(arrays["mean"][0, :4], 2.5)
    none = stack([None, None], 10)  # a site where no tolerance leaves any concept a unit
    assert none["mean"].shape == none["units"].shape == (2, 10)


def test_a_summary_is_over_concepts_of_means_over_seeds() -> None:
    trials, site = study()
    table = read_site(site, trials, SETTINGS, np.random.default_rng(0)).table.assign(site=SITE)
    twice = [table.assign(concept=name, seed=seed, tpr=tpr) for name, seed, tpr in VALUES]
    summary = summarise_detection(pd.concat(twice))
    summary = summary.set_index(["site", "method", "offset", "measure"])
    row = summary.loc[(SITE, "averaging", 0, "tpr")]
    assert (row["mean"], row["n"], row["seeds"]) == (pytest.approx(0.5), 2, 2)
    assert row["ci_low"] < 0 < 1 < row["ci_high"]  # two concepts, of .2 and .8


VALUES = [("a", 0, 0.1), ("a", 1, 0.3), ("b", 0, 0.8), ("b", 1, 0.8)]
