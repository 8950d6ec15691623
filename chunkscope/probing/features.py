"""Features: yes-or-no questions about a step whose true answer a store knows.

Every label of a kind gives one question, this label against the rest, as published (Gurnee et al.,
arXiv 2305.01610). Where a question makes no sense it is not asked, and such a step is no row of any
probe: which word it is and how far in it, outside words; what comes next, at the last step; of a
compound, where neither of its halves stands, since there the answer is easy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import ProbingError, did_you_mean
from chunkscope.probing.settings import FeatureSettings

NOT_ASKED = -1
NO_VALUE = -1  # of a label: the answer to every question is no

SYMBOL, UPCOMING = "symbol", "upcoming"  # read off the tokens, so that every store has them
WORD, POSITION, STATE, COMPOUND = "word", "position", "state", "compound"
INSIDE_WORDS = (WORD, POSITION)
FLAGS = ("line_start", "doctest", "production")  # labels that are questions: 1 yes, 0 no
NO_FEATURES = ("boundary", "causal", "document")
"""Labels that are not asked for: a boundary is position 0; causal states are parse states, but for
those with one future; and no document is on both sides of a split."""

Labels = NDArray[np.integer]  # (sequence, time)
Mask = NDArray[np.bool_]  # (sequence, time)


@dataclass(frozen=True)
class Feature:
    """One question.

    Attributes:
        kind: what it is about.
        name: which of its kind, readable; a flag is named as its kind.
        value: the label, or the token, for which the answer is yes.
        labels: (sequence, time) int8: 1 yes, 0 no, -1 not asked.
    """

    kind: str
    name: str
    value: int
    labels: NDArray[np.int8]

    @property
    def per_sequence(self) -> bool:
        """Whether the answer changes within no sequence."""
        yes, no = (self.labels == 1).any(axis=1), (self.labels == 0).any(axis=1)
        return not (yes & no).any()

    def prevalence(self, sequences: NDArray[np.bool_] | None = None) -> float:
        """Share of yes among the steps asked of these sequences, or of all; NaN if none is."""
        labels = self.labels if sequences is None else self.labels[sequences]
        asked = np.count_nonzero(labels != NOT_ASKED)
        return np.count_nonzero(labels == 1) / asked if asked else float("nan")


@dataclass(frozen=True)
class Steps:
    """What a store knows of its steps; arrays are (sequence, time).

    Attributes:
        tokens: indices into ``symbols``.
        labels: kind -> label of every step, as :class:`chunkscope.grammars.Corpus` has them.
        names: kind -> readable name of each value, where it has names.
        skip: first steps of a sequence that are not asked.
    """

    tokens: Labels
    symbols: Sequence[str]
    labels: Mapping[str, Labels]
    names: Mapping[str, Sequence[str]]
    skip: int

    @property
    def kinds(self) -> list[str]:
        """The kinds of questions that can be asked."""
        return [SYMBOL, UPCOMING, *(kind for kind in self.labels if kind not in NO_FEATURES)]

    def questions(self, kind: str) -> Iterator[Feature]:
        """All questions of a kind, asked wherever they make sense, one at a time: of a large
        vocabulary they would not fit into memory together."""
        tokens, names = self.tokens, self.names.get(kind, ())
        asked = np.ones(tokens.shape, bool)
        asked[:, : self.skip] = False
        if kind == SYMBOL:
            return _one_against_rest(kind, tokens, asked, self.symbols)
        if kind == UPCOMING:
            following = np.full(tokens.shape, NO_VALUE, np.int64)
            following[:, :-1] = tokens[:, 1:]
            return _one_against_rest(kind, following, asked & (following >= 0), self.symbols)
        labels = self.labels[kind]
        if kind in INSIDE_WORDS:
            return _one_against_rest(kind, labels, asked & self._inside_words(), names)
        if kind in FLAGS:
            flag = np.where(labels == 1, 1, NO_VALUE)
            return _one_against_rest(kind, flag, asked, ("", kind))
        if kind == COMPOUND:
            return self._compounds(labels, asked, names)
        return _one_against_rest(kind, labels, asked, names)

    def _inside_words(self) -> Mask:
        """Where a grammar's depth is above 0; where there is none, as in text, the position is
        known."""
        if "depth" in self.labels:
            return np.asarray(self.labels["depth"] > 0)
        return np.asarray(self.labels.get(POSITION, self.tokens) >= 0)

    def _compounds(self, labels: Labels, asked: Mask, names: Sequence[str]) -> Iterator[Feature]:
        """Asked where the first symbol has just been or the second is: the published rows."""
        for value, name in enumerate(names[:-1]):  # the last one is none
            first, second = (self.symbols.index(symbol) for symbol in name)
            either = self.tokens == second
            either[:, 1:] |= self.tokens[:, :-1] == first
            yield _against_rest(COMPOUND, name, value, labels, asked & either)


def features_of(
    store_labels: Mapping[str, Labels],
    names: Mapping[str, Sequence[str]],
    tokens: Labels,
    symbols: Sequence[str],
    settings: FeatureSettings,
    counted: NDArray[np.bool_] | None = None,
) -> list[Feature]:
    """The features of a store: of each kind the commonest whose prevalence lies in the range.

    Where a kind has two values they are one question, whose yes is the rarer. If kinds are not
    named, one of which nothing lies in the range is left out.

    Args:
        store_labels: kind -> (sequence, time), as :class:`chunkscope.grammars.Corpus` has them.
        names: kind -> readable name of each value, where it has names.
        tokens: (sequence, time), indices into ``symbols``.
        settings: kinds, how many of each, range of prevalence, first steps that are not asked.
        counted: (sequence,), the sequences that decide what is common, so that those to be tested
            do not; None for all.

    Raises:
        ProbingError: labels of another shape than the tokens; a kind that the store has not, or,
            asked for by name, of which nothing lies in the range; no feature at all.
    """
    for kind, values in store_labels.items():
        if values.shape != tokens.shape:
            raise ProbingError(
                f"labels: {kind}: got shape {values.shape}; must be {tokens.shape}, as the tokens"
            )
        if (named := len(names.get(kind, ()))) and values.max() >= named:
            raise ProbingError(
                f"labels: {kind}: got value {values.max()} but names of {named} values; name every "
                "value, or none"
            )
    steps = Steps(tokens, symbols, store_labels, names, settings.skip)
    counted = np.ones(len(tokens), bool) if counted is None else counted
    features = []
    for kind in _asked_for(settings, steps.kinds):
        common = _commonest(steps, kind, settings, counted)
        if settings.kinds is not None and not common:
            raise ProbingError(_nothing_in_range(kind, settings))
        features += common
    if not features:
        raise ProbingError(_nothing_in_range("feature", settings))
    return features


def _asked_for(settings: FeatureSettings, known: Sequence[str]) -> Sequence[str]:
    for kind in settings.kinds or ():
        if kind not in known:
            raise ProbingError(
                f"probing.features.kinds: got {kind!r}; the store has {', '.join(known)}"
                f"{did_you_mean(kind, known)}"
            )
    return known if settings.kinds is None else settings.kinds


def _commonest(
    steps: Steps, kind: str, settings: FeatureSettings, counted: NDArray[np.bool_]
) -> list[Feature]:
    """At most ``settings.most``, by falling prevalence; ties go by value.

    A parse state that is one symbol, as that of a filler may be, is asked as that symbol.
    """
    low, high = settings.prevalence
    shares = {
        feature.value: feature.prevalence(counted)
        for feature in steps.questions(kind)
        if kind != STATE or not _names_a_symbol(feature, steps.tokens, counted)
    }
    shares = {value: share for value, share in shares.items() if 0 < share < 1}
    if len(shares) == 2 and np.isclose(sum(shares.values()), 1):  # two values, one question
        del shares[max(shares, key=lambda value: shares[value])]
    fitting = [value for value, share in shares.items() if low <= share <= high]
    chosen = sorted(fitting, key=lambda value: -shares[value])[: settings.most]
    found = {feature.value: feature for feature in steps.questions(kind) if feature.value in chosen}
    return [found[value] for value in chosen]


def _names_a_symbol(feature: Feature, tokens: Labels, counted: NDArray[np.bool_]) -> bool:
    """Whether, wherever it is asked, the answer is yes at one symbol and nowhere else."""
    labels, tokens = feature.labels[counted], tokens[counted]
    present = np.unique(tokens[labels == 1])
    return len(present) == 1 and not (labels[tokens == present[0]] == 0).any()


def _nothing_in_range(what: str, settings: FeatureSettings) -> str:
    low, high = settings.prevalence
    return (
        f"probing.features.prevalence: no {what} of the store has both answers and a prevalence "
        f"from {low:g} to {high:g}; widen the range or leave the kind out"
    )


def _one_against_rest(
    kind: str, values: Labels, asked: Mask, names: Sequence[str]
) -> Iterator[Feature]:
    """A question for every value from 0 that occurs where asked."""
    for value in np.unique(values[asked]).tolist():
        if value >= 0:
            name = names[value] if len(names) else str(value)
            yield _against_rest(kind, name, value, values, asked)


def _against_rest(kind: str, name: str, value: int, values: Labels, asked: Mask) -> Feature:
    answers = np.where(asked, values == value, NOT_ASKED).astype(np.int8)
    return Feature(kind, name, value, answers)
