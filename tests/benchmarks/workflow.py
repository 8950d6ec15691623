"""What the workflow costs beyond its work: a run with nothing to do, start-ups and imports.

Both profiles run whole, on two cores, in copies of the project. ``ours_s`` of the first rows is
the wall time of a run with nothing to do (aim: under 4 s) and ``other_s`` that of the first run
(aims: 90 s for quick, 360 s for default). The last row compares CPU: ``ours_s`` is what the
default profile's jobs spend on starting Python and importing, summed over its jobs, and
``other_s`` all of its CPU (aim: a ratio of at least 4, that is at most 25 %).
"""

from __future__ import annotations

import ast
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "workflow"))
from running import command, copy_project, environment  # noqa: E402

REPEATS = 3
PROFILES = {
    "quick": ("--cores", "2", "--configfile", "config/quick.yaml"),
    "default": ("--cores", "2"),
}

Row = dict[str, str | float | int]


def run() -> list[Row]:
    """One row per profile, and one for start-ups and imports."""
    rows = []
    for name, arguments in PROFILES.items():
        with tempfile.TemporaryDirectory() as folder:
            project = copy_project(Path(folder) / "project")
            whole_s, cpu_s = measured(project, arguments)
            idle_s = statistics.median(measured(project, arguments)[0] for _ in range(REPEATS))
            rows.append(_row(f"workflow, {name}, nothing to do", idle_s, "first run", whole_s))
            jobs = jobs_per_script(project)
    starting_s = sum(count * start_up(script) for script, count in jobs.items())
    rows.append(_row("workflow, default, start-ups and imports (CPU)", starting_s, "all", cpu_s))
    return rows


def measured(project: Path, arguments: tuple[str, ...]) -> tuple[float, float]:
    """Wall and CPU seconds of one run of Snakemake."""
    wall, cpu = time.perf_counter(), children_seconds()
    subprocess.run(
        command(*arguments),
        cwd=project,
        env=environment(project),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - wall, children_seconds() - cpu


def jobs_per_script(project: Path) -> Counter[str]:
    """How many jobs each script of the project was run for, by their logs."""
    logs = (log.relative_to(project / "logs") for log in (project / "logs").rglob("*.log"))
    return Counter(log.parts[0].removesuffix(".log") for log in logs)


def start_up(script: str) -> float:
    """Median CPU seconds of starting Python and running a script's imports."""
    tree = ast.parse((ROOT / "scripts" / f"{script}.py").read_text())
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    code = "\n".join(map(ast.unparse, imports))
    seconds = []
    for _ in range(REPEATS):
        before = children_seconds()
        subprocess.run(
            [sys.executable, "-c", code], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        seconds.append(children_seconds() - before)
    return statistics.median(seconds)


def children_seconds() -> float:
    """CPU seconds of all finished child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _row(benchmark: str, ours_s: float, other: str, other_s: float) -> Row:
    return {
        "benchmark": benchmark,
        "size": "two cores",
        "ours_s": round(ours_s, 2),
        "other": other,
        "other_s": round(other_s, 2),
        "ratio": round(other_s / ours_s, 2),
        "runs": REPEATS,
    }


if __name__ == "__main__":
    for row in run():
        print(*row.values(), sep=", ")
