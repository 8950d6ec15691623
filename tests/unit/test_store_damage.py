"""A store that is missing, cut short, altered or incomplete is refused in one sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from store_example import STATES, TOKENS, write_example
from zarr.codecs import Crc32cCodec, ZstdCodec

from chunkscope.errors import StoreError
from chunkscope.store import ActivationStore, seal
from chunkscope.store.__main__ import main

SITE = "layers.0.hook_h"
CHUNK = f"seed0/{SITE}/c/1/0/0"
Entries = dict[str, bytes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_example(tmp_path / "activations.zarr.zip")


@pytest.fixture
def directory(path: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(path.with_name("activations.zarr"))
    return path.with_name("activations.zarr")


def rewrite(path: Path, change: Callable[[Entries], object]) -> None:
    """Make the zip file anew with changed entries, whole as a zip file."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        ActivationStore.open(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_no_file_says_how_to_make_one(tmp_path: Path) -> None:
    assert "no such store; run snakemake" in refusal(tmp_path / "none.zip")


def test_something_else_than_a_zip_file(path: Path) -> None:
    path.write_bytes(b"not a zip file")
    assert "not a whole zip file" in refusal(path)


def test_a_store_without_its_manifest_was_never_finished(path: Path) -> None:
    rewrite(path, lambda entries: entries.pop("manifest.json"))
    message = refusal(path)
    assert "incomplete" in message
    assert "delete the file and run snakemake again" in message


def test_a_chunk_that_is_missing_is_named(path: Path) -> None:
    rewrite(path, lambda entries: entries.pop(CHUNK))
    assert f"entries are missing, the first is {CHUNK}" in refusal(path)


def test_a_chunk_that_was_replaced_is_named(path: Path) -> None:
    def zeros(entries: Entries) -> None:
        entries[CHUNK] = bytes(len(entries[CHUNK]))

    rewrite(path, zeros)
    assert f"{CHUNK} was altered" in refusal(path)


def test_a_chunk_that_the_directory_of_the_zip_file_looks_for_elsewhere_is_caught(
    path: Path,
) -> None:
    with zipfile.ZipFile(path) as archive:
        other = archive.getinfo(f"seed0/{SITE}/c/0/0/0").header_offset
        own = archive.getinfo(CHUNK).header_offset
        start = archive.start_dir
    data = path.read_bytes()
    place = data.index(own.to_bytes(4, "little"), start)
    path.write_bytes(data[:place] + other.to_bytes(4, "little") + data[place + 4 :])
    with (
        ActivationStore.open(path) as store,
        pytest.raises(StoreError, match=rf"seed0/{SITE}: sequences 6 to 11: .*altered"),
    ):
        store.activations(0, SITE)


def test_an_entry_that_does_not_belong_is_named(path: Path) -> None:
    rewrite(path, lambda entries: entries.update({"seed0/more": b"?"}))
    assert "seed0/more is not in its manifest.json" in refusal(path)


def test_another_schema_version_is_named(path: Path) -> None:
    def age(entries: Entries) -> None:
        manifest = json.loads(entries["manifest.json"])
        entries["manifest.json"] = json.dumps({**manifest, "schema_version": 99}).encode()

    rewrite(path, age)
    assert "schema version 99, this chunkscope reads version 1" in refusal(path)


def test_a_flipped_bit_is_caught_when_its_chunk_is_read(path: Path) -> None:
    data = path.read_bytes()
    chunk = STATES[0, SITE][6:12].tobytes()  # six sequences make a chunk
    path.write_bytes(flipped(data, data.index(chunk) + 17))
    with ActivationStore.open(path) as store:
        np.testing.assert_array_equal(store.activations(3, SITE), STATES[3, SITE])
        with pytest.raises(StoreError, match=rf"seed0/{SITE}: sequences 6 to 11: .*altered"):
            store.activations(0, SITE)
        with pytest.raises(StoreError, match=f"{CHUNK} was altered"):
            store.verify()
    with pytest.raises(StoreError, match=f"{CHUNK} was altered"):
        ActivationStore.open(path, verify="digests")


def test_a_directory_is_read_as_the_file_is(directory: Path) -> None:
    with ActivationStore.open(directory, verify="digests") as store:
        np.testing.assert_array_equal(store.activations(0, SITE), STATES[0, SITE])


def test_a_file_missing_from_a_directory_is_named(directory: Path) -> None:
    (directory / CHUNK).unlink()
    assert f"the first is {CHUNK}" in refusal(directory)


def test_a_file_that_vanishes_after_opening_does_not_read_as_data(directory: Path) -> None:
    with ActivationStore.open(directory) as store:
        (directory / CHUNK).unlink()
        with pytest.raises(StoreError, match=r"not finite .a chunk went missing"):
            store.activations(0, SITE)


def test_a_directory_zipped_by_other_means_is_read(directory: Path) -> None:
    path = Path(shutil.make_archive(str(directory), "zip", directory))
    with ActivationStore.open(path, verify="digests") as store:
        np.testing.assert_array_equal(store.activations(0, SITE), STATES[0, SITE])


def test_a_closed_file_says_so(path: Path) -> None:
    with ActivationStore.open(path) as store:
        blocks = store.iterate(0, SITE)
        next(blocks)
    for read in (lambda: next(blocks), store.tokens, store.verify):
        with pytest.raises(StoreError, match="was closed"):
            read()


@pytest.mark.parametrize("name", ["zarr.json", f"seed0/{SITE}/zarr.json", "manifest.json", CHUNK])
def test_any_flipped_byte_of_a_directory_is_caught(directory: Path, name: str) -> None:
    data = (directory / name).read_bytes()
    sentence = (
        "altered|missing|version|not in" if name == "manifest.json" else f": {name} was altered"
    )
    for place in range(0, len(data), 13):
        (directory / name).write_bytes(flipped(data, place))
        with pytest.raises(StoreError, match=sentence):
            ActivationStore.open(directory, verify="digests")


def test_a_manifest_that_misdescribes_an_array_is_caught_on_opening(directory: Path) -> None:
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["arrays"]["token"]["shape"] = [29, 5]
    (directory / "manifest.json").write_text(json.dumps(manifest))
    assert "manifest.json was altered" in refusal(directory)


def test_a_directory_made_with_plain_zarr_can_be_sealed(tmp_path: Path) -> None:
    path = tmp_path / "own.zarr"
    root = zarr.open_group(path, mode="w", zarr_format=3, attributes={"symbols": list("abc")})
    root.create_array(
        "token",
        data=TOKENS.astype("int32"),
        compressors=[Crc32cCodec()],
        config={"write_empty_chunks": True},
    )
    states = STATES[0, SITE]
    root.create_array(
        "seed0/own.site",
        data=states,
        chunks=(4, 2, 3),
        compressors=[ZstdCodec(), Crc32cCodec()],
    )
    assert "incomplete" in refusal(path)
    seal(path)
    seal(path)
    with ActivationStore.open(path, verify="digests") as store:
        assert store.sites(0) == ["own.site"]
        np.testing.assert_array_equal(store.activations(0, "own.site"), states)
        np.testing.assert_array_equal(store.tokens(), TOKENS)
        with pytest.raises(StoreError, match="holds no split"):
            store.tokens("train")


def test_sealing_refuses_chunks_that_were_never_written(tmp_path: Path) -> None:
    root = zarr.open_group(tmp_path / "own.zarr", mode="w", zarr_format=3)
    root.create_array("token", data=np.zeros((4, 2)), compressors=[Crc32cCodec()])
    with pytest.raises(StoreError, match="token: chunk c/0/0 was never written"):
        seal(tmp_path / "own.zarr")


def test_sealing_refuses_chunks_without_a_checksum_of_their_own(tmp_path: Path) -> None:
    root = zarr.open_group(tmp_path / "own.zarr", mode="w", zarr_format=3)
    root.create_array("token", data=np.ones((4, 2)))
    with pytest.raises(StoreError, match="token: its chunks bear no checksum"):
        seal(tmp_path / "own.zarr")


def test_sealing_refuses_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a directory store"):
        seal(tmp_path)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda s: s.activations(0, "layers.0.hook_z"), "site of seed 0 .*did you mean layers"),
        (lambda s: s.activations(1, SITE), r"got seed 1; there are \[0, 3\]"),
        (lambda s: s.labels("words"), "did you mean word"),
        (lambda s: s.label_names("token"), "got label kind 'token'"),
        (lambda s: s.tokens("tests"), "did you mean test"),
        (lambda s: s.loss(9), "got seed 9"),
    ],
)
def test_unknown_names_are_answered_with_the_known_ones(
    path: Path, ask: Callable[[ActivationStore], object], sentence: str
) -> None:
    with ActivationStore.open(path) as store, pytest.raises(StoreError, match=sentence):
        ask(store)


def test_the_commands_say_whether_a_store_is_whole(
    path: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(path)]) == 0
    assert main(["info", str(directory)]) == 0
    assert "23 x 5 x 4" in capsys.readouterr().out
    shutil.rmtree(directory / "seed0")
    assert main(["verify", str(directory)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["seal", str(directory)]) == 0
    assert main(["verify", str(directory)]) == 0


def test_the_store_needs_no_torch() -> None:
    code = "import sys, chunkscope.store; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
