"""Writes a store as its activations stream in, and puts it in place only once it is whole."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import zarr
from numpy.typing import ArrayLike

from chunkscope.errors import StoreError
from chunkscope.store import layout
from chunkscope.store.archive import ZipWriter
from chunkscope.store.checks import (
    check_attributes,
    check_label_names,
    check_sites,
    checked_blocks,
    checked_corpus,
)
from chunkscope.store.layout import INPUT, LOSS, MANIFEST, SPLIT, SPLITS, TOKEN
from chunkscope.store.manifest import ManifestBuilder
from chunkscope.store.reader import ActivationStore
from chunkscope.store.settings import Codec
from chunkscope.store.streams import ArrayStream, ConstantUnits, advance

_VERSIONED = ("chunkscope", "numpy", "torch", "zarr")


class StoreWarning(UserWarning):
    """A store is whole, but holds something its reader should know of."""


class StoreWriter:
    """Writes one store, block by block.

    The file appears under its name only when the ``with`` block ends well: every sequence of every
    seed written, the manifest last, the whole read back and compared. If the block raises, or the
    process dies, whatever stood under that name before still stands there. The same arrays make
    the same bytes, however they are cut into blocks.

    Example:
        >>> with StoreWriter("activations.zarr.zip", tokens=tokens, symbols="ab") as writer:
        ...     writer.create(0, {"layers.0.hook_h": 24})
        ...     for first in range(0, len(tokens), 256):
        ...         states, loss = run(tokens[first : first + 256])
        ...         writer.write(0, first, {"layers.0.hook_h": states}, loss=loss)

    Args:
        path: The file to write, ``activations.zarr.zip``.
        tokens: ``(sequence, time)``, indices into ``symbols``: what is read, or, of networks that
            read channels, what is to be answered.
        symbols: The name of every token.
        inputs: ``(sequence, time, channel)``, what is read by networks that read channels.
        channels: The name of each channel.
        labels: One integer array ``(sequence, time)`` per label kind.
        label_names: For some kinds, the name of each label.
        next_distribution: ``(sequence, time, symbol)``, the true probability of each next symbol,
            where the grammar knows it.
        split: ``(sequence,)``, 0 for train and 1 for test.
        attributes: Anything JSON can hold, such as ``config_hash`` and ``code_fingerprint``.
        codec: Compression of the chunks, see :class:`~chunkscope.store.StoreSettings`.
        chunk_mb: Aimed size of a chunk in megabytes.

    Raises:
        StoreError: an array has the wrong shape or type, a value is not finite, blocks do not
            follow one another, or sequences are missing at the end.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        tokens: ArrayLike,
        symbols: Sequence[str],
        inputs: ArrayLike | None = None,
        channels: Sequence[str] = (),
        labels: Mapping[str, ArrayLike] | None = None,
        label_names: Mapping[str, Sequence[str]] | None = None,
        next_distribution: ArrayLike | None = None,
        split: ArrayLike | None = None,
        attributes: Mapping[str, Any] | None = None,
        codec: Codec = "raw",
        chunk_mb: float = 4.0,
    ) -> None:
        self.path = Path(path)
        self._codec: Codec = codec
        self._chunk_mb = chunk_mb
        self._corpus = checked_corpus(
            str(path),
            tokens,
            len(symbols),
            labels or {},
            next_distribution,
            split,
            inputs,
            len(channels),
        )
        self._names = {SPLIT: list(SPLITS), INPUT: list(channels)}
        self._shape = self._corpus[TOKEN].shape
        check_label_names(str(path), label_names or {}, list(labels or {}))
        own = {
            "schema_version": layout.SCHEMA_VERSION,
            "versions": {name: metadata.version(name) for name in _VERSIONED},
            "symbols": list(symbols),
            "label_names": {kind: list(names) for kind, names in (label_names or {}).items()},
        }
        check_attributes(str(path), attributes or {}, list(own))
        self._attributes = {**own, **(attributes or {})}
        self._partial = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        self._manifest = ManifestBuilder()
        self._streams: dict[int, dict[str, ArrayStream]] = {}
        self._constant: dict[int, dict[str, ConstantUnits]] = {}

    def __enter__(self) -> StoreWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(self.path)
        self._zip = ZipWriter(self._partial, self._manifest.add)
        self._root = zarr.create_group(self._zip, zarr_format=3, attributes=self._attributes)
        for name, values in self._corpus.items():
            dimensions = layout.DIMENSIONS_OF.get(name, layout.DIMENSIONS)
            names = {"names": self._names[name]} if name in self._names else {}
            array = self._create_array(
                self._root, name, values.shape, values.dtype.name, dimensions, names
            )
            for start in range(0, len(values), array.chunks[0]):
                array[start : start + array.chunks[0]] = values[start : start + array.chunks[0]]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._zip.close()
            self._partial.unlink(missing_ok=True)
        if kind is None:
            self._warn_of_constant_units()

    def create(self, seed: int, sites: Mapping[str, int]) -> None:
        """Announce a seed and the number of units of each of its sites."""
        if seed in self._streams:
            raise StoreError(f"{self.path}: seed {seed}: created twice; create each seed once")
        check_sites(f"{self.path}: seed {seed}", sites)
        group = self._root.create_group(layout.seed_group(seed))
        widths = set(sites.values())
        self._streams[seed] = {}
        for site, units in sites.items():
            dimensions = (*layout.DIMENSIONS, layout.unit_dimension(units, widths))
            array = self._create_array(group, site, (*self._shape, units), "float32", dimensions)
            self._streams[seed][site] = ArrayStream(array)
        loss = self._create_array(group, LOSS, self._shape, "float32", layout.DIMENSIONS)
        self._streams[seed][LOSS] = ArrayStream(loss)
        self._constant[seed] = {site: ConstantUnits(units) for site, units in sites.items()}

    def write(
        self, seed: int, first_sequence: int, blocks: Mapping[str, ArrayLike], *, loss: ArrayLike
    ) -> None:
        """Write the next sequences of one seed, at all its sites at once.

        Blocks of any length may follow one another; a chunk is written once it is whole, and
        blocks that end where chunks end are not held.

        Args:
            seed: A seed that was created.
            first_sequence: Index of the block's first sequence: the first not yet written.
            blocks: ``(sequence, time, unit)`` for every site of the seed.
            loss: ``(sequence, time)``, loss on the next symbol, in nats; NaN at the last step,
                where there is no next symbol.
        """
        where = f"{self.path}: seed {seed}"
        if seed not in self._streams:
            raise StoreError(f"{where}: not created; created are {list(self._streams)}")
        streams = self._streams[seed]
        following = streams[LOSS].taken
        if first_sequence != following:
            raise StoreError(
                f"{where}: got a block that starts at sequence {first_sequence}; the next is "
                f"{following}: write blocks in order, each sequence once"
            )
        shapes = {name: stream.array.shape for name, stream in streams.items()}
        checked = checked_blocks(where, {**blocks, LOSS: loss}, shapes, first_sequence)
        for site, constant in self._constant[seed].items():
            constant.update(checked[site])
        advance(streams, checked)

    def _finish(self) -> None:
        """Seal the partial file, verify it, and give it its name."""
        total = self._shape[0]
        if not self._streams:
            raise StoreError(f"{self.path}: no seed was created; create and write at least one")
        for seed, streams in self._streams.items():
            if streams[LOSS].taken < total:
                raise StoreError(
                    f"{self.path}: seed {seed}: got {streams[LOSS].taken} of {total} sequences; "
                    "write them all before the writer is closed"
                )
        self._zip.write_entry(MANIFEST, self._manifest.build().to_bytes())
        self._zip.close()
        self._verify()
        os.replace(self._partial, self.path)

    def _verify(self) -> None:
        """Read the partial file back, every byte, before anyone relies on it."""
        with self._partial.open("rb") as file:
            os.fsync(file.fileno())
        try:
            ActivationStore.open(self._partial, verify="digests").close()
        except StoreError as error:
            raise StoreError(
                f"{self.path}: reads back otherwise than it was written ({error}); is the disk "
                "full or failing?"
            ) from error

    def _warn_of_constant_units(self) -> None:
        """One warning per site, over all seeds."""
        found: dict[str, list[tuple[int, int]]] = {}
        for seed, sites in self._constant.items():
            for site, constant in sites.items():
                found.setdefault(site, []).extend((seed, int(unit)) for unit in constant.units)
        for site, units in found.items():
            if units:
                seed, unit = units[0]
                warnings.warn(
                    f"{self.path}: site {site}: {len(units)} units never change over all "
                    f"sequences, the first is unit {unit} of seed {seed}",
                    StoreWarning,
                    stacklevel=3,
                )

    def _create_array(
        self,
        group: zarr.Group,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        dimensions: tuple[str, ...],
        attributes: Mapping[str, Any] | None = None,
    ) -> zarr.Array[Any]:
        """Create one array whose chunks are whole in every axis but the first."""
        kind = np.dtype(dtype)
        rows = layout.sequences_per_chunk(shape, kind, self._chunk_mb)
        return group.create_array(
            name,
            shape=shape,
            dtype=kind,
            chunks=(rows, *shape[1:]),
            dimension_names=dimensions,
            attributes=dict(attributes or {}),
            fill_value=layout.fill_value(kind),
            filters=None,
            serializer=layout.SERIALIZER,
            compressors=layout.compressors(self._codec, kind),
            # by default zarr leaves out a chunk that holds nothing but the fill value
            config={"write_empty_chunks": True},
        )


def _remove_leftovers(path: Path) -> None:
    """Remove the partial files of writers of ``path`` that are no longer alive."""
    for leftover in path.parent.glob(f".{path.name}.*.partial"):
        pid = leftover.name.split(".")[-2]
        if pid.isdigit() and not _is_alive(int(pid)):
            leftover.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 reaches no one: it only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
