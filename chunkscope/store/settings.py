"""Settings of the activation store."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chunkscope.settings import Settings

Codec = Literal["raw", "zstd", "lz4"]


class StoreSettings(Settings):
    """How activations are laid out on disk."""

    codec: Codec = "raw"
    """Compression of the chunks: raw (fastest to write), lz4 or zstd (activations shrink by about
    a fifth to a quarter); every chunk ends with a CRC-32C checksum whichever is chosen."""

    chunk_mb: float = Field(default=4.0, ge=0.1, le=16.0)
    """Aimed size of one chunk before compression, in megabytes (10^6 bytes); a chunk holds as many
    whole sequences as fit, at least one."""
