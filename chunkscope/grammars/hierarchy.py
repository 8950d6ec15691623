"""Words composed of words: random binary compositions whose trees are known.

The hierarchy corpus of Wu et al. (arXiv 2502.01803, network RNN_4): starting from single symbols,
``level`` times the concatenation of two random words of the present vocabulary is added to it.

As published, the filler is a fixed share of the *draws*. Words grow with the level, so that its
share of the *symbols* falls, and whatever depends on that share follows the level too. With
``frequencies: balanced`` every symbol has the same frequency at every level. The entropy rate
cannot be held fixed beside the frequencies: at level 0 symbols are independent, which is the
largest entropy rate that these frequencies allow, and a corpus at that rate has independent
symbols and so no words. What is left is to report it
(:attr:`chunkscope.grammars.corpus.Corpus.bayes_loss`).
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from pydantic import Field, field_validator, model_validator
from scipy.special import logsumexp, softmax

from chunkscope.grammars.base import Grammar
from chunkscope.grammars.builder import START, ProcessBuilder
from chunkscope.grammars.process import Process
from chunkscope.randomness import stream

Tree: TypeAlias = str | tuple["Tree", "Tree"]
"""A symbol, or a pair of trees."""

NEWTON_STEPS = 20  # 15 brought 2,000 vocabularies of 4 to 54 words to rounding error
ROUNDING = 1e-12
"""How far rounding may raise a sum that has reached its minimum."""


class Hierarchy(Grammar):
    """A vocabulary grown by composition, drawn word by word with nothing between the words.

    Words may be read in several ways from their symbols alone (ABAB is also AB + AB): the true
    parse is the one drawn, and the observer's parse state holds what can be known of it.
    """

    grammar: Literal["hierarchy"] = "hierarchy"
    """Which grammar."""
    symbols: str = Field(default="ABCD", min_length=1)
    """The single-symbol words to begin with; each character is a symbol."""
    level: int = Field(ge=0, le=50)
    """Number of compositions."""
    filler: str = Field(default="E", min_length=1, max_length=1)
    """The symbol drawn between words."""
    filler_probability: float = Field(default=0.8, gt=0, lt=1)
    """Probability that a draw is the filler rather than a word; where frequencies are balanced,
    the filler's share of the symbols."""
    frequencies: Literal["published", "balanced"] = "published"
    """Whether the frequencies of symbols follow from the draws, as published, or are the same at
    every level: `filler_probability` for the filler, and equal for all others."""
    max_length: int = Field(default=64, ge=2)
    """Longest word that a composition may make (symbols)."""
    composition_seed: int = Field(default=0, ge=0)
    """Seed of the compositions and of the words' probabilities."""

    @field_validator("symbols")
    @classmethod
    def _are_distinct(cls, symbols: str) -> str:
        for symbol in symbols:
            if symbols.count(symbol) > 1:
                raise ValueError(f"symbol {symbol!r} occurs twice in {symbols!r}; must be once")
        return symbols

    @model_validator(mode="after")
    def _can_be_composed(self) -> Hierarchy:
        if self.filler in self.symbols:
            raise ValueError(
                f"filler {self.filler!r} is also one of the symbols {self.symbols!r}; "
                "choose another filler"
            )
        if len(self.trees) < len(self.symbols) + self.level:
            raise ValueError(
                f"after {len(self.trees) - len(self.symbols)} of {self.level} compositions no new "
                f"word of at most {self.max_length} symbols is left; lower level or raise "
                "max_length"
            )
        return self

    @cached_property
    def trees(self) -> tuple[Tree, ...]:
        """The composition tree of every word, in the order they were made.

        Both parts are drawn uniformly with replacement from the words so far, anew if the word
        exists already or is longer than ``max_length``. A lower level's words begin a higher's.
        """
        rng = stream(self.composition_seed, "hierarchy", "compositions")
        trees: dict[str, Tree] = {symbol: symbol for symbol in self.symbols}
        for _ in range(self.level):
            fitting = [
                (left, right)
                for left in trees
                for right in trees
                if len(left + right) <= self.max_length and left + right not in trees
            ]
            if not fitting:
                break
            left, right = fitting[rng.integers(len(fitting))]
            trees[left + right] = (trees[left], trees[right])
        return tuple(trees.values())

    @property
    def words(self) -> tuple[str, ...]:
        """Every word as a string, in the order they were made."""
        return tuple(spelling(tree) for tree in self.trees)

    @property
    def probabilities(self) -> np.ndarray:
        """(word,) float64: the probability of each word in one draw.

        As published a Dirichlet(1) in ascending order, so that later words are likelier; balanced
        the nearest to it (relative entropy) under which all symbols of words are equally frequent.
        """
        rng = stream(self.composition_seed, "hierarchy", "probabilities")
        weights = np.sort(rng.dirichlet(np.ones(len(self.trees))))
        if self.frequencies == "published":
            return (1 - self.filler_probability) * weights
        counts = np.array([[word.count(symbol) for symbol in self.symbols] for word in self.words])
        weights = project(weights, counts - counts.mean(axis=1, keepdims=True))
        mean_length = weights @ counts.sum(axis=1)
        fillers_per_word = mean_length * self.filler_probability / (1 - self.filler_probability)
        return weights / (1 + fillers_per_word)

    def compile(self) -> Process:
        """States are (word, position)."""
        builder = ProcessBuilder([*self.symbols, self.filler], [*self.words, self.filler])
        probabilities = self.probabilities
        units = [
            (builder.spell(spelling(tree), spelling(tree), leaf_depths(tree)), float(probability))
            for tree, probability in zip(self.trees, probabilities, strict=True)
        ]
        filler = builder.spell(self.filler, self.filler, [0])
        units.append((filler, 1 - float(probabilities.sum())))
        for source in [START, *(unit.last for unit, _ in units)]:
            builder.choose(source, units)
        return builder.build()


def spelling(tree: Tree) -> str:
    """The leaves of a tree from left to right."""
    return tree if isinstance(tree, str) else spelling(tree[0]) + spelling(tree[1])


def leaf_depths(tree: Tree) -> list[int]:
    """How deep each leaf lies, from left to right; a tree of one symbol has depth 1."""
    if isinstance(tree, str):
        return [1]
    return [depth + 1 for part in tree for depth in leaf_depths(part)]


def project(prior: np.ndarray, features: np.ndarray) -> np.ndarray:
    """The distribution nearest to ``prior`` in relative entropy whose mean features are all 0.

    It is unique and an exponential tilt of the prior, p_i ~ prior_i exp(t . f_i), where t
    minimises the convex log sum_i prior_i exp(t . f_i) (Csiszar, Annals of Probability 3, 146,
    1975), here by Newton's method with halved steps.

    Args:
        prior: (outcome,) > 0.
        features: (outcome, feature); 0 must lie within their convex hull.
    """
    log_prior, tilt = np.log(prior), np.zeros(features.shape[1])
    for _ in range(NEWTON_STEPS):
        p = softmax(log_prior + features @ tilt)
        mean = p @ features
        step = np.linalg.pinv((features.T * p) @ features - np.outer(mean, mean)) @ mean
        highest = logsumexp(log_prior + features @ tilt) + ROUNDING
        while logsumexp(log_prior + features @ (tilt - step)) > highest:
            step = step / 2
        tilt = tilt - step
    return softmax(log_prior + features @ tilt)
