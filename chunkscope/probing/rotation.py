"""Random orthogonal bases: what a probe reads where the units mean nothing by themselves.

The published baseline multiplies by a Gaussian matrix, which is not orthogonal and so stretches
some directions; a rotation keeps every distance, and with it all that a dense probe can read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_rotation(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, n) orthogonal matrix, uniform over all of them, orthogonal to 1e-10.

    The Q of a Gaussian matrix, with the signs that make R's diagonal positive: without them Q is
    not uniform (Mezzadri, Notices of the AMS 54, 592, 2007).
    """
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    rotation: NDArray[np.float64] = q * np.sign(np.diagonal(r))
    return rotation
