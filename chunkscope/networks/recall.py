"""Cued recall: given the beginning of a word, does a network go on to say the word?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch

from chunkscope.grammars import Corpus
from chunkscope.grammars.corpus import spelled
from chunkscope.networks.network import Network
from chunkscope.networks.rollouts import rollout


def recall_words(
    network: Network, corpus: Corpus, per_word: int, rng: np.random.Generator
) -> list[dict[str, object]]:
    """Let every member go on greedily after the cue of each word, in natural context.

    A word's cue is its shortest beginning that no other word shares. The network reads the
    sequence up to the cue's end, as it occurs in the corpus, and then its own predictions.
    (The paper cues once from the zero state, which is right or wrong for all repetitions.)

    Args:
        per_word: occurrences tried per word, drawn without replacement.

    Returns:
        One row per member and word: ``seed, word, cue, n, recalled`` (share said whole).
    """
    rows: list[dict[str, object]] = []
    for word, cue, starts in _cued_occurrences(corpus):
        chosen = rng.permutation(len(starts))[:per_word]
        said = [_said(network, corpus.tokens, starts[i], len(cue), len(word)) for i in chosen]
        right = np.array(said).mean(axis=0)  # (member,)
        rows += [
            {
                "seed": member,
                "word": spelled(word, corpus.symbols),
                "cue": spelled(cue, corpus.symbols),
                "n": len(chosen),
                "recalled": float(share),
            }
            for member, share in enumerate(right)
        ]
    return rows


def _said(
    network: Network, tokens: np.ndarray, start: tuple[int, int], cue: int, length: int
) -> np.ndarray:
    """(member,) whether each member says the rest of the word that begins at ``start``."""
    sequence, time = start
    prefix = torch.from_numpy(tokens[sequence : sequence + 1, : time + cue].astype(np.int64))
    rest = tokens[sequence, time + cue : time + length]
    said = rollout(network, prefix, steps=length - cue).tokens[:, 0].cpu().numpy()
    return (said == rest).all(axis=1)


def _cued_occurrences(
    corpus: Corpus,
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, int]]]]:
    """Every word of two symbols or more that a shorter cue tells from all others."""
    occurrences: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for sequence, row in enumerate(corpus.labels["boundary"]):
        for start, stop in pairwise(np.flatnonzero(row).tolist()):
            word = tuple(corpus.tokens[sequence, start:stop].tolist())
            occurrences.setdefault(word, []).append((sequence, start))
    for word, starts in sorted(occurrences.items()):
        for length in range(1, len(word)):
            if sum(other[:length] == word[:length] for other in occurrences) == 1:
                yield word, word[:length], starts
                break
