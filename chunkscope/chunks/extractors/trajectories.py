"""Paths as states: HDBSCAN on windows of the last few steps, so that a chunk can be a path.

Two paths may cross in one point, and no reading of single vectors can tell them apart there.
A window of w steps holds where the network is and how it came there,

    g_t = (h_{t-w+1}, ..., h_t),

and is clustered as vectors are (:class:`~chunkscope.chunks.extractors.density.DensityExtractor`).
Before a sequence begins a recurrent network rests at zero, and so do the windows.
"""

from __future__ import annotations

import numpy as np

from chunkscope.chunks.extractors.base import (
    Activations,
    Extractor,
    Labels,
    Tokens,
    check_activity,
)
from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.errors import ExtractionError


class TrajectoryExtractor(Extractor):
    """HDBSCAN states of the last ``window`` steps.

    Example:
        >>> extractor = TrajectoryExtractor(DensityExtractor(), window=3).fit(activations, tokens)
        >>> extractor.paths_.shape  # (state, window, unit)

    Attributes after ``fit``, besides those of :class:`Extractor`:
        paths_: (state, window, unit) the mean path into each state, the latest step last.
        prototypes_: (state, unit) where these paths end.
        radii_: (state,) in the space of windows.

    Args:
        states: clusters the windows; of one step, it is this extractor.
        window: steps of a path.
    """

    def __init__(self, states: DensityExtractor, *, window: int = 3) -> None:
        self.states = states
        self.window = window

    def fit(self, activations: Activations, tokens: Tokens) -> TrajectoryExtractor:
        """Cluster the windows of all but the held-out sequences.

        Raises:
            ExtractionError: the window is below 1 or longer than the sequences; or see
                :meth:`DensityExtractor.fit`.
        """
        check_activity(activations, tokens)
        self.states.fit(windows(activations, self.window), tokens)
        self.paths_ = self.states.prototypes_.reshape(-1, self.window, activations.shape[-1])
        self.prototypes_ = self.paths_[:, -1]
        self.radii_ = self.states.radii_
        self.persistence_ = self.states.persistence_
        self.sweep_ = self.states.sweep_
        self.labels_ = self.states.labels_
        return self

    def predict(self, activations: Activations) -> Labels:
        """The state that every step of ``activations (sequence, time, unit)`` has come to, or -1.

        Each sequence begins at its network's own start; single vectors have no path.
        """
        return self.states.predict(windows(activations, self.window))


def windows(activations: Activations, window: int) -> Activations:
    """(sequence, time, window x unit) the last ``window`` steps of each step, the latest last.

    Args:
        activations: (sequence, time, unit), which begin at rest, at zero.

    Raises:
        ExtractionError: the window is below 1 or longer than the sequences.
    """
    sequences, time, units = activations.shape
    if not 1 <= window <= time:
        raise ExtractionError(
            f"window: got {window} for sequences of {time} steps; must be from 1 to {time}; take a "
            "shorter window or record longer sequences"
        )
    begun = np.pad(activations, ((0, 0), (window - 1, 0), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(begun, window, axis=1)  # ... unit, window
    return views.swapaxes(2, 3).reshape(sequences, time, window * units)
