"""A cache between workflows: what differs stays apart, what is the same is not made again."""

from __future__ import annotations

from running import copy_project, digests, snakemake

CONFIG = """
device: cpu
corpora:
  noise:
    source: {grammar: words, vocabulary: {AB: 0.5, CDE: 0.5}, filler: {x: 1.0},
             gap: {kind: geometric, p: 0.5}}
    training: {sequences: 20, length: 30}
    recording: {train: 5, test: 5, length: 30}
runs:
  one: &run
    corpus: noise
    network: {architecture: tanh, hidden: 6}
    seeds: 2
    training: {steps: 3, batch: 4, window: 30}
  other: *run
"""
STORES = [
    f"results/activations/{run}{at}.zarr.zip" for run in ("one", "other") for at in ("", "@step0")
]


def test_cached_stores_are_those_of_their_run_and_step(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "cache"))
    found = []
    for name in ("first", "second"):
        project = copy_project(tmp_path / name)
        (project / "my.yaml").write_text(CONFIG)
        arguments = ("--configfile", "my.yaml", "--cores", "2", "--cache")
        snakemake(project, *STORES, *arguments)
        found.append(digests(project / "results" / "activations"))
    assert len(set(found[0].values())) == len(STORES)
    assert found[0] == found[1]
    assert all((tmp_path / "second" / store).is_symlink() for store in STORES)
