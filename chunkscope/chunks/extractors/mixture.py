"""States as the parts of a Gaussian mixture, in the space of the principal components.

All parts share one covariance: what blurs a state (the fading trace of what came before it) has
much the same shape in every state of a network, and a covariance of its own for each of k parts in
d dimensions is k d (d + 1) / 2 numbers, more than a sample of 10,000 rows can bear. What is left
beside k-means is that shape, and that parts may differ in weight.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import FunctionTransformer

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


class MixtureExtractor(Extractor):
    """Every step belongs to the likeliest of ``n_states`` Gaussians; none is noise.

    Args:
        n_states: parts of the mixture; those that are the likeliest of no row are no states.
        subsample: steps that it is fitted on.
        variance: share of variance that the PCA in front of it keeps.
    """

    def __init__(
        self,
        *,
        n_states: int = 20,
        subsample: int = 10_000,
        variance: float = 0.99,
        random_state: int = 0,
    ) -> None:
        self.n_states = n_states
        self.subsample = subsample
        self.variance = variance
        self.random_state = random_state

    def fit(self, activations: Activations, tokens: Tokens) -> MixtureExtractor:
        """Fit the mixture on a subsample of the steps.

        Raises:
            ExtractionError: see :func:`check_activity`; a step is not finite; or there are more
                states than different rows.
        """
        check_activity(activations, tokens)
        rows = draw_sample(activations, self.subsample, self.random_state).rows.astype(np.float64)
        check_states(self.n_states, rows)
        varied = bool((rows != rows[0]).any())  # without variance there is no share of it to keep
        pca = PCA(self.variance, svd_solver="covariance_eigh") if varied else FunctionTransformer()
        self._pca = pca.fit(rows)
        self._mixture = GaussianMixture(
            self.n_states, covariance_type="tied", n_init=4, random_state=self.random_state
        )
        labels = self._mixture.fit_predict(self._pca.transform(rows))
        count = np.bincount(labels, minlength=self.n_states)
        self._parts = np.argsort(-count, kind="stable")[: np.count_nonzero(count)]
        members = [rows[labels == part] for part in self._parts]
        self.prototypes_ = np.stack([own.mean(axis=0) for own in members])
        self.radii_ = radii(members, self.prototypes_)
        self.persistence_ = np.full(len(members), np.nan)
        self.sweep_ = pd.DataFrame({"states": [len(members)], "chosen": [True]})
        self.labels_ = self.predict(activations)
        return self

    def predict(self, activations: Activations) -> Labels:
        """The likeliest part of every step of ``activations (..., unit)``.

        Raises:
            ExtractionError: a step is not finite, or of another width than those fitted.
        """
        check_units(activations, self.prototypes_.shape[1])
        scores = self._pca.transform(finite_rows(activations).astype(np.float64))
        likeliest = self._mixture.predict_proba(scores)[:, self._parts].argmax(axis=1)
        return likeliest.reshape(activations.shape[:-1])
