"""Where a store's bytes lie: one zip file, or a directory. Both are a set of named entries."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import zarr.storage
from zarr.abc.store import Store
from zarr.core.buffer import Buffer

from chunkscope.errors import StoreError

BytesLike = bytes | memoryview

# What Python's zipfile raises on damaged bytes, depending on which field the damage hits.
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
)

_EARLIEST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class Archive(Protocol):
    """The entries of a store, read one by one."""

    path: Path
    repair: str

    def listing(self) -> dict[str, tuple[int, int | None]]:
        """Size in bytes, and CRC-32 where the container keeps one, of every entry by name."""

    def read(self, name: str) -> bytes:
        """The bytes of one entry."""

    def zarr_store(self) -> Store:
        """The same entries as zarr wants them, for reading."""

    def close(self) -> None:
        """Let go of the file."""


class ZipArchive:
    """A store in one zip file."""

    repair = "delete the file and run snakemake again to record it anew"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(path)

    def listing(self) -> dict[str, tuple[int, int | None]]:
        infos = self._zip.infolist()
        if len({info.filename for info in infos}) < len(infos):
            raise StoreError(f"{self.path}: holds two entries of one name; {self.repair}")
        return {info.filename: (info.file_size, info.CRC) for info in infos}

    def read(self, name: str) -> bytes:
        return self._zip.read(name)

    def zarr_store(self) -> Store:
        return zarr.storage.ZipStore(self.path, mode="r")

    def close(self) -> None:
        self._zip.close()


class DirectoryArchive:
    """A store in a directory, one file per entry."""

    repair = "restore the files, or write the store again and seal it"

    def __init__(self, path: Path) -> None:
        self.path = path

    def listing(self) -> dict[str, tuple[int, int | None]]:
        files = sorted(file for file in self.path.rglob("*") if file.is_file())
        return {
            file.relative_to(self.path).as_posix(): (file.stat().st_size, None) for file in files
        }

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def zarr_store(self) -> Store:
        return zarr.storage.LocalStore(self.path, read_only=True)

    def close(self) -> None:
        """A directory holds nothing open."""


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
