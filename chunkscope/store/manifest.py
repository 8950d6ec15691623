"""The manifest: what a whole store must hold, entry by entry, so that nothing goes missing unseen.

zarr reads a chunk that is not there as the fill value, without a word. The manifest lists every
entry with its size and CRC-32, which a zip file computes anyway; a store without one was never
finished. Both guard against accidents, not against forgery.
"""

from __future__ import annotations

import itertools
import json
import math
import zlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from chunkscope.errors import StoreError
from chunkscope.store.archive import DAMAGE, Archive, BytesLike, DirectoryArchive
from chunkscope.store.layout import MANIFEST, SCHEMA_VERSION

_METADATA = "zarr.json"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Record):
    """One entry: its size in bytes and its digest."""

    size: int
    crc32: int


class ArrayRecord(_Record):
    """One array as its metadata describes it."""

    shape: tuple[int, ...]
    dtype: str
    chunk_shape: tuple[int, ...]
    chunk_count: int

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> ArrayRecord:
        shape = tuple(metadata["shape"])
        chunk_shape = tuple(metadata["chunk_grid"]["configuration"]["chunk_shape"])
        return cls(
            shape=shape,
            dtype=metadata["data_type"],
            chunk_shape=chunk_shape,
            chunk_count=math.prod(_grid(shape, chunk_shape)),
        )

    def chunk_keys(self) -> list[str]:
        """``c/0/0/0``, ``c/1/0/0``, ...: the chunks in the order of their indices."""
        grid = _grid(self.shape, self.chunk_shape)
        return ["/".join(map(str, ("c", *index))) for index in itertools.product(*map(range, grid))]


class Manifest(_Record):
    """Every array and every entry of a store."""

    schema_version: int
    arrays: dict[str, ArrayRecord]
    entries: dict[str, Entry]

    def to_bytes(self) -> bytes:
        return self.model_dump_json().encode()


class ManifestBuilder:
    """Makes the manifest of the entries it is shown, in any order and one at a time."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._arrays: dict[str, ArrayRecord] = {}

    def add(self, name: str, data: BytesLike, crc32: int) -> None:
        """Take note of one entry."""
        self._entries[name] = Entry(size=len(data), crc32=crc32)
        if _is_metadata(name):
            self._arrays.update(_described(name, data))

    def build(self) -> Manifest:
        """The manifest.

        Raises:
            StoreError: an array lacks a chunk, so that a reader would see fill values there.
        """
        for name, array in self._arrays.items():
            for key in array.chunk_keys():
                if f"{name}/{key}" not in self._entries:
                    raise StoreError(
                        f"{name}: chunk {key} was never written (zarr leaves out chunks that hold "
                        "nothing but the fill value); create the array with "
                        "config={'write_empty_chunks': True} and write it again"
                    )
        return Manifest(schema_version=SCHEMA_VERSION, arrays=self._arrays, entries=self._entries)


def seal(directory: Path | str) -> None:
    """Write the manifest of a directory store that was made by other means, such as plain zarr.

    Raises:
        StoreError: it is no directory of zarr format 3, or an array lacks a chunk.
    """
    path = Path(directory)
    if not (path / _METADATA).is_file():
        raise StoreError(
            f"{path}: not a directory store of Zarr format 3 (it has no {_METADATA}); "
            "create it with zarr.open_group(path, mode='w', zarr_format=3)"
        )
    (path / MANIFEST).unlink(missing_ok=True)
    archive = DirectoryArchive(path)
    builder = ManifestBuilder()
    try:
        for name in archive.listing():
            data = archive.read(name)
            builder.add(name, data, zlib.crc32(data))
        manifest = builder.build()
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from None
    (path / MANIFEST).write_bytes(manifest.to_bytes())


def read_manifest(archive: Archive) -> Manifest:
    """The manifest of a store.

    Raises:
        StoreError: there is none, it is damaged, or another version of chunkscope wrote it.
    """
    listing = archive.listing()
    if MANIFEST not in listing:
        raise StoreError(
            f"{archive.path}: incomplete, it has no {MANIFEST} (cut short, or never sealed); "
            f"{archive.repair}"
        )
    try:
        data = archive.read(MANIFEST)
        if listing[MANIFEST][1] not in (None, zlib.crc32(data)):
            raise _damaged(archive, MANIFEST)
        content = json.loads(data)
        version = content["schema_version"]
    except (*DAMAGE, TypeError) as error:
        raise _damaged(archive, MANIFEST) from error
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{archive.path}: schema version {version}, this chunkscope reads version "
            f"{SCHEMA_VERSION}; {archive.repair}"
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise _damaged(archive, MANIFEST) from error


def check_listing(archive: Archive, manifest: Manifest) -> None:
    """Compare names, sizes, the container's own CRC-32 and all metadata with the manifest.

    Raises:
        StoreError: an entry is missing, unknown or altered.
    """
    listing = archive.listing()
    del listing[MANIFEST]
    missing = [name for name in manifest.entries if name not in listing]
    if missing:
        raise StoreError(
            f"{archive.path}: {len(missing)} of {len(manifest.entries)} entries are missing, "
            f"the first is {missing[0]}; {archive.repair}"
        )
    for name, (size, crc32) in listing.items():
        if name not in manifest.entries:
            raise StoreError(f"{archive.path}: {name} is not in its {MANIFEST}; {archive.repair}")
        entry = manifest.entries[name]
        if size != entry.size or crc32 not in (None, entry.crc32):
            raise _damaged(archive, name)
    arrays: dict[str, ArrayRecord] = {}
    for name in filter(_is_metadata, manifest.entries):
        arrays.update(_described(name, _intact(archive, manifest, name)))
    if arrays != manifest.arrays:
        raise _damaged(archive, MANIFEST)


def check_digests(archive: Archive, manifest: Manifest) -> None:
    """Read every entry and compare its digest with the manifest.

    Raises:
        StoreError: an entry is altered.
    """
    for name in manifest.entries:
        _intact(archive, manifest, name)


def _intact(archive: Archive, manifest: Manifest, name: str) -> bytes:
    """The bytes of an entry if they are those that the manifest describes."""
    try:
        data = archive.read(name)
    except DAMAGE as error:
        raise _damaged(archive, name) from error
    if Entry(size=len(data), crc32=zlib.crc32(data)) != manifest.entries[name]:
        raise _damaged(archive, name)
    return data


def _damaged(archive: Archive, name: str) -> StoreError:
    return StoreError(
        f"{archive.path}: {name} was altered after it was written (its size or digest differs); "
        f"{archive.repair}"
    )


def _is_metadata(name: str) -> bool:
    return name == _METADATA or name.endswith(f"/{_METADATA}")


def _described(name: str, data: BytesLike) -> dict[str, ArrayRecord]:
    """The array that a metadata entry describes, by its name; empty for a group."""
    metadata = json.loads(bytes(data))
    if metadata["node_type"] != "array":
        return {}
    array = name.removesuffix(f"/{_METADATA}")
    if metadata["codecs"][-1]["name"] != "crc32c":
        raise StoreError(
            f"{array}: its chunks bear no checksum of their own; create the array with "
            "compressors=[zarr.codecs.Crc32cCodec()]"
        )
    return {array: ArrayRecord.of(metadata)}


def _grid(shape: tuple[int, ...], chunk_shape: tuple[int, ...]) -> list[int]:
    return [-(-size // chunk) for size, chunk in zip(shape, chunk_shape, strict=True)]
