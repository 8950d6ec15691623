"""The activation store: one checked file per run, written as it streams in and read in chunks."""

from __future__ import annotations

from chunkscope.store.layout import SCHEMA_VERSION
from chunkscope.store.manifest import seal
from chunkscope.store.reader import ActivationStore, Split
from chunkscope.store.settings import Codec, StoreSettings
from chunkscope.store.writer import StoreWarning, StoreWriter

__all__ = [
    "SCHEMA_VERSION",
    "ActivationStore",
    "Codec",
    "Split",
    "StoreSettings",
    "StoreWarning",
    "StoreWriter",
    "seal",
]
