"""The small profile whole: it runs, runs again to nothing, and reruns just what a change asks."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
import yaml
from running import ROOT, command, copy_project, differing, environment, planned, snakemake

from chunkscope.statistics.claims import COLUMNS, VERDICTS
from chunkscope.store import ActivationStore

QUICK = ("--configfile", "config/quick.yaml")
RULES = sorted((ROOT / "rules").glob("*.smk"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A project whose quick profile runs on one core, beside everything else, and its end.

    Nothing is drawn there, for figures are functions of tables.
    """
    folder = copy_project(tmp_path_factory.mktemp("alone") / "project")
    drawing = (re.findall(r"^rule (draw_\w+)", file.read_text(), re.M) for file in RULES)
    left_out = ("--omit-from", *chain.from_iterable(drawing))
    with ThreadPoolExecutor(1) as pool:
        yield folder, pool.submit(snakemake, folder, "--cores", "1", *QUICK, *left_out)


@pytest.fixture(scope="module")
def project(tmp_path_factory, alone):
    """A project whose quick profile has run on two cores."""
    folder = copy_project(tmp_path_factory.mktemp("workflow") / "a folder with spaces")
    snakemake(folder, "--cores", "2", *QUICK)
    return folder


def changed(project: Path, **figures: object) -> tuple[str, Path]:
    """The quick profile with other figure settings."""
    config = yaml.safe_load((project / "config/quick.yaml").read_text())
    path = project / "changed.yaml"
    path.write_text(yaml.safe_dump({**config, "figures": figures}, sort_keys=False))
    return "--configfile", path


def test_every_study_leaves_its_outputs(project):
    results = project / "results"
    for name in (
        "corpora/noise/recording.npz",
        "networks/gru16/model.safetensors",
        "activations/gru16.zarr.zip",
        "activations/gru16@step0.zarr.zip",
        "chunks/gru16/summary.csv",
        "interventions/gru16/specificity.csv",
        "figures/chunks-overview.pdf",
        "figures/chunks-overview.png",
        "figures/chunks-overview.csv",
        "probing/gru16/summary.csv",
        "probing/widths/summary.csv",
        "figures/probing-sparsity.png",
        "corpora/counting/inputs.npz",
        "inversion/counting/inputs@step0.zarr.zip",
        "inversion/counting/colon/retention.csv",
        "inversion/counting/draws.npz",
        "inversion/counting/circuits/cuts.csv",
        "inversion/gru16/quality.csv",
        "figures/inversion-retention.png",
        "dynamics/attractors/regimes_summary.csv",
        "figures/dynamics-regimes.png",
        "dynamics/tasks/leaky/master@100.zarr.zip",
        "dynamics/runs/distances.csv",
        "neurons/comparison.csv",
        "neurons/crate/explanations.jsonl.gz",
        "neurons/gpt_relu/latents/codes.csv",
        "neurons/gpt_relu/steering.csv",
        "figures/neurons-training.png",
        "config.resolved.yaml",
        "report.html",
    ):
        assert (results / name).stat().st_size > 0, name
    with ActivationStore.open(results / "activations/gru16.zarr.zip", verify="digests") as store:
        assert store.seeds == [0, 1]


def test_the_ledger_judges_every_claim(project):
    expected = {
        "chunks": {"chunks-graft-A", "chunks-decode", "chunks-words-gru16"},
        "probing": {
            "probing-basis-gru16",
            "probing-context-ablation-mixture",
            "probing-compounds-single-compounds",
            "probing-rankings-suppressor",
            "probing-superposition-basis",
            "probing-widths-unit",
        },
        "inversion": {
            "inversion-learned-counting",
            "inversion-count-precise-counting",
            "inversion-circuit-counting",
            "inversion-state-gru16",
            "inversion-draws-gru16",
        },
        "dynamics": {
            "dynamics-regimes-dsa",
            "dynamics-noise-fresh",
            "dynamics-motifs-shared",
            "dynamics-tasks-untrained-leaky",
            "dynamics-runs-nearer-gru16",
        },
        "neurons": {
            "neurons-higher-random_only-crate-gpt_relu",
            "neurons-equal-loss-crate-gpt_relu",
            "neurons-trained-random_only-crate",
        },
    }
    report = (project / "results/report.html").read_text()
    for study, ids in expected.items():
        claims = pd.read_csv(project / f"results/claims/{study}.csv")
        assert tuple(claims.columns) == COLUMNS
        assert set(claims["verdict"]) <= set(VERDICTS)
        assert ids <= set(claims["id"])
        assert all(f'id="claim-{name}"' in report for name in claims["id"])


def test_a_second_run_has_nothing_to_do(project):
    assert "Nothing to be done" in snakemake(project, *QUICK)


def test_a_touched_script_and_package_rerun_nothing(project):
    for name in ("scripts/train_network.py", "chunkscope/networks/training.py"):
        (project / name).touch()
    assert "Nothing to be done" in snakemake(project, *QUICK, "--dry-run")


def test_an_edit_reruns_its_stage_and_what_depends_on_it(project):
    module = project / "chunkscope/chunks/merging.py"
    before = module.read_text()
    module.write_text(before + "\n# edited\n")
    rules = planned(project, *QUICK)
    module.write_text(before)
    assert {"extract_chunks", "score_chunks", "intervene_network", "write_report"} <= rules
    assert not rules & {"sample_corpus", "train_network", "record_activations"}


def test_a_figure_setting_draws_that_figure_alone(project):
    stores = {file: file.stat().st_mtime_ns for file in project.glob("results/activations/*.zip")}
    figure = project / "results/figures/chunks-activity.png"
    before = figure.read_bytes()
    flag, path = changed(project, steps=40)
    assert planned(project, flag, path) == {
        "draw_chunks_activity",
        "draw_chunks_decoding",
        "resolve_config",
        "write_report",
    }
    snakemake(project, flag, path)
    assert figure.read_bytes() != before
    assert {file: file.stat().st_mtime_ns for file in stores} == stores
    snakemake(project, *QUICK)
    assert figure.read_bytes() == before


def test_snakemake_s_own_report_can_be_made(project):
    snakemake(project, *QUICK, "--report", "workflow.html")
    page = (project / "workflow.html").read_text()
    assert "Chunks" in page
    assert "chunks-overview.png" in page


def test_one_core_gives_the_bytes_of_two(project, alone):
    folder, end = alone
    end.result()
    assert (folder / "results/claims/neurons.csv").exists()
    names = differing(folder / "results", project / "results")
    assert [name for name in names if not name.startswith("figures/")] == []


def test_a_damaged_store_is_one_sentence_on_the_screen_and_a_traceback_in_the_log(project):
    store = project / "results/activations/gru16.zarr.zip"
    store.write_bytes(store.read_bytes()[:-1000])
    target = "results/chunks/gru16/sweep.csv"
    wrong = subprocess.run(
        command(target, *QUICK, "--forcerun", "extract_chunks"),
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        check=False,
    )
    screen = wrong.stdout + wrong.stderr
    assert wrong.returncode != 0
    assert "error: results/activations/gru16.zarr.zip: not a whole zip file" in screen
    assert "Traceback" not in screen
    assert "Traceback" in (project / "logs/extract_chunks/gru16.log").read_text()
