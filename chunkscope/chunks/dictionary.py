"""The dictionary of a network: its states, the letters they form, and the chunks of letters."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.extractors.base import Activations, Extractor, Labels, Tokens
from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.rounds import RoundMerger

Status = Literal["ok", "no_chunks", "no_states"]
Merger = ChunkMerger | RoundMerger


@dataclass(frozen=True)
class Dictionary:
    """What an extractor found, states first, then chunks. All arrays; nothing of the truth.

    Attributes:
        prototypes: (state, unit) the mean activity of each state, the commonest in the clustered
            subsample first.
        radii: (state,) distance that holds 99 % of a state's own members.
        members: (state,) steps of the training split in each state.
        persistence: (state,) HDBSCAN's cluster persistence; NaN for other extractors.
        constrained: (state, unit) whether the unit is among those that vary least within the
            state, as parts of their overall spread; a set share of the units.
        tolerance: (state, unit) spread of the unit within the state: root mean square distance of
            its members from the prototype.
        letters: (state,) states of one letter have the same symbol and the same future.
        units: (chunk,) the unit of a :class:`~chunkscope.chunks.reading.Parse` that is the chunk.
        paths: (chunk, step) the letters each chunk runs through, -1 after its end.
        counts: (chunk,) occurrences in the parse of the training split, less those so near their
            sequence's end that it may have cut them.
        savings: (chunk,) bits that the chunk's merge saved.
        spellings: (chunk, step) the symbols most often read along the chunk, -1 after its end.
        spelled: (chunk,) share of its occurrences that read exactly these symbols.
    """

    prototypes: NDArray[np.float32]
    radii: NDArray[np.float64]
    members: NDArray[np.int64]
    persistence: NDArray[np.float64]
    constrained: NDArray[np.bool_]
    tolerance: NDArray[np.float32]
    letters: NDArray[np.int64]
    units: NDArray[np.int64]
    paths: NDArray[np.int64]
    counts: NDArray[np.int64]
    savings: NDArray[np.float64]
    spellings: NDArray[np.int64]
    spelled: NDArray[np.float64]

    @property
    def status(self) -> Status:
        """``no_states`` and ``no_chunks`` are results: what hangs on them is not estimable."""
        if not len(self.prototypes):
            return "no_states"
        return "ok" if len(self.paths) else "no_chunks"

    def arrays(self, prefix: str = "") -> dict[str, NDArray[np.generic]]:
        """Field name -> array, for ``np.savez``; the prefix keeps several dictionaries apart."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], prefix: str = "") -> Dictionary:
        """The inverse of :meth:`arrays`."""
        return cls(**{field.name: arrays[f"{prefix}{field.name}"] for field in fields(cls)})  # type: ignore[arg-type]

    def state_table(self) -> pd.DataFrame:
        """One row per state."""
        return pd.DataFrame(
            {
                "state": np.arange(len(self.prototypes)),
                "letter": self.letters,
                "members": self.members,
                "persistence": self.persistence,
                "radius": self.radii,
                "constrained_units": self.constrained.sum(axis=1),
            }
        )

    def chunk_table(self, symbols: tuple[str, ...]) -> pd.DataFrame:
        """One row per chunk, its spelling written in ``symbols``."""
        return pd.DataFrame(
            {
                "chunk": np.arange(len(self.paths)),
                "unit": self.units,
                "spelling": [spell(row, symbols) for row in self.spellings],
                "spelled": self.spelled,
                "count": self.counts,
                "saving_bits": self.savings,
                "letters": [" ".join(map(str, row[row >= 0])) for row in self.paths],
            }
        )


def spell(tokens: NDArray[np.integer], symbols: tuple[str, ...]) -> str:
    """Tokens as text, negative ones left out; symbols of several characters get spaces between."""
    gap = "" if all(len(symbol) == 1 for symbol in symbols) else " "
    return gap.join(symbols[token] for token in tokens if token >= 0)


def describe_states(
    extractor: Extractor, activations: Activations, constrained: float
) -> dict[str, NDArray[np.generic]]:
    """Members, tolerance and constrained units of every state, over the fitted steps."""
    labels, n = extractor.labels_, len(extractor.prototypes_)
    tolerance = spread_within(activations, labels, extractor.prototypes_)
    return {
        "members": np.bincount(labels[labels >= 0], minlength=n).astype(np.int64),
        "tolerance": tolerance.astype(np.float32),
        "constrained": constrained_units(activations, labels, n, constrained),
    }


def constrained_units(
    activations: Activations, labels: Labels, states: int, share: float
) -> NDArray[np.bool_]:
    """(state, unit) the ``share`` of units that vary least within a state, as parts of their
    overall spread; at least one unit, and none where a state has no members.

    Args:
        activations: (sequence, time, unit) of any site. labels: (sequence, time), -1 is noise.
    """
    rows, flat = activations.reshape(-1, activations.shape[-1]), labels.ravel()
    members = np.bincount(flat[flat >= 0], minlength=states)
    sums = np.zeros((states, rows.shape[1]))
    np.add.at(sums, flat[flat >= 0], rows[flat >= 0])
    means = sums / np.maximum(members, 1)[:, None]
    overall = rows.std(axis=0, dtype=np.float64)
    relative = np.full(means.shape, np.inf)
    np.divide(spread_within(activations, labels, means), overall, out=relative, where=overall > 0)
    rank = relative.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    tightest = rank < max(1, int(share * rows.shape[1]))
    return tightest & np.isfinite(relative) & (members > 0)[:, None]


def spread_within(
    activations: Activations, labels: Labels, centres: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(state, unit) root mean square distance of a state's members from its centre."""
    rows, flat = activations.reshape(-1, activations.shape[-1]), labels.ravel()
    known = flat >= 0
    square = np.zeros(centres.shape)
    np.add.at(square, flat[known], (rows[known] - centres[flat[known]]) ** 2)
    members = np.bincount(flat[known], minlength=len(centres))
    return np.sqrt(square / np.maximum(members, 1)[:, None])


def describe_chunks(
    merger: ChunkMerger, units: Labels, boundary: NDArray[np.bool_], tokens: Tokens
) -> dict[str, NDArray[np.generic]]:
    """Unit, path, count, saving and commonest spelling of every chunk that the parse uses.

    What counts is said in :func:`count_chunks`.
    """
    begins = _uncut(merger, boundary)
    used, counts = count_chunks(merger, units, boundary)
    width = max((len(merger.chunks_[unit]) for unit in used), default=1)
    paths = np.full((len(used), width), -1, dtype=np.int64)
    spellings = np.full((len(used), width), -1, dtype=np.int64)
    spelled = np.zeros(len(used))
    for row, unit in enumerate(used.tolist()):
        path = merger.chunks_[unit]
        paths[row, : len(path)] = path
        texts = _texts(units, begins, tokens, unit, len(path))
        distinct, times = np.unique(texts, axis=0, return_counts=True)
        spellings[row, : len(path)] = distinct[times.argmax()]
        spelled[row] = times.max() / times.sum()
    return {
        "units": used,
        "paths": paths,
        "counts": counts,
        "savings": merger.savings_[used - merger.n_labels_],
        "spellings": spellings,
        "spelled": spelled,
    }


def count_chunks(
    merger: Merger, units: Labels, boundary: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(chunk,) the units that are chunks of the dictionary, and how often each occurs.

    A unit that begins within the longest chunk's length of its sequence's end is not counted: the
    end may have cut it. A chunk that larger ones left with fewer than ``min_count`` occurrences is
    left out altogether.
    """
    begins = _uncut(merger, boundary)
    counts = np.bincount(units[begins & (units >= 0)], minlength=len(merger.chunks_))
    used = np.flatnonzero(counts >= merger.min_count)
    used = used[used >= merger.n_labels_]
    return used, counts[used]


def _uncut(merger: Merger, boundary: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a unit begins that the end of its sequence cannot have cut."""
    time = boundary.shape[1]
    longest = max((len(chunk) for chunk in merger.chunks_), default=1)
    begins = boundary.copy()
    begins[:, time - min(longest, time // 2) :] = False  # half a short sequence is still counted
    return begins


def _texts(
    units: Labels, begins: NDArray[np.bool_], tokens: Tokens, unit: int, length: int
) -> NDArray[np.integer]:
    """(occurrence, step) the symbols read at every occurrence of a unit."""
    sequence, time = np.nonzero((units == unit) & begins)
    return tokens[sequence[:, None], time[:, None] + np.arange(length)].astype(np.int64)
