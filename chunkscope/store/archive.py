"""Where a store's bytes lie: one zip file, or a directory. Both are a set of named entries."""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import zarr.storage
from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from chunkscope.errors import StoreError

BytesLike = bytes | memoryview

# What reading damaged bytes raises, depending on which field the damage hits.
DAMAGE = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
)

_EARLIEST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)

# A local header of a zip file: 26 bytes that its directory repeats, then the lengths of the name
# and of the extra field that lie between it and the data (PKWARE's APPNOTE, 4.3.7).
_HEADER = struct.Struct("<26xHH")


class ZipArchive(zarr.storage.ZipStore):
    """A store in one zip file, as zarr reads it and as the manifest lists it.

    Entries are read where they lie. ``zipfile`` would compute the CRC-32 of each, which takes half
    as long as all the rest of reading and finds nothing new: a chunk ends with its own CRC-32C,
    and metadata are compared with the manifest.
    """

    repair = "delete the file and run snakemake again to record it anew"

    def __init__(self, path: Path) -> None:
        super().__init__(path, mode="r")
        self._sync_open()

    def listing(self) -> dict[str, tuple[int, int | None]]:
        """Size in bytes and CRC-32 of every entry by name."""
        infos = [info for info in self._zf.infolist() if not info.is_dir()]
        if len({info.filename for info in infos}) < len(infos):
            raise StoreError(f"{self.path}: holds two entries of one name; {self.repair}")
        return {info.filename: (info.file_size, info.CRC) for info in infos}

    def read(self, name: str) -> bytes:
        """The bytes of one entry, which may be damaged.

        Raises:
            StoreError: the file was closed.
            One of ``DAMAGE``: there is no such entry, or it cannot be found where it should lie.
        """
        entry, file = self._zf.getinfo(name), self._zf.fp
        if file is None:
            raise StoreError(f"{self.path}: was closed; read within the with block that opened it")
        if entry.compress_type != zipfile.ZIP_STORED:
            return self._zf.read(name)
        with self._lock:
            file.seek(entry.header_offset)
            name_length, extra_length = _HEADER.unpack(file.read(_HEADER.size))
            if file.read(name_length) != name.encode():
                raise zipfile.BadZipFile(f"another entry lies where {name} should")
            file.seek(extra_length, os.SEEK_CUR)
            return file.read(entry.file_size)

    def _get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        if byte_range is not None:
            return super()._get(key, prototype, byte_range)
        try:
            return prototype.buffer.from_bytes(self.read(key))
        except KeyError:
            return None


class DirectoryArchive(zarr.storage.LocalStore):
    """A store in a directory, one file per entry."""

    repair = "restore the files, or write them anew and run python -m chunkscope.store seal"

    def __init__(self, path: Path) -> None:
        super().__init__(path, read_only=True)
        self.path = path

    def listing(self) -> dict[str, tuple[int, int | None]]:
        """Size in bytes of every entry by name, and no CRC-32: a directory keeps none."""
        files = sorted(file for file in self.path.rglob("*") if file.is_file())
        return {
            file.relative_to(self.path).as_posix(): (file.stat().st_size, None) for file in files
        }

    def read(self, name: str) -> bytes:
        """The bytes of one entry, which may be damaged."""
        return (self.path / name).read_bytes()


Archive = ZipArchive | DirectoryArchive


def open_archive(path: Path) -> Archive:
    """The zip file or directory at ``path``.

    Raises:
        StoreError: there is nothing there, or it is no whole zip file.
    """
    if path.is_dir():
        return DirectoryArchive(path)
    if not path.exists():
        raise StoreError(f"{path}: no such store; run snakemake to record it")
    try:
        return ZipArchive(path)
    except DAMAGE as error:
        raise StoreError(
            f"{path}: not a whole zip file (truncated, or something else): {error}; "
            f"{ZipArchive.repair}"
        ) from error


class ZipWriter(zarr.storage.ZipStore):
    """A ``ZipStore`` whose bytes depend on its contents alone, and that reports what it writes.

    zarr stamps each entry with the clock and the platform; here every entry bears the earliest
    date a zip file can express, so that the same activations make the same file.
    """

    def __init__(self, path: Path, wrote: Callable[[str, BytesLike, int], None]) -> None:
        """``wrote`` is told the name, the bytes and the CRC-32 of every entry."""
        super().__init__(path, mode="w")
        self._wrote = wrote

    def write_entry(self, name: str, data: BytesLike) -> None:
        """Append one entry."""
        info = zipfile.ZipInfo(name, date_time=_EARLIEST_ZIP_DATE)
        info.create_system = 3  # Unix, wherever it was written
        info.external_attr = 0o644 << 16
        self._zf.writestr(info, data)
        self._wrote(name, data, info.CRC)

    def _set(self, key: str, value: Buffer) -> None:
        self.write_entry(key, value.as_numpy_array().data.cast("B"))
