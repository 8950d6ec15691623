"""Where networks run."""

from __future__ import annotations

import torch

from chunkscope.errors import NetworkError


def pick_device(name: str) -> str:
    """``auto`` is a GPU where there is one, else the CPU.

    Raises:
        NetworkError: ``cuda`` was asked for and there is none.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise NetworkError("device: got cuda, but torch sees no GPU; set device to auto or cpu")
    return "cuda" if available and name != "cpu" else "cpu"
