"""Extractors that the default is measured against."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from chunkscope.chunks.extractors.base import Activations, Extractor, Labels, Tokens, check_activity
from chunkscope.chunks.extractors.clustering import draw_sample, radius


class KMeansExtractor(Extractor):
    """k-means states: every step belongs to the nearest of ``n_states`` centres; none is noise."""

    def __init__(
        self, *, n_states: int = 20, subsample: int = 10_000, random_state: int = 0
    ) -> None:
        self.n_states = n_states
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, activations: Activations, tokens: Tokens) -> KMeansExtractor:
        """Place the centres on a subsample of the steps."""
        check_activity(activations, tokens)
        rows = draw_sample(
            activations.reshape(-1, activations.shape[-1]), self.subsample, self.random_state
        ).rows
        k = min(self.n_states, len(np.unique(rows, axis=0)))
        self._kmeans = KMeans(k, n_init=4, random_state=self.random_state).fit(rows)
        order = np.argsort(-np.bincount(self._kmeans.labels_, minlength=k), kind="stable")
        self._rank = np.argsort(order)
        self.prototypes_ = self._kmeans.cluster_centers_[order].astype(np.float64)
        members = [rows[self._kmeans.labels_ == centre] for centre in order]
        self.radii_ = np.array(
            [radius(m, p) for m, p in zip(members, self.prototypes_, strict=True)]
        )
        self.persistence_ = np.full(k, np.nan)
        self.sweep_ = pd.DataFrame({"states": [k], "chosen": [True]})
        self.labels_ = self.predict(activations)
        return self

    def predict(self, activations: Activations) -> Labels:
        """The nearest centre of every step of ``activations (..., unit)``."""
        flat = activations.reshape(-1, activations.shape[-1]).astype(np.float32)
        return self._rank[self._kmeans.predict(flat)].reshape(activations.shape[:-1])
