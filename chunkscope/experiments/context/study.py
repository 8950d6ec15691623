"""The whole experiment for one network: train, count states, read the parents of shared parts.

Real and shuffled training are one ensemble: member ``n`` and member ``seeds + n`` begin with the
same weights. Everything is measured with frozen weights on sequences that no training saw.

The untrained network has learnt nothing; the shuffled one had the same weights to begin with, and
as many updates, on the same symbols in an order that tells nothing; the matched one is untrained
and remembers as long as the trained one (:mod:`chunkscope.experiments.memory`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.chunks.extractors.symbolic import SymbolicExtractor
from chunkscope.experiments.complexity import symbol_windows
from chunkscope.experiments.context.counts import (
    WINDOW,
    count_states,
    count_symbols,
    run_states,
)
from chunkscope.experiments.context.draws import Draws
from chunkscope.experiments.context.names import (
    ALL,
    DICTIONARY,
    IDEAL,
    LAST,
    MAJORITY,
    MATCHED,
    NOISY,
    SHUFFLED,
    STRINGS,
    SYMBOLS,
    TRAINED,
    UNTRAINED,
    VECTOR,
)
from chunkscope.experiments.context.parents import shared_symbols
from chunkscope.experiments.context.readings import Features, Split, read_ideally, read_parents
from chunkscope.experiments.context.settings import ContextSettings
from chunkscope.experiments.context.summary import average_symbols, summarise_context
from chunkscope.experiments.memory import Weights, match_memory
from chunkscope.networks.training import train

Progress = Callable[[int, float], None]


@dataclass(frozen=True)
class ContextStudy:
    """The tables of one network's experiment.

    Attributes:
        measures: ``condition, seed, measure, value``: the paper's indirect measures, after
            training, and of every control.
        parents: ``condition, reading, seed, symbol, position, measure, value``: the direct one.
        training: ``condition, step, seed, measure, value`` at the checkpoints of the training;
            ``context`` is what the noisy linear read-out tells of the parent (bits).
        summary: of measures and parents; see :func:`.summary.summarise_context`.
    """

    measures: pd.DataFrame
    parents: pd.DataFrame
    training: pd.DataFrame
    summary: pd.DataFrame


def run_context(
    settings: ContextSettings, name: str, seed: int, progress: Progress | None = None
) -> ContextStudy:
    """The experiment with the network ``name`` under the root ``seed``.

    Args:
        progress: called after every update with the updates done and their mean loss; if None,
            they are reported on standard error.

    Raises:
        NetworkError: a loss is not finite.
        ExtractionError: there are too few sequences to read a parent.
    """
    draws = Draws(settings, name, seed)
    checkpoints = train_both(draws, progress)
    reader, counter = ParentReader(draws), StateCounter(draws)
    training = through_training(checkpoints, reader, counter)
    final = final_weights(draws, checkpoints)
    measures = pd.concat(
        [
            *(counter.count(weights).assign(condition=c) for c, weights in final.items()),
            *(table.assign(condition=c) for c, table in counter.symbols()),
        ]
    )
    parents = pd.concat(
        [*(reader.read(c, weights) for c, weights in final.items()), reader.references()]
    )
    parents = average_symbols(parents)
    measures = measures[["condition", "seed", "measure", "value"]].reset_index(drop=True)
    return ContextStudy(measures, parents, training, summarise_context(measures, parents))


def train_both(draws: Draws, progress: Progress | None) -> dict[int, Weights]:
    """Step -> weights of the networks that read the corpus, then of those that read it shuffled."""
    network, sequences = draws.untrained(copies=2), draws.training()
    both = np.concatenate([sequences, draws.shuffled(sequences)])
    windows = draws.seeds("windows") * 2
    history = train(network, both, draws.network.training, windows, progress=progress)
    return dict(history.checkpoints)


def final_weights(draws: Draws, checkpoints: Mapping[int, Weights]) -> dict[str, Weights]:
    """Condition -> weights that are compared at the end."""
    first, last = checkpoints[0], checkpoints[max(checkpoints)]
    found: dict[str, Weights] = {
        UNTRAINED: half_of(first, 0),
        TRAINED: half_of(last, 0),
        SHUFFLED: half_of(last, 1),
    }
    if draws.network.network.architecture == "affine":
        found[MATCHED] = match_memory(found[UNTRAINED], found[TRAINED])
    return found


def through_training(
    checkpoints: Mapping[int, Weights], reader: ParentReader, counter: StateCounter
) -> pd.DataFrame:
    """``condition, step, seed, measure, value`` of both halves at every checkpoint."""
    tables = []
    for step, weights in sorted(checkpoints.items()):
        for half, condition in enumerate((TRAINED, SHUFFLED)):
            own = half_of(weights, half)
            rows = pd.concat([counter.count(own), reader.context(own)])
            tables.append(rows.assign(condition=condition, step=step))
    columns = ["condition", "step", "seed", "measure", "value"]
    return pd.concat(tables, ignore_index=True)[columns]


class StateCounter:
    """Counts the states of any weights of an experiment's networks on the same stretches."""

    def __init__(self, draws: Draws) -> None:
        self.settings = draws.settings
        self.network = draws.untrained()
        self.stretches = draws.stretches()

    def count(self, weights: Weights) -> pd.DataFrame:
        """``seed, measure, value``."""
        self.network.load_state_dict(weights)
        settings = self.settings
        return count_states(self.network, self.stretches, settings.levels, settings.merging)

    def symbols(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """The same of strings that no network made."""
        return count_symbols(self.stretches, self.settings.merging)


class ParentReader:
    """Reads parents from the activity of any weights, on the same sequences.

    Of a network whose activity overflows nothing can be read: its values are NaN.
    """

    def __init__(self, draws: Draws) -> None:
        settings = draws.settings
        self.draws = draws
        self.network = draws.untrained()
        self.passages = draws.passages()
        self.tokens = np.stack([own.tokens for own in self.passages])
        self.shared = shared_symbols(draws.process)
        self.split = Split.of(settings.train, settings.validation, settings.test)

    def read(self, condition: str, weights: Weights) -> pd.DataFrame:
        """Rows of every reading of every network."""
        tables = []
        for seed, (activity, finite) in enumerate(self._record(weights)):
            for reading, table in self._readings(activity, condition, seed):
                known = table if finite else table.assign(value=np.nan)
                tables.append(self._named(known, condition, reading, seed))
        return pd.concat(tables)

    def context(self, weights: Weights) -> pd.DataFrame:
        """``seed, measure, value``: ``context``, the noisy read-out's bits, mean over symbols."""
        rows = []
        for seed, (activity, finite) in enumerate(self._record(weights)):
            table = self._parents(self._noisy(activity, seed), seed)
            whole = table[(table["position"] == ALL) & (table["measure"] == "bits")]
            rows.append((seed, "context", float(whole["value"].mean()) if finite else np.nan))
        return pd.DataFrame(rows, columns=["seed", "measure", "value"])

    def references(self) -> pd.DataFrame:
        """Rows of what needs no network: the symbols themselves, and the ideal observer."""
        tables = []
        for seed, own in enumerate(self.passages):
            seen = {MAJORITY: np.zeros_like(own.tokens)}
            seen |= {LAST.format(m): symbol_windows(own.tokens, m) for m in range(1, WINDOW + 1)}
            found = {reading: self._parents(labels, seed) for reading, labels in seen.items()}
            found[IDEAL] = read_ideally(own, self.shared, self.split)
            tables += [self._named(table, SYMBOLS, r, seed) for r, table in found.items()]
        return pd.concat(tables)

    def _record(self, weights: Weights) -> Iterator[tuple[NDArray[np.float32], bool]]:
        """(sequence, time, unit) of each network, zeros if not finite, and whether it is."""
        self.network.load_state_dict(weights)
        for activity in run_states(self.network, self.tokens)[0]:
            finite = bool(np.isfinite(activity).all())
            yield activity if finite else np.zeros_like(activity), finite

    def _readings(
        self, activity: NDArray[np.float32], condition: str, seed: int
    ) -> Iterator[tuple[str, pd.DataFrame]]:
        """Reading -> its table, for one network's ``activity (sequence, time, unit)``."""
        yield VECTOR, self._parents(activity, seed)
        yield NOISY, self._parents(self._noisy(activity, seed), seed)
        tokens, train = self.tokens[seed], self.split.train
        strings = SymbolicExtractor(levels=self.draws.settings.levels)
        density = self.draws.settings.density.model_dump(exclude={"constrained"})
        start = self.draws.seeds("density", condition)[seed]
        for reading, extractor in (
            (STRINGS, strings),
            (DICTIONARY, DensityExtractor(**density, random_state=start)),
        ):
            extractor.fit(activity[train], tokens[train])
            table = self._parents(extractor.predict(activity), seed)
            found = len(extractor.prototypes_) > 0
            yield reading, table if found else table.assign(value=np.nan)

    def _noisy(self, activity: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
        """Activity with noise of the setting's share of its own spread."""
        spread = np.sqrt(activity.reshape(-1, activity.shape[-1]).var(axis=0, dtype=float).mean())
        noise = self.draws.generators("noise")[seed].standard_normal(activity.shape)
        return activity + self.draws.settings.noise * spread * noise

    def _parents(self, features: Features, seed: int) -> pd.DataFrame:
        return read_parents(features, self.passages[seed], self.shared, self.split)

    def _named(self, table: pd.DataFrame, condition: str, reading: str, seed: int) -> pd.DataFrame:
        """The table with symbols by name, and whose it is."""
        names = table["symbol"].map(dict(enumerate(self.draws.process.symbols)))
        return table.assign(symbol=names, condition=condition, reading=reading, seed=seed)


def half_of(weights: Weights, half: int) -> dict[str, Tensor]:
    """The first (0) or second (1) half of an ensemble's members."""
    return {name: value.chunk(2)[half] for name, value in weights.items()}
