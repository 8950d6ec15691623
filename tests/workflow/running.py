"""Runs the workflow in a folder of its own, as a user would."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".git", ".venv", ".snakemake", "results", "work", "logs", "*.egg-info", ".*_cache")
# outputs that hold seconds, which no two runs share
TIMED = ("timings/", "timing.json", "report.html", "benchmarks/")


def copy_project(folder: Path) -> Path:
    """A copy of the project whose files a test may change."""
    return Path(shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT)))


def command(*arguments: str | Path) -> list[str]:
    """The words of a call of Snakemake."""
    return [sys.executable, "-m", "snakemake", *map(str, arguments)]


def environment(project: Path) -> dict[str, str]:
    """An environment in which this copy of the package is imported, on one thread a job."""
    return {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}


def snakemake(project: Path, *arguments: str | Path) -> str:
    """Run Snakemake in the project and return what it said; fail with that if it failed."""
    done = subprocess.run(
        command(*arguments),
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def planned(project: Path, *arguments: str | Path) -> set[str]:
    """Names of the rules that a dry run would run."""
    said = snakemake(project, *arguments, "--dry-run", "--quiet", "reason")
    names, inside = set(), False
    for line in said.splitlines():
        if line.startswith("job  "):
            inside = True
        elif inside and not line.strip():
            inside = False
        elif inside and not line.startswith("-"):
            names.add(line.split()[0])
    return names - {"total", "all"}


def digests(results: Path) -> dict[str, str]:
    """The hash of every output that does not hold seconds, by its path under ``results``."""
    found = {}
    for file in sorted(results.rglob("*")):
        name = file.relative_to(results).as_posix()
        if file.is_file() and not any(part in name for part in TIMED):
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def differing(one: Path, other: Path) -> list[str]:
    """Outputs that two folders of results do not share, byte for byte."""
    here, there = digests(one), digests(other)
    return sorted(name for name in here | there if here.get(name) != there.get(name))
