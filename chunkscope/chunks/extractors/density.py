"""The default extractor: HDBSCAN states, with the setting chosen without looking at the truth.

No single ``min_cluster_size`` serves every network, so every candidate is judged on held-out
training sequences by how short it makes the joint code of the next symbol and the next state,

    L(m) = H(x' | s) + H(s' | s, x')     [bits per symbol].

The first term falls while states are still being told apart that have different futures; the
second grows as soon as one state is cut in two by something that no symbol explains. Candidates
within one standard error of the shortest code are equals; among them the most stable over
subsamples wins, then the one with the highest coverage, then the largest size.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from chunkscope.chunks.codelength import symbol_bits, tracking_bits
from chunkscope.chunks.extractors.base import (
    NOISE,
    Activations,
    Extractor,
    Labels,
    Tokens,
    check_activity,
)
from chunkscope.chunks.extractors.clustering import DensityClustering, draw_sample
from chunkscope.chunks.settings import CANDIDATE_SIZES

Fits = dict[int, DensityClustering]


class DensityExtractor(Extractor):
    """HDBSCAN states at a given ``min_cluster_size``, or at the best of ``candidates``.

    Example:
        >>> extractor = DensityExtractor().fit(activations, tokens)
        >>> extractor.sweep_[["min_cluster_size", "states", "code_bits", "chosen"]]
        >>> labels = extractor.predict(new_activations)

    The parameters are those of :class:`chunkscope.chunks.settings.DensitySettings`.
    """

    def __init__(
        self,
        *,
        min_cluster_size: int | Literal["auto"] = "auto",
        candidates: tuple[int, ...] = CANDIDATE_SIZES,
        min_samples: int = 10,
        subsample: int = 10_000,
        variance: float = 0.99,
        reach: float = 2.5,
        repeats: int = 2,
        held_out: float = 0.25,
        random_state: int = 0,
    ) -> None:
        self.min_cluster_size = min_cluster_size
        self.candidates = candidates
        self.min_samples = min_samples
        self.subsample = subsample
        self.variance = variance
        self.reach = reach
        self.repeats = repeats
        self.held_out = held_out
        self.random_state = random_state

    def fit(self, activations: Activations, tokens: Tokens) -> DensityExtractor:
        """Cluster all but the held-out sequences (the last ones), and compare settings on those.

        Raises:
            ExtractionError: see :func:`check_activity`; or a step is not finite.
        """
        check_activity(activations, tokens)
        held_out = round(self.held_out * len(tokens))
        split = len(tokens) - min(max(held_out, 1), len(tokens) - 1)
        fits = [self._fit_sizes(activations[:split], repeat) for repeat in range(self.repeats)]
        self.sweep_ = self._compare(fits, activations, tokens, split)
        chosen = choose(self.sweep_)
        self.sweep_["chosen"] = self.sweep_.index == chosen
        self.min_cluster_size_ = self._sizes()[chosen]
        self._clustering = fits[0][self.min_cluster_size_]
        self.prototypes_ = self._clustering.prototypes_
        self.radii_ = self._clustering.radii_
        self.persistence_ = self._clustering.persistence_
        self.labels_ = self.predict(activations)
        return self

    def predict(self, activations: Activations) -> Labels:
        """The nearest state within reach of every step of ``activations (..., unit)``, or -1."""
        return self._clustering.predict(activations)

    def _sizes(self) -> tuple[int, ...]:
        return self.candidates if self.min_cluster_size == "auto" else (self.min_cluster_size,)

    def _fit_sizes(self, activations: Activations, repeat: int) -> Fits:
        """All sizes on one subsample, which share its PCA and its tree.

        Repeats after the first take half as many rows, and clusters of half the size.
        """
        rows = activations.reshape(-1, activations.shape[-1])
        share = 1 if repeat == 0 else 2
        common: dict[str, Any] = {
            "min_samples": self.min_samples,
            "subsample": min(self.subsample, len(rows)) // share,
            "variance": self.variance,
            "reach": self.reach,
            "random_state": self.random_state + repeat,
        }
        sample = draw_sample(rows, common["subsample"], common["random_state"])
        return {
            size: DensityClustering(min_cluster_size=max(2, size // share), **common).fit_sample(
                sample
            )
            for size in self._sizes()
        }

    def _compare(
        self, fits: list[Fits], activations: Activations, tokens: Tokens, split: int
    ) -> pd.DataFrame:
        """One row per size: its states and the label-free criteria on held-out sequences.

        Settings are compared on no more steps of either part than are clustered.
        """
        enough = max(1, self.subsample // tokens.shape[1])
        counted = slice(max(0, split - enough), split)
        coded = slice(split, split + enough)
        rows = []
        for size in self._sizes():
            first = fits[0][size]
            held = [fit[size].predict(activations[coded]) for fit in fits]
            fitted = first.predict(activations[counted])
            rows.append(
                {
                    "min_cluster_size": size,
                    "states": len(first.prototypes_),
                    **code_lengths(fitted, tokens[counted], held[0], tokens[coded]),
                    "stability": agreement(held),
                    "validity": first.validity_,
                    "coverage": float((held[0] != NOISE).mean()),
                }
            )
        return pd.DataFrame(rows)


def code_lengths(
    labels: Labels, tokens: Tokens, held_labels: Labels, held_tokens: Tokens
) -> dict[str, float]:
    """The two terms of L (bits per symbol), their sum, and its standard error over sequences."""
    symbol = symbol_bits(labels, tokens, held_labels, held_tokens)
    tracking = tracking_bits(labels, tokens, held_labels, held_tokens)
    joint = (symbol + tracking).mean(axis=1)
    error = joint.std(ddof=1) / np.sqrt(len(joint)) if len(joint) > 1 else 0.0
    return {
        "symbol_bits": float(symbol.mean()),
        "tracking_bits": float(tracking.mean()),
        "code_bits": float(joint.mean()),
        "code_bits_se": float(error),
    }


def agreement(labelings: list[Labels]) -> float:
    """Mean adjusted Rand index over pairs of labelings of the same steps; 1 is identical."""
    pairs = combinations([labels.ravel() for labels in labelings], 2)
    return float(np.mean([adjusted_rand_score(first, second) for first, second in pairs]))


def choose(sweep: pd.DataFrame) -> int:
    """The row of the chosen candidate (the rule stands in the module's docstring)."""
    best = int(sweep["code_bits"].to_numpy().argmin())
    limit = sweep["code_bits"].iloc[best] + sweep["code_bits_se"].iloc[best]
    equals = sweep[sweep["code_bits"] <= limit]
    ranked = equals.sort_values(
        ["stability", "coverage", "min_cluster_size"], ascending=False, kind="stable"
    )
    return int(ranked.index[0])
