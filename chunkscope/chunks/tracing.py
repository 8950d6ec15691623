"""When does each chunk appear? The dictionary of a network at several steps of its training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.scores import boundary_scores, word_scores, words_found

WORD_COLUMNS = ["seed", "step", "word", "found"]
"""Of ``words.csv``, which has no row where every word is a single symbol."""


def trace_dictionary(
    stream: Stream,
    labels: Mapping[str, NDArray[np.integer]],
    test: NDArray[np.bool_],
) -> dict[str, float]:
    """What the dictionary is at one step of training, on the test split.

    Returns:
        ``states, chunks, boundary_f1, word_recall, word_precision``; the last three are NaN where
        there is no chunk.
    """
    parse, found = stream.parse, bool(len(stream.chunks))
    boundary = labels["boundary"][test].astype(bool)
    words = word_scores(
        parse.units[test], parse.boundary[test], labels["word"][test], boundary, stream.chunks
    )
    scores = {
        "boundary_f1": boundary_scores(parse.boundary[test], boundary)["f1"],
        "word_recall": words["recall"],
        "word_precision": words["precision"],
    }
    return {
        "states": float(parse.states.max(initial=-1) + 1),
        "chunks": float(len(stream.chunks)),
        **(scores if found else dict.fromkeys(scores, float("nan"))),
    }


def trace_words(
    stream: Stream,
    labels: Mapping[str, NDArray[np.integer]],
    test: NDArray[np.bool_],
    names: Sequence[str],
) -> Iterator[dict[str, object]]:
    """``word, found`` for every word of the corpus that occurs in the test split."""
    parse = stream.parse
    boundary = labels["boundary"][test].astype(bool)
    found = words_found(
        parse.units[test], parse.boundary[test], labels["word"][test], boundary, stream.chunks
    )
    for word, there in found.items():
        yield {"word": names[word] if word < len(names) else str(word), "found": there}


def first_appearance(words: pd.DataFrame) -> pd.DataFrame:
    """The first step from which on each word stays in the dictionary.

    Args:
        words: ``seed, step, word, found``.

    Returns:
        ``seed, word, step``: NaN where the word is not there at the last step.
    """
    rows = []
    for (seed, word), group in words.sort_values("step").groupby(["seed", "word"], sort=False):
        there = group["found"].to_numpy(dtype=bool)
        stays = np.logical_and.accumulate(there[::-1])[::-1]
        step = float(group["step"].to_numpy()[stays.argmax()]) if stays.any() else float("nan")
        rows.append({"seed": seed, "word": word, "step": step})
    return pd.DataFrame(rows, columns=["seed", "word", "step"])
