"""The layout of a store: names, dimensions, chunk sizes, codecs and fill values.

::

    zarr.json                      root group; attributes: schema version, symbols, hashes, ...
    token                          (sequence, time) int32
    input                          (sequence, time, channel) float32, of networks that read channels
    <label kind>                   (sequence, time) int32, one array per kind
    next_distribution              (sequence, time, symbol) float32, where the grammar knows it
    split                          (sequence) uint8, index into its attribute ``names``
    seed<n>/<site>                 (sequence, time, unit) float32
    seed<n>/loss                   (sequence, time) float32, nats
    manifest.json                  what must be there, with sizes and digests

zarr and xarray warn that ``manifest.json`` "is not recognized as a component of a Zarr hierarchy"
when they list the root. That is harmless: of whatever else lies there zarr passes over its own
``zarr.json`` alone, so that no other name would spare the warning.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec

from chunkscope.store.settings import Codec

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
TOKEN = "token"
INPUT = "input"
NEXT_DISTRIBUTION = "next_distribution"
SPLIT = "split"
LOSS = "loss"
SPLITS = ("train", "test")
NOT_LABELS = frozenset({TOKEN, INPUT, NEXT_DISTRIBUTION, SPLIT})

DIMENSIONS = ("sequence", "time")
DIMENSIONS_OF = {
    INPUT: (*DIMENSIONS, "channel"),
    NEXT_DISTRIBUTION: (*DIMENSIONS, "symbol"),
    SPLIT: DIMENSIONS[:1],
}
UNIT = "unit"

SERIALIZER = BytesCodec(endian="little")

_SITE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_SEEDED = re.compile(r"seed(\d+)/([^/]+)")


def seed_group(seed: int) -> str:
    """The name of a seed's group: ``seed3``."""
    return f"seed{seed}"


def split_name(array: str) -> tuple[int, str] | None:
    """``(seed, name)`` of an array within a seed's group, ``None`` for one at the root."""
    match = _SEEDED.fullmatch(array)
    return (int(match[1]), match[2]) if match else None


def is_site_name(name: str) -> bool:
    """Whether ``name`` can name the array of a site: letters, digits, ``._-``; not ``loss``."""
    return bool(_SITE.fullmatch(name)) and name != LOSS


def unit_dimension(units: int, widths: set[int]) -> str:
    """``unit``, or ``unit_<units>`` in a seed whose sites differ in width.

    xarray opens a group as one dataset, where a dimension has one length.
    """
    return UNIT if widths == {units} else f"{UNIT}_{units}"


def fill_value(dtype: np.dtype[Any]) -> float | int:
    """A value no array lawfully holds, so that a chunk that is not there cannot pass for data."""
    if dtype.kind == "f":
        return float("nan")
    limits = np.iinfo(dtype)
    return int(limits.min if dtype.kind == "i" else limits.max)


def sequences_per_chunk(shape: tuple[int, ...], dtype: np.dtype[Any], chunk_mb: float) -> int:
    """How many whole sequences of an array make a chunk of at most ``chunk_mb`` megabytes.

    At least one; and as even as can be, since the last chunk takes as much room as the others.
    """
    bytes_per_sequence = math.prod(shape[1:]) * dtype.itemsize
    most = max(int(chunk_mb * 1e6) // bytes_per_sequence, 1)
    return math.ceil(shape[0] / math.ceil(shape[0] / most))


def compressors(codec: Codec, dtype: np.dtype[Any]) -> list[Any]:
    """The codecs from bytes to bytes; floats shrink only with their bytes or bits shuffled."""
    if codec == "lz4":
        blosc = [BloscCodec(typesize=dtype.itemsize, cname="lz4", clevel=5, shuffle="shuffle")]
    elif codec == "zstd":
        blosc = [BloscCodec(typesize=dtype.itemsize, cname="zstd", clevel=3, shuffle="bitshuffle")]
    else:
        blosc = []
    return [*blosc, Crc32cCodec()]
