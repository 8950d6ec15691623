"""A workflow killed while it writes a store leaves none, and goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from running import command, copy_project, digests, environment, snakemake

# large enough that writing the store takes a good while
CONFIG = """
device: cpu
corpora:
  noise:
    source: {grammar: words, vocabulary: {AB: 0.5, CDE: 0.5}, filler: {x: 1.0},
             gap: {kind: geometric, p: 0.5}}
    training: {sequences: 50, length: 50}
    recording: {train: 1500, test: 1500, length: 100}
runs:
  large:
    corpus: noise
    network: {architecture: tanh, hidden: 48}
    seeds: 4
    training: {steps: 5, batch: 4, window: 50}
"""
STORE = Path("results/activations/large.zarr.zip")
PATIENCE_S = 120.0


@pytest.fixture
def project(tmp_path):
    folder = copy_project(tmp_path / "project")
    (folder / "large.yaml").write_text(CONFIG)
    return folder


def test_a_killed_store_is_written_again_to_the_same_bytes(project, tmp_path):
    arguments = ("--configfile", "large.yaml", "--cores", "1", STORE)
    snakemake(project, *arguments)
    whole = digests(project / "results")
    (project / STORE).unlink()

    running = subprocess.Popen(
        command(*arguments),
        cwd=project,
        env=environment(project),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for_half_a_store(project, running)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()

    assert not (project / STORE).exists()
    snakemake(project, *arguments, "--unlock")
    snakemake(project, *arguments)
    assert digests(project / "results") == whole
    assert not list(project.glob("results/activations/.*partial"))


def wait_for_half_a_store(project: Path, running: subprocess.Popen[bytes]) -> None:
    """Return as soon as several megabytes of the store stand under its temporary name."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for partial in (project / STORE).parent.glob(".*.partial"):
            if partial.stat().st_size > 5_000_000:
                return
        assert running.poll() is None, "the workflow ended before it could be killed"
        time.sleep(0.002)
    raise AssertionError("the store was never begun")
