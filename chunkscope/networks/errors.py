"""The error of this room."""

from __future__ import annotations

from chunkscope.errors import ChunkscopeError


class NetworkError(ChunkscopeError):
    """A network cannot be built, loaded, run or trained with what it was given."""
