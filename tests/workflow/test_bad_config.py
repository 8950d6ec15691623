"""A wrong configuration, through the workflow: sentences on the screen, no job, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

GOOD = """
corpora:
  noise: {source: {grammar: words, vocabulary: {AB: 1.0}}}
runs:
  one: {corpus: noise, network: {architecture: gru, hidden: 8}}
"""


def dry_run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """``snakemake -n`` with a configuration file of its own, started in ``folder``."""
    (folder / "my.yaml").write_text(text)
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--snakefile", ROOT / "Snakefile"]
    return subprocess.run(
        [*command, "--configfile", "my.yaml"], cwd=folder, capture_output=True, text=True
    )


def said(run: subprocess.CompletedProcess[str]) -> list[str]:
    """What stands on the screen, without the line that names the profile."""
    screen = (run.stdout + run.stderr).splitlines()
    return [line for line in screen if line and "profile" not in line]


def test_all_mistakes_stand_on_the_screen_and_nothing_else(tmp_path: Path) -> None:
    run = dry_run(tmp_path, GOOD.replace("gru", "grru").replace("corpus: noise", "corpus: nois"))
    assert run.returncode == 1
    assert said(run) == [
        "my.yaml: runs.one.network.architecture: got 'grru'; must be one of affine, "
        "crate, gpt, gru, huggingface, lstm, mingru, ssm, tanh; did you mean gru?",
        "my.yaml: runs.one.corpus: got 'nois'; must be noise",
    ]


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    run = dry_run(tmp_path, GOOD + "seed: 1\nseed: 2\n")
    assert run.returncode == 1
    assert said(run) == ["my.yaml: seed: stands twice; keep one of them"]


def test_a_right_configuration_is_planned(tmp_path: Path) -> None:
    run = dry_run(tmp_path, GOOD)
    assert run.returncode == 0, run.stderr
    assert "train_network" in run.stdout + run.stderr
