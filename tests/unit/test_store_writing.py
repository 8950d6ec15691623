"""What is written is what is read, the bytes depend on it alone, and nothing half-done shows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray
from store_example import (
    LOSS,
    NEXT,
    SEEDS,
    SPLIT,
    STATES,
    SYMBOLS,
    TIME,
    TOKENS,
    UNITS,
    WORDS,
    N,
    fill,
    write_example,
    writer,
)

from chunkscope.errors import StoreError
from chunkscope.store import ActivationStore, StoreWarning, StoreWriter

SITE = "layers.0.hook_h"
CHANNELS = ("light", "sound")
INPUTS = np.random.default_rng(5).normal(size=(N, TIME, 2)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "activations.zarr.zip"


def test_everything_comes_back_as_it_was_written(path: Path) -> None:
    with ActivationStore.open(write_example(path)) as store:
        assert store.seeds == list(SEEDS)
        assert store.symbols == SYMBOLS
        assert store.label_kinds == ["word", "position"]
        assert store.label_names("word") == ["ab", "ba", "cc", "abc"]
        assert store.label_names("position") == []
        assert store.attributes["config_hash"] == "c0ffee"
        assert store.attributes["versions"]["zarr"] == zarr.__version__
        np.testing.assert_array_equal(store.tokens(), TOKENS)
        np.testing.assert_array_equal(store.labels("word"), WORDS)
        np.testing.assert_array_equal(store.next_distribution(), NEXT)
        for seed in SEEDS:
            assert store.sites(seed) == list(UNITS)
            np.testing.assert_array_equal(store.loss(seed), LOSS)
            for site in UNITS:
                np.testing.assert_array_equal(store.activations(seed, site), STATES[seed, site])


def test_channels_come_back_under_their_names(path: Path) -> None:
    written = write_example(path, inputs=INPUTS, channels=CHANNELS)
    with ActivationStore.open(written) as store:
        np.testing.assert_array_equal(store.inputs(), INPUTS)
        np.testing.assert_array_equal(store.inputs("test"), INPUTS[SPLIT == 1])
        assert store.label_kinds == ["word", "position"]
        array = zarr.open_group(store._archive, mode="r")["input"]
        assert array.metadata.dimension_names == ("sequence", "time", "channel")
        assert array.attrs["names"] == list(CHANNELS)


def test_a_store_of_symbols_has_no_channels(path: Path) -> None:
    with (
        ActivationStore.open(write_example(path)) as store,
        pytest.raises(StoreError, match="holds no input: the network reads symbols"),
    ):
        store.inputs()


def test_sequences_are_told_apart_by_what_was_given(path: Path) -> None:
    def trials(**changed: object) -> tuple[str, ...]:
        with ActivationStore.open(write_example(path, **changed)) as store:
            return store.trials()

    plain = trials()
    assert len(set(plain)) == N  # one that occurs again is numbered
    assert trials() == plain
    other = TOKENS.copy()
    other[4, 2] = (other[4, 2] + 1) % len(SYMBOLS)
    changed = trials(tokens=other)
    assert [place for place in range(N) if changed[place] != plain[place]] == [4]
    assert set(trials(symbols=[f"{name}'" for name in SYMBOLS])).isdisjoint(plain)
    given = trials(inputs=INPUTS, channels=CHANNELS)
    assert set(given).isdisjoint(plain)
    nudged = INPUTS.copy()
    nudged[7, 0, 0] += 1
    after = trials(inputs=nudged, channels=CHANNELS)
    assert [place for place in range(N) if after[place] != given[place]] == [7]


@pytest.mark.parametrize(("split", "part"), [("train", 0), ("test", 1)])
def test_a_split_keeps_its_own_sequences_in_order(path: Path, split: str, part: int) -> None:
    chosen = part == SPLIT
    with ActivationStore.open(write_example(path)) as store:
        expected = STATES[3, SITE][chosen]
        np.testing.assert_array_equal(store.activations(3, SITE, split), expected)
        np.testing.assert_array_equal(store.labels("word", split), WORDS[chosen])
        np.testing.assert_array_equal(store.loss(3, split), LOSS[chosen])
        for first, block in store.iterate(3, SITE, split):
            np.testing.assert_array_equal(block, expected[first : first + len(block)])


@pytest.mark.parametrize("codec", ["raw", "lz4", "zstd"])
def test_the_bytes_depend_neither_on_the_clock_nor_on_the_blocks(
    tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_example(tmp_path / "a.zip", block=N, codec=codec).read_bytes()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    for block in (1, 4, 5, 11):
        again = write_example(tmp_path / f"{block}.zip", block=block, codec=codec)
        assert again.read_bytes() == first


def test_every_chunk_ends_with_a_checksum_and_every_array_names_its_axes(path: Path) -> None:
    zip_store = zarr.storage.ZipStore(write_example(path, codec="lz4"), mode="r")
    root = zarr.open_group(zip_store, mode="r")
    array = root[f"seed0/{SITE}"]
    assert isinstance(array, zarr.Array)
    assert array.metadata.dimension_names == ("sequence", "time", "unit_4")
    assert [type(codec).__name__ for codec in array.compressors] == ["BloscCodec", "Crc32cCodec"]
    assert array.chunks == (6, TIME, UNITS[SITE])
    assert np.isnan(array.fill_value)


def test_entries_are_unique_and_the_manifest_is_last(path: Path) -> None:
    names = zipfile.ZipFile(write_example(path)).namelist()
    assert len(set(names)) == len(names)
    assert names[-1] == "manifest.json"


def test_xarray_reads_it_with_its_dimensions(path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    zip_store = zarr.storage.ZipStore(write_example(path), mode="r")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Object at manifest.json")
        root = xarray.open_zarr(zip_store, consolidated=False)
        seed = xarray.open_zarr(zip_store, group="seed3", consolidated=False)
    assert root["next_distribution"].dims == ("sequence", "time", "symbol")
    assert seed[SITE].dims == ("sequence", "time", "unit_4")
    assert seed["layers.0.hook_gate_i"].dims == ("sequence", "time", "unit_7")
    assert seed["loss"].dims == ("sequence", "time")
    np.testing.assert_array_equal(seed[SITE].values, STATES[3, SITE])


def test_a_block_that_raises_leaves_what_was_there(path: Path) -> None:
    def write_and_fail() -> None:
        with writer(path) as open_writer:
            fill(open_writer)
            raise ZeroDivisionError

    path.write_bytes(b"what was there")
    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert path.read_bytes() == b"what was there"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_killed_writer_leaves_nothing_under_the_name_and_a_rerun_makes_the_same_bytes(
    path: Path,
) -> None:
    script = (
        "import sys; from pathlib import Path; from store_example import *\n"
        "with writer(Path(sys.argv[1])) as w:\n"
        "    fill(w); print('filled', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"filled\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not path.exists()
    assert [file.suffix for file in path.parent.iterdir()] == [".partial"]
    rerun = write_example(path).read_bytes()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert write_example(path.with_name("other.zip")).read_bytes() == rerun


def test_the_partial_file_of_a_living_writer_is_left_alone(path: Path) -> None:
    living = path.with_name(f".{path.name}.{os.getppid()}.partial")
    living.touch()
    write_example(path)
    assert living.exists()


def write_seeds(
    path: Path, states: dict[str, NDArray[Any]], loss: NDArray[Any], seeds: tuple[int, ...] = (3,)
) -> None:
    """The same states for every seed, in blocks of four sequences."""
    with writer(path) as open_writer:
        for seed in seeds:
            open_writer.create(seed, {site: values.shape[-1] for site, values in states.items()})
            for first in range(0, N, 4):
                rows = slice(first, first + 4)
                blocks = {site: values[rows] for site, values in states.items()}
                open_writer.write(seed, first, blocks, loss=loss[rows])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_value_that_is_not_finite_is_named_by_its_place(path: Path, value: float) -> None:
    states = {site: STATES[3, site].astype(float) for site in UNITS}
    states[SITE][10, 3, 1] = states[SITE][11, 0, 0] = value
    with pytest.raises(StoreError, match=r"seed 3: layers\.0\.hook_h: .*\(10, 3, 1\)"):
        write_seeds(path, states, LOSS)
    assert not path.exists()


def test_loss_may_be_nan_at_the_last_step_only(path: Path) -> None:
    loss = LOSS.copy()
    loss[1, 2] = np.nan
    with pytest.raises(StoreError, match=r"loss: got nan at \(sequence, time\) \(1, 2\)"):
        write_seeds(path, {site: STATES[3, site] for site in UNITS}, loss)


def test_the_caller_may_reuse_its_block(path: Path) -> None:
    block = np.empty((1, TIME, UNITS[SITE]), dtype=np.float32)
    with writer(path) as open_writer:
        open_writer.create(0, {SITE: UNITS[SITE]})
        for first in range(N):
            block[:] = STATES[0, SITE][first]
            open_writer.write(0, first, {SITE: block}, loss=LOSS[first : first + 1])
    with ActivationStore.open(path) as store:
        np.testing.assert_array_equal(store.activations(0, SITE), STATES[0, SITE])


def test_constant_units_are_warned_of_once_per_site(path: Path) -> None:
    still = {site: STATES[0, site].copy() for site in UNITS}
    still[SITE][:, :, [1, 3]] = 0.5
    with pytest.warns(StoreWarning) as caught:
        write_seeds(path, still, LOSS, seeds=SEEDS)
    assert len(caught) == 1
    assert "layers.0.hook_h: 4 units never change" in str(caught[0].message)
    assert "the first is unit 1 of seed 0" in str(caught[0].message)


def test_a_unit_that_changes_once_at_the_very_end_is_not_constant(path: Path) -> None:
    late = np.zeros((N, TIME, 1), dtype=np.float32)
    late[-1, -1] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", StoreWarning)
        write_seeds(path, {"late": late}, LOSS)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"tokens": TOKENS + 0.5}, "token: got float64 values; must be whole numbers"),
        ({"tokens": TOKENS + 1}, "token: got values from 1 to 3; must be from 0 to 2"),
        ({"tokens": TOKENS[0]}, r"token: got shape \(5,\)"),
        ({"labels": {"word": WORDS[:3]}}, r"word: got shape \(3, 5\); must be \(23, 5\)"),
        ({"labels": {"token": WORDS}}, "'token' cannot name a kind of label"),
        ({"label_names": {"wrd": ["a"]}}, "'wrd'; there are labels of .*did you mean word"),
        ({"split": SPLIT + 1}, "split: got values from 1 to 2"),
        ({"next_distribution": NEXT[..., :2]}, "next_distribution: got shape"),
        ({"inputs": INPUTS}, r"input: got shape \(23, 5, 2\); must be \(23, 5, 0\)"),
        ({"inputs": INPUTS * np.inf, "channels": CHANNELS}, "input: got"),
        ({"attributes": {"symbols": 1}}, "attribute 'symbols' is the store's own"),
        ({"attributes": {"when": object()}}, "must be what JSON can hold"),
    ],
)
def test_a_wrong_corpus_is_refused_in_one_sentence(
    path: Path, changed: dict[str, object], sentence: str
) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        writer(path, **changed)
    assert "\n" not in str(caught.value)


@pytest.fixture
def states() -> dict[str, NDArray[np.float32]]:
    return {site: STATES[0, site][:4] for site in UNITS}


def test_a_block_that_does_not_follow_or_fit_is_refused_and_leaves_no_trace(
    path: Path, states: dict[str, NDArray[np.float32]]
) -> None:
    def refused(sentence: str, seed: int, first: int, blocks: Any, loss: Any = LOSS[:4]) -> None:
        with pytest.raises(StoreError, match=sentence):
            open_writer.write(seed, first, blocks, loss=loss)

    with writer(path) as open_writer:
        open_writer.create(0, UNITS)
        open_writer.write(0, 0, states, loss=LOSS[:4])
        refused("starts at sequence 8; the next is 4", 0, 8, states)
        refused("needs all of", 0, 4, {SITE: states[SITE]})
        refused(r"must be \(1 to 19, 5, 4\)", 0, 4, {**states, SITE: states[SITE][..., :2]})
        refused("unlike numbers of sequences", 0, 4, states, LOSS[:3])
        refused("seed 5: not created", 5, 0, states)
        rest = {site: STATES[0, site][4:] for site in UNITS}
        open_writer.write(0, 4, rest, loss=LOSS[4:])
    with ActivationStore.open(path) as store:
        np.testing.assert_array_equal(store.activations(0, SITE), STATES[0, SITE])


@pytest.mark.parametrize(
    ("seed", "sites", "sentence"),
    [
        (0, UNITS, "seed 0: created twice"),
        (1, {"a/b": 2}, "'a/b' cannot name an array"),
        (1, {"loss": 2}, "'loss' cannot name an array"),
        (1, {"a": 0}, "site a: got 0 units"),
    ],
)
def test_a_seed_is_created_once_with_sites_that_can_be_named(
    path: Path, seed: int, sites: dict[str, int], sentence: str
) -> None:
    def create() -> None:
        with writer(path) as open_writer:
            open_writer.create(0, UNITS)
            open_writer.create(seed, sites)

    with pytest.raises(StoreError, match=sentence):
        create()


def test_a_store_that_lacks_sequences_or_seeds_is_never_put_in_place(
    path: Path, states: dict[str, NDArray[np.float32]]
) -> None:
    def write_four() -> None:
        with writer(path) as open_writer:
            open_writer.create(0, UNITS)
            open_writer.write(0, 0, states, loss=LOSS[:4])

    def write_nothing() -> None:
        with writer(path):
            pass

    with pytest.raises(StoreError, match="got 4 of 23 sequences"):
        write_four()
    with pytest.raises(StoreError, match="no seed was created"):
        write_nothing()
    assert not path.exists()


def test_writing_holds_a_few_chunks_and_never_the_whole(path: Path) -> None:
    n, time, units, block = 1500, 20, 50, 70
    chunk_bytes = 400_000
    states = np.random.default_rng(0).standard_normal((block, time, units), dtype=np.float32)
    loss = np.zeros((block, time), dtype=np.float32)
    tokens = np.zeros((n, time), dtype=np.int32)
    tracemalloc.start()
    with StoreWriter(path, tokens=tokens, symbols="a", chunk_mb=chunk_bytes / 1e6) as open_writer:
        open_writer.create(0, {SITE: units})
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for first in range(0, n, block):
            rows = min(block, n - first)
            open_writer.write(0, first, {SITE: states[:rows]}, loss=loss[:rows])
        peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert n * time * units * 4 == 15 * chunk_bytes
    assert peak < 6 * chunk_bytes
