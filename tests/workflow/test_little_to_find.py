"""A run with next to nothing to find: what cannot be estimated is said, and nothing crashes."""

from __future__ import annotations

import pandas as pd
from running import copy_project, snakemake

# one network that was never trained, on a corpus without words, in few short sequences
CONFIG = """
device: cpu
corpora:
  coin:
    source:
      grammar: automaton
      start: a
      states:
        a: [{symbol: H, to: a, probability: 0.5}, {symbol: T, to: b, probability: 0.5}]
        b: [{symbol: H, to: a, probability: 1.0}]
    training: {sequences: 10, length: 20}
    recording: {train: 6, test: 6, length: 20}
runs:
  untrained:
    corpus: coin
    network: {architecture: tanh, hidden: 4}
    seeds: 1
    training: {steps: 0, window: 20}
chunks:
  density: {min_cluster_size: 100}
  extractors: [byte_pairs]
"""


def test_every_output_is_made_and_says_not_estimable(tmp_path):
    project = copy_project(tmp_path / "project")
    (project / "my.yaml").write_text(CONFIG)
    snakemake(project, "--configfile", "my.yaml", "--cores", "2")

    results = project / "results"
    scores = pd.read_csv(results / "chunks/untrained/scores.csv").set_index(["row", "measure"])
    assert scores.loc[("density", "states"), "value"] == 0
    assert pd.isna(scores.loc[("density", "state_ari"), "value"])
    assert pd.isna(scores.loc[("density", "word_recall"), "value"])
    assert set(scores.index.get_level_values("row")) == {"density", "untrained", "byte_pairs"}
    assert pd.read_csv(results / "interventions/untrained/effects.csv").empty
    claims = pd.read_csv(results / "claims/chunks.csv").set_index("id")
    assert claims.loc["chunks-words-untrained", "verdict"] == "not estimable"
    page = (results / "report.html").read_text()
    assert "not estimable" in page
    assert (results / "figures/chunks-overview.png").stat().st_size > 0
