"""The singular vectors of a delay embedding as the reference implementation has them.

``dsa-metric`` 2.0.2 decomposes the transposed embedding by torch, in single precision. Directions
smaller than a ten-millionth of the first are rounding there, yet their vectors are whitened to full
size like all others: of smooth activity a part of the operator is noise, and what noise depends on
the library that is beneath torch. That part stands in published numbers, so that they are compared
with operators made in the same way.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Values = NDArray[np.float64]


def leading_vectors(rows: Values, rank: int) -> tuple[Values, Values, Values]:
    """Left vectors (row, rank), sizes (rank,) and right vectors (column, rank) of ``rows``."""
    wide = torch.from_numpy(rows.astype(np.float32)).T
    right, sizes, left = torch.linalg.svd(wide, full_matrices=False)
    found = (left[:rank].T, sizes[:rank], right[:, :rank])
    coordinates, kept, directions = (part.double().numpy() for part in found)
    return coordinates, kept, directions
