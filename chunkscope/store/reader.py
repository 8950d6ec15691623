"""Reads a store, and refuses one that is not whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, cast

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer.cpu import NDBuffer

from chunkscope.errors import StoreError, did_you_mean
from chunkscope.store.archive import DAMAGE, Archive, open_archive
from chunkscope.store.layout import (
    INPUT,
    LOSS,
    NEXT_DISTRIBUTION,
    NOT_LABELS,
    SPLIT,
    SPLITS,
    TOKEN,
    seed_group,
    split_name,
)
from chunkscope.store.manifest import Manifest, check_digests, check_listing, read_manifest

Split = Literal["train", "test"]


class ActivationStore:
    """The activations of one run: every seed, every site, with the labels of every step.

    Example:
        >>> with ActivationStore.open("activations.zarr.zip") as store:
        ...     states = store.activations(store.seeds[0], "layers.0.hook_h", split="train")
        ...     words = store.labels("word", split="train")

    Attributes:
        path: Where the store lies.
        attributes: What was written with it: symbols, hashes, versions.
    """

    def __init__(self, archive: Archive, manifest: Manifest) -> None:
        """Use :meth:`open`, which checks that the store is whole."""
        self.path = archive.path
        self._archive = archive
        self._manifest = manifest
        self._root = zarr.open_group(archive, mode="r")
        self.attributes: dict[str, Any] = self._root.attrs.asdict()

    @classmethod
    def open(
        cls, path: Path | str, verify: Literal["manifest", "digests"] = "manifest"
    ) -> ActivationStore:
        """Open a store, a zip file or a sealed directory.

        Args:
            path: ``activations.zarr.zip``, or a directory of the same layout.
            verify: ``"manifest"`` compares the names, sizes and checksums that the container
                lists with the manifest, without reading any chunk (chunks carry checksums of
                their own, checked as they are read); ``"digests"`` reads every byte.

        Raises:
            StoreError: the store is missing, incomplete, truncated or altered, or another version
                of chunkscope wrote it.
        """
        archive = open_archive(Path(path))
        try:
            manifest = read_manifest(archive)
            check_listing(archive, manifest)
            if verify == "digests":
                check_digests(archive, manifest)
            return cls(archive, manifest)
        except BaseException:
            archive.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._archive.close()

    def __enter__(self) -> ActivationStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def verify(self) -> None:
        """Read every byte of the store and compare digests.

        Raises:
            StoreError: an entry was altered, or the file was closed.
        """
        check_digests(self._archive, self._manifest)

    @property
    def arrays(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape and type of every array, by its name in the file."""
        records = self._manifest.arrays.items()
        return {name: (record.shape, record.dtype) for name, record in records}

    @property
    def seeds(self) -> list[int]:
        """The seeds that were recorded, in ascending order."""
        return sorted({seeded[0] for seeded in map(split_name, self._manifest.arrays) if seeded})

    def sites(self, seed: int) -> list[str]:
        """The sites of one seed, in the order in which they were recorded."""
        self._known(seed, self.seeds, "seed")
        seeded = filter(None, map(split_name, self._manifest.arrays))
        return [name for owner, name in seeded if owner == seed and name != LOSS]

    @property
    def symbols(self) -> list[str]:
        """The name of every token."""
        return list(self.attributes.get("symbols", []))

    @property
    def parsed(self) -> bool:
        """Whether a grammar made the sequences, so that labels are their true parse."""
        return NEXT_DISTRIBUTION in self._manifest.arrays

    @property
    def label_kinds(self) -> list[str]:
        """The kinds of labels: arrays at the root that name every step."""
        return [
            name
            for name in self._manifest.arrays
            if split_name(name) is None and name not in NOT_LABELS
        ]

    def label_names(self, kind: str) -> list[str]:
        """The name of each label of a kind; empty where the labels are plain numbers."""
        self._known(kind, self.label_kinds, "label kind")
        return list(self.attributes.get("label_names", {}).get(kind, []))

    def activations(self, seed: int, site: str, split: Split | None = None) -> NDArray[np.float32]:
        """All activations of one seed at one site, ``(sequence, time, unit)``.

        Raises:
            StoreError: there is no such seed or site, a chunk is damaged, a value is not finite,
                or the file was closed.
        """
        return self._whole(self._site(seed, site), split)

    def iterate(
        self, seed: int, site: str, split: Split | None = None
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The activations chunk by chunk, for statistics that need not hold them all.

        Yields:
            The place of the block's first sequence among those of the split, and the block
            ``(sequence, time, unit)``; the blocks one after the other are :meth:`activations`.
        """
        return self._blocks(self._site(seed, site), split)

    @property
    def is_train(self) -> NDArray[np.bool_]:
        """``(sequence,)``, whether a sequence belongs to the train split."""
        return self._chosen(TOKEN, "train")

    def tokens(self, split: Split | None = None) -> NDArray[np.int32]:
        """The tokens, ``(sequence, time)``, indices into :attr:`symbols`."""
        return self._whole(self._at_root(TOKEN), split)

    def inputs(self, split: Split | None = None) -> NDArray[np.float32]:
        """What was read, ``(sequence, time, channel)``.

        Raises:
            StoreError: the network reads symbols, which :meth:`tokens` are.
        """
        if INPUT not in self._manifest.arrays:
            raise StoreError(
                f"{self.path}: holds no {INPUT}: the network reads symbols; ask for its tokens"
            )
        return self._whole(INPUT, split)

    def trials(self, split: Split | None = None) -> tuple[str, ...]:
        """What tells the sequences apart, ``(sequence,)``: digests of all that was given in them.

        Two recordings of the same sequences have the same, whichever network was recorded. One
        that occurs again is numbered.
        """
        names = [symbol.encode() for symbol in self.symbols]
        channels = self.inputs(split) if INPUT in self._manifest.arrays else None
        found: list[str] = []
        for place, tokens in enumerate(self.tokens(split).tolist()):
            given = b"\x1f".join(names[token] for token in tokens)
            numbers = b"" if channels is None else channels[place].tobytes()
            found.append(hashlib.sha256(given + b"\x1e" + numbers).hexdigest()[:16])
        seen: Counter[str] = Counter()
        for place, digest in enumerate(found):
            seen[digest] += 1
            if seen[digest] > 1:
                found[place] = f"{digest}-{seen[digest]}"
        return tuple(found)

    def labels(self, kind: str, split: Split | None = None) -> NDArray[np.int32]:
        """The labels of one kind, ``(sequence, time)``."""
        self._known(kind, self.label_kinds, "label kind")
        return self._whole(kind, split)

    def next_distribution(self, split: Split | None = None) -> NDArray[np.float32]:
        """The true probability of each next symbol, ``(sequence, time, symbol)``.

        Raises:
            StoreError: it is not known, since no grammar made the sequences.
        """
        if not self.parsed:
            raise StoreError(
                f"{self.path}: holds no {NEXT_DISTRIBUTION}: a grammar knows how its sequences go "
                "on, of text nobody does; use a corpus drawn from a grammar"
            )
        return self._whole(NEXT_DISTRIBUTION, split)

    def loss(self, seed: int, split: Split | None = None) -> NDArray[np.float32]:
        """The loss on the next symbol, ``(sequence, time)`` in nats; NaN at the last step."""
        self._known(seed, self.seeds, "seed")
        return self._whole(self._at_root(f"{seed_group(seed)}/{LOSS}"), split)

    def _site(self, seed: int, site: str) -> str:
        self._known(site, self.sites(seed), f"site of seed {seed}")
        return f"{seed_group(seed)}/{site}"

    def _at_root(self, name: str) -> str:
        if name not in self._manifest.arrays:
            raise StoreError(f"{self.path}: holds no {name}; record it when the store is written")
        return name

    def _known(self, name: object, known: Iterable[object], what: str) -> None:
        names = list(known)
        if name not in names:
            hint = did_you_mean(str(name), map(str, names))
            raise StoreError(f"{self.path}: got {what} {name!r}; there are {names}{hint}")

    def _whole(self, name: str, split: Split | None) -> NDArray[Any]:
        chosen = self._chosen(name, split)
        whole = self._empty(name, int(chosen.sum()))
        array = self._array(name)
        for first, start, kept in self._spans(name, chosen):
            self._read(array, start, kept, whole[first : first + int(kept.sum())])
        return whole

    def _blocks(self, name: str, split: Split | None) -> Iterator[tuple[int, NDArray[Any]]]:
        array = self._array(name)
        for first, start, kept in self._spans(name, self._chosen(name, split)):
            block = self._empty(name, len(kept))
            self._read(array, start, np.ones_like(kept), block)
            block = block if kept.all() else block[kept]
            yield first, block
            del block  # before the next one is made

    def _spans(
        self, name: str, chosen: NDArray[np.bool_]
    ) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
        """Every chunk that holds a chosen sequence.

        Yields:
            The place of its first chosen sequence among the chosen, the index of its first
            sequence, and which of its sequences are chosen.
        """
        rows = self._manifest.arrays[name].chunk_shape[0]
        first = 0
        for start in range(0, len(chosen), rows):
            kept = chosen[start : start + rows]
            if kept.any():
                yield first, start, kept
                first += int(kept.sum())

    def _chosen(self, name: str, split: Split | None) -> NDArray[np.bool_]:
        """Which sequences belong to the split, ``(sequence,)``."""
        if split is None:
            return np.ones(self._manifest.arrays[name].shape[0], dtype=bool)
        self._known(split, SPLITS, "split")
        return self._whole(self._at_root(SPLIT), None) == SPLITS.index(split)

    def _empty(self, name: str, n_sequences: int) -> NDArray[Any]:
        record = self._manifest.arrays[name]
        return np.empty((n_sequences, *record.shape[1:]), dtype=record.dtype)

    def _array(self, name: str) -> zarr.Array[Any]:
        return cast("zarr.Array[Any]", self._root[name])

    def _read(
        self,
        array: zarr.Array[Any],
        start: int,
        kept: NDArray[np.bool_],
        into: NDArray[Any],
    ) -> None:
        """Read the kept ones of the sequences from ``start`` on, checking chunks and values."""
        where = f"{self.path}: {array.path}: sequences {start} to {start + len(kept) - 1}"
        sequences = into if kept.all() else self._empty(array.path, len(kept))
        try:
            array.get_basic_selection(
                slice(start, start + len(kept)), out=NDBuffer.from_numpy_array(sequences)
            )
        except DAMAGE as error:
            raise StoreError(
                f"{where}: the chunk was altered after it was written (its checksum fails); "
                f"{self._archive.repair}"
            ) from error
        if sequences is not into:
            into[...] = sequences[kept]
        lawful = into[:, :-1] if array.basename == LOSS else into
        if into.dtype.kind == "f" and not np.isfinite(lawful).all():
            raise StoreError(
                f"{where}: holds values that are not finite (a chunk went missing, or the network "
                f"diverged); {self._archive.repair}"
            )
