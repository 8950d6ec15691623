"""For any shape, type, block size and damage: the store gives back what it got, or refuses."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from chunkscope.errors import StoreError
from chunkscope.store import ActivationStore, Codec, StoreWriter

pytestmark = pytest.mark.filterwarnings("ignore::chunkscope.store.StoreWarning")


@contextmanager
def new_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "activations.zarr.zip"


def write(
    path: Path, sites: dict[str, NDArray[Any]], block: int, codec: Codec = "raw", mb: float = 0.001
) -> None:
    n_sequences, time, _ = next(iter(sites.values())).shape
    tokens = np.zeros((n_sequences, time), dtype=np.int64)
    loss = np.full((n_sequences, time), 0.5)
    loss[:, -1] = np.nan
    with StoreWriter(path, tokens=tokens, symbols="a", codec=codec, chunk_mb=mb) as writer:
        writer.create(2, {name: states.shape[-1] for name, states in sites.items()})
        for first in range(0, n_sequences, block):
            rows = slice(first, first + block)
            blocks = {name: states[rows] for name, states in sites.items()}
            writer.write(2, first, blocks, loss=loss[rows])


@settings(max_examples=40, deadline=None)
@given(
    n_sequences=st.integers(1, 40),
    time=st.integers(1, 6),
    units=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    dtype=st.sampled_from(["float16", "float32", "float64", "int16", "bool"]),
    block=st.integers(1, 41),
    codec=st.sampled_from(["raw", "lz4", "zstd"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_round_trip(
    n_sequences: int,
    time: int,
    units: list[int],
    dtype: str,
    block: int,
    codec: Codec,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    sites = {
        f"site.{i}": (4 * rng.standard_normal((n_sequences, time, width))).astype(dtype)
        for i, width in enumerate(units)
    }
    with new_path() as path:
        write(path, sites, block, codec)
        with ActivationStore.open(path, verify="digests") as store:
            for name, states in sites.items():
                whole = store.activations(2, name)
                assert whole.dtype == np.float32
                np.testing.assert_array_equal(whole, states.astype(np.float32))
                blocks = dict(store.iterate(2, name))
                np.testing.assert_array_equal(np.concatenate(list(blocks.values())), whole)
                lengths = [len(block) for block in blocks.values()]
                assert list(blocks) == [sum(lengths[:i]) for i in range(len(lengths))]


STATES = np.random.default_rng(0).standard_normal((12, 3, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "activations.zarr.zip"
    write(path, {"site": STATES}, 12, mb=0.0002)
    return path


def test_a_flipped_bit_within_any_entry_is_caught(sound: Path) -> None:
    whole = sound.read_bytes()
    with zipfile.ZipFile(sound) as archive:
        entries = [info for info in archive.infolist() if info.file_size]

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(entries), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
    def check(entry: zipfile.ZipInfo, share: float, bit: int) -> None:
        header = entry.header_offset + 30 + len(entry.filename)
        place = header + int(share * entry.file_size)
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        with new_path() as path:
            path.write_bytes(damaged)
            with pytest.raises(StoreError) as caught:
                ActivationStore.open(path, verify="digests")
            assert entry.filename in str(caught.value)

    check()


def test_a_flipped_bit_anywhere_is_refused_or_changes_no_value(sound: Path) -> None:
    """Dates and the like may change unseen; what is read may not."""
    whole = sound.read_bytes()

    @settings(max_examples=400, deadline=None)
    @given(st.integers(0, len(whole) - 1), st.integers(0, 7))
    def check(place: int, bit: int) -> None:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        with new_path() as path:
            path.write_bytes(damaged)
            try:
                with ActivationStore.open(path) as store:
                    states, loss = store.activations(2, "site"), store.loss(2)
                    tokens = store.tokens()
            except StoreError:
                return
        np.testing.assert_array_equal(states, STATES)
        assert not tokens.any()
        assert (loss[:, :-1] == 0.5).all()
        assert np.isnan(loss[:, -1]).all()

    check()


def test_truncation_at_any_length_is_refused(sound: Path) -> None:
    whole = sound.read_bytes()

    @settings(max_examples=200, deadline=None)
    @given(st.integers(0, len(whole) - 1))
    def check(length: int) -> None:
        with new_path() as path:
            path.write_bytes(whole[:length])
            with pytest.raises(StoreError):
                ActivationStore.open(path)

    check()
