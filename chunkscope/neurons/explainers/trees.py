"""Shallow decision trees: a few questions about a symbol, the one before, and where it stands.

A tree asks what kind of symbol there is (:data:`KINDS`), whether it is one of those at which the
unit was most active, the same of the symbol before, and how far into the excerpt it is; a leaf says
the mean that the unit did there. (scikit-learn's regression trees, CART.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chunkscope.neurons.excerpts import NOTHING, Sample, Tokens, Values
from chunkscope.neurons.explainers.grams import Grams
from chunkscope.neurons.symbols import readable

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

KINDS: dict[str, Callable[[str], bool]] = {
    "begins a word": lambda symbol: symbol[:1].isspace() and bool(symbol.strip()),
    "has a capital": lambda symbol: any(letter.isupper() for letter in symbol),
    "has a digit": lambda symbol: any(letter.isdigit() for letter in symbol),
    "is letters alone": lambda symbol: symbol.strip().isalpha(),
    "is short": lambda symbol: len(symbol.strip()) < 3,
    "breaks the line": lambda symbol: "\n" in symbol,
}
"""Kind of symbol -> whether a symbol, as it is written, is of it."""

NAMED = 8  # symbols that a tree may ask for by name


@dataclass(frozen=True)
class Trees:
    """The trees of all units.

    Attributes:
        kinds: (symbol, kind) which symbol is of which of :data:`KINDS`.
        named: (unit, :data:`NAMED`) symbols that its tree may ask for, the current one or the one
            before.
        trees: of every unit.
    """

    kinds: NDArray[np.bool_]
    named: Tokens
    trees: tuple[DecisionTreeRegressor, ...]

    @classmethod
    def explain(cls, sample: Sample, symbols: Sequence[str], depth: int, least: int = 5) -> Trees:
        """Trees of at most ``depth`` questions, whose leaves were seen at least ``least`` times."""
        from sklearn.tree import DecisionTreeRegressor  # it takes a second, which tables need not

        kinds = np.array([kinds_of(symbol) for symbol in symbols])
        table = Grams.explain(sample, len(symbols), order=1)
        most = [[symbol for (symbol,) in table.entries(u)[0][:NAMED]] for u in range(table.units)]
        named = np.array([row + [NOTHING] * (NAMED - len(row)) for row in most], dtype=np.int32)
        trees = []
        for unit in range(sample.shape[0]):
            there = sample.present[unit]
            asked = _features(sample.tokens[unit], kinds, named[unit])[there]
            tree = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=least, random_state=0)
            trees.append(tree.fit(asked, sample.values[unit][there]))
        return cls(kinds, named, tuple(trees))

    def simulate(self, tokens: Tokens) -> Values:
        """(unit, excerpt, time) what each unit is said to do on ``tokens`` of the same shape."""
        said = np.zeros(tokens.shape, np.float32)
        for unit, tree in enumerate(self.trees):
            asked = _features(tokens[unit], self.kinds, self.named[unit])
            said[unit] = tree.predict(asked.reshape(-1, asked.shape[-1])).reshape(
                tokens[unit].shape
            )
        return said

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(unit,) questions of each tree."""
        return np.array([tree.tree_.node_count - tree.tree_.n_leaves for tree in self.trees])

    def as_json(self, unit: int, symbols: Sequence[str]) -> dict[str, Any]:
        """The tree of one unit: a question with what follows if yes and if no, or a mean."""
        tree, questions = self.trees[unit].tree_, _questions(self.named[unit], symbols)

        def node(at: int) -> dict[str, Any]:
            if tree.children_left[at] < 0:
                count = int(tree.n_node_samples[at])
                return {"mean": round(float(tree.value[at, 0, 0]), 6), "count": count}
            question = questions[tree.feature[at]]
            if tree.feature[at] == len(questions) - 1:
                question += f" {tree.threshold[at]:.2f}"
            yes, no = node(tree.children_right[at]), node(tree.children_left[at])
            return {"question": question, "yes": yes, "no": no}

        return node(0)

    def sentence(self, unit: int, symbols: Sequence[str]) -> str:
        """Where one unit is most active: the answers on the way to the leaf of the largest mean."""
        mean, answers = _highest(self.as_json(unit, symbols))
        return f"most active ({mean:.2f}) where {' and '.join(answers) or 'anything stands'}"


def kinds_of(symbol: str) -> list[bool]:
    """(kind,) which of :data:`KINDS` a symbol is of."""
    written = readable(symbol)
    return [is_of(written) for is_of in KINDS.values()]


def _highest(node: dict[str, Any]) -> tuple[float, list[str]]:
    """The largest mean beneath a node, and the answers that lead there."""
    if "mean" in node:
        return node["mean"], []
    (yes, then), (no, otherwise) = _highest(node["yes"]), _highest(node["no"])
    if yes >= no:
        return yes, [node["question"], *then]
    return no, [f"not ({node['question']})", *otherwise]


def _questions(named: Tokens, symbols: Sequence[str]) -> list[str]:
    """What each feature asks, in the order of :func:`_features`."""
    names = [f"is {symbols[token]!r}" if token != NOTHING else "is nothing" for token in named]
    asked = [*KINDS, *names]
    before = [f"the symbol before {question}" for question in asked]
    return [*(f"the symbol {question}" for question in asked), *before, "it stands beyond"]


def _features(tokens: Tokens, kinds: NDArray[np.bool_], named: Tokens) -> NDArray[np.float32]:
    """(excerpt, time, feature) answers: of the symbol, of the one before, and its place, 0 to 1."""
    before = np.full(tokens.shape, NOTHING, tokens.dtype)
    before[:, 1:] = tokens[:, :-1]
    answers = []
    for symbol in (tokens, before):
        there = (symbol != NOTHING)[..., None]
        answers += [kinds[symbol] & there, (symbol[..., None] == named) & there]
    place = np.broadcast_to(np.linspace(0, 1, tokens.shape[1])[:, None], (*tokens.shape, 1))
    return np.concatenate([*answers, place], axis=-1).astype(np.float32)
