"""Where the concepts of a corpus occur: its words and symbols, each at its last step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from chunkscope.chunks.averaging_settings import AveragingSettings
from chunkscope.chunks.concepts.settings import ConceptSettings
from chunkscope.chunks.detection import Mask
from chunkscope.chunks.extractors.averaging import Draw, draw_examples
from chunkscope.errors import ExtractionError, did_you_mean
from chunkscope.store import ActivationStore

SHORTEST = 4  # letters; shorter words of a text are hardly ever its content

Kind = Literal["word", "symbol"]


@dataclass(frozen=True)
class Concept:
    """A word or a symbol, and the steps at which it has just been read.

    Attributes:
        name: as it is written.
        kind: a word if it has several symbols; what is a single symbol is read off the input.
        symbols: how many symbols it has; the median where that differs.
        at: (sequence, time) its last step, in all recorded sequences.
    """

    name: str
    kind: Kind
    symbols: float
    at: Mask


@dataclass(frozen=True)
class Trial:
    """A concept, the occurrences that its detectors learn from, and where they are judged.

    Attributes:
        concept: what is to be found.
        draw: examples and validation, in the train split.
        train, test: (sequence, step) its occurrences in the two splits, without the margins at
            both ends of a sequence: step 0 is the first that every offset can look from.
    """

    concept: Concept
    draw: Draw
    train: Mask
    test: Mask


def find_concepts(store: ActivationStore, settings: ConceptSettings) -> list[Concept]:
    """The concepts of a store's corpus, the commonest first.

    Of a grammar (which has parse states) these are its words of several symbols, and then its
    symbols. Of a text they are the words of the settings, or else its content words: four letters
    or more, and none of scikit-learn's English stop words.

    Raises:
        ExtractionError: a word of the settings that the text does not have, or too rarely.
    """
    words = _commonest(_words(store))
    if "state" in store.label_kinds:
        return [word for word in words if word.kind == "word"] + _commonest(_symbols(store))
    if settings.words:
        return [_named(name, words) for name in settings.words]
    return [word for word in words if _is_content(word.name)]


def draw_trials(
    concepts: Sequence[Concept],
    is_train: Mask,
    margin: int,
    settings: ConceptSettings,
    rng: np.random.Generator,
) -> list[Trial]:
    """A trial for each of the first concepts that occur often enough.

    Args:
        is_train: (sequence,) whether it belongs to the train split.
        margin: steps at either end of a sequence in which no occurrence counts, so that every
            offset has the same occurrences.
        rng: draws the examples.

    Raises:
        ExtractionError: a word of the settings is too rare, or every concept is.
    """
    trials: list[Trial] = []
    for concept in concepts:
        trial = _trial(concept, is_train, margin, settings.averaging, rng)
        if trial is not None and len(trials) < settings.most:
            trials.append(trial)
        if trial is None and concept.name in settings.words:
            raise _too_rare(concept, is_train, settings.averaging)
    if not trials:
        raise ExtractionError(
            f"concepts: none of {len(concepts)} words and symbols occurs "
            f"{settings.averaging.min_occurrences} times in the training sequences, in several of "
            f"them, and {settings.averaging.examples} times in the test sequences; record more"
        )
    return trials


def random_trial(
    trial: Trial, settings: AveragingSettings, rng: np.random.Generator
) -> Trial | None:
    """As many occurrences in each split, at random steps: a concept that is none."""
    train, test = (_scatter(at, rng) for at in (trial.train, trial.test))
    draw = draw_examples(train, settings.examples, settings.min_occurrences, rng)
    return None if draw is None else replace(trial, draw=draw, train=train, test=test)


def _words(store: ActivationStore) -> Iterator[Concept]:
    """Every named word of a corpus, at the last of its symbols."""
    label, boundary = store.labels("word"), store.labels("boundary") != 0
    position = store.labels("position")
    ends = np.zeros(label.shape, bool)  # whether a word ends with its sequence is not known
    ends[:, :-1] = boundary[:, 1:] | (label[:, 1:] != label[:, :-1])
    for index, name in enumerate(store.label_names("word")):
        at = ends & (label == index)
        symbols = float(np.median(position[at])) + 1 if at.any() else 0.0
        yield Concept(name, "word" if symbols > 1 else "symbol", symbols, at)


def _symbols(store: ActivationStore) -> list[Concept]:
    tokens = store.tokens()
    return [
        Concept(name, "symbol", 1.0, tokens == index) for index, name in enumerate(store.symbols)
    ]


def _commonest(concepts: Iterable[Concept]) -> list[Concept]:
    return sorted(concepts, key=lambda concept: -int(concept.at.sum()))


def _is_content(word: str) -> bool:
    return word.isalpha() and len(word) >= SHORTEST and word.lower() not in ENGLISH_STOP_WORDS


def _named(name: str, words: Sequence[Concept]) -> Concept:
    found = [word for word in words if word.name == name]
    if not found:
        names = [word.name for word in words]
        raise ExtractionError(
            f"concepts.words: got {name!r}, which occurs 0 times among the {len(names)} commonest "
            f"words of the recorded text{did_you_mean(name, names)}"
        )
    return found[0]


def _trial(
    concept: Concept,
    is_train: Mask,
    margin: int,
    settings: AveragingSettings,
    rng: np.random.Generator,
) -> Trial | None:
    at = concept.at[:, margin : concept.at.shape[1] - margin]
    train, test = at[is_train], at[~is_train]
    draw = draw_examples(train, settings.examples, settings.min_occurrences, rng)
    if draw is None or test.sum() < settings.examples:
        return None
    return Trial(concept, draw, train, test)


def _too_rare(concept: Concept, is_train: Mask, settings: AveragingSettings) -> ExtractionError:
    return ExtractionError(
        f"concepts.words: {concept.name!r} occurs {int(concept.at[is_train].sum())} times in the "
        f"training sequences and {int(concept.at[~is_train].sum())} in the test sequences; it "
        f"needs {settings.min_occurrences} in several sequences and {settings.examples}, away "
        "from their ends; choose a commoner word or record more sequences"
    )


def _scatter(at: Mask, rng: np.random.Generator) -> Mask:
    """As many steps as ``at`` has, drawn at random."""
    return rng.permutation(at.ravel()).reshape(at.shape)
