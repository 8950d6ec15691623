"""Named random streams: every consumer of randomness draws from a stream of its own name.

A stream depends on the root seed and its names alone, so adding a study, a run or a seed
changes no other stream.
"""

from __future__ import annotations

import hashlib

import numpy as np


def seed_sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """The seed sequence of the stream called ``names`` under the root ``seed``.

    Args:
        seed: the root seed of the config, >= 0.
        names: what the stream is for, outermost first, e.g. ``("reflection", "training", 3)``.
    """
    path = "\x1f".join(str(name) for name in names)
    digest = hashlib.sha256(path.encode()).digest()
    key = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
    return np.random.SeedSequence(seed, spawn_key=key)


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator over :func:`seed_sequence`; equal arguments give equal draws."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, *names)))


def integer_seed(seed: int, *names: str | int) -> int:
    """A 31-bit seed of the same stream, for libraries that take an integer ``random_state``."""
    return int(seed_sequence(seed, *names).generate_state(1)[0] >> 1)
