"""States as the cells of k-means."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from chunkscope.chunks.extractors.base import (
    Activations,
    Extractor,
    Labels,
    Tokens,
    check_activity,
    check_states,
    check_units,
)
from chunkscope.chunks.extractors.clustering import draw_sample, finite_rows, radii


class KMeansExtractor(Extractor):
    """k-means states: every step belongs to the nearest of ``n_states`` centres; none is noise."""

    def __init__(
        self, *, n_states: int = 20, subsample: int = 10_000, random_state: int = 0
    ) -> None:
        self.n_states = n_states
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, activations: Activations, tokens: Tokens) -> KMeansExtractor:
        """Place the centres on a subsample of the steps.

        Raises:
            ExtractionError: see :func:`check_activity`; a step is not finite; or there are more
                states than different rows.
        """
        check_activity(activations, tokens)
        rows = draw_sample(activations, self.subsample, self.random_state).rows
        check_states(self.n_states, rows)
        self._kmeans = KMeans(self.n_states, n_init=4, random_state=self.random_state).fit(rows)
        labels = self._kmeans.labels_
        order = np.argsort(-np.bincount(labels, minlength=self.n_states), kind="stable")
        self._rank = np.argsort(order)
        self.prototypes_ = self._kmeans.cluster_centers_[order].astype(np.float64)
        members = [rows[labels == centre] for centre in order]
        self.radii_ = radii(members, self.prototypes_)
        self.persistence_ = np.full(self.n_states, np.nan)
        self.sweep_ = pd.DataFrame({"states": [self.n_states], "chosen": [True]})
        self.labels_ = self.predict(activations)
        return self

    def predict(self, activations: Activations) -> Labels:
        """The nearest centre of every step of ``activations (..., unit)``.

        Raises:
            ExtractionError: a step is not finite, or of another width than those fitted.
        """
        check_units(activations, self.prototypes_.shape[1])
        rows = finite_rows(activations)
        return self._rank[self._kmeans.predict(rows)].reshape(activations.shape[:-1])
