"""What the jobs took, rule by rule: the one part of a report that differs between equal runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chunkscope.explorer.cells import NONE, Column, Table, number, text
from chunkscope.explorer.reading import Timing, read_timings

COLUMNS = ("wall (s)", "CPU (s)", "largest memory (MB)")


@dataclass(frozen=True)
class RuleTimings:
    """The jobs of a rule; ``share`` is theirs of the wall-clock seconds of all rules."""

    rule: str
    jobs: Sequence[Timing]
    share: float

    @property
    def wall_s(self) -> float:
        return known_sum(job.wall_s for job in self.jobs)

    @property
    def cpu_s(self) -> float:
        return known_sum(job.cpu_s for job in self.jobs)


def read_rules(timings: Mapping[str, Sequence[Path]]) -> list[RuleTimings]:
    """Every rule with its jobs, the longest rule first."""
    jobs = {
        rule: [timing for path in paths for timing in read_timings(path, _job_of(path, rule))]
        for rule, paths in timings.items()
    }
    total = known_sum(job.wall_s for timed in jobs.values() for job in timed)
    rules = [
        RuleTimings(rule, timed, known_sum(job.wall_s for job in timed) / total if total else 0.0)
        for rule, timed in jobs.items()
        if timed
    ]
    return sorted(rules, key=lambda rule: (-rule.wall_s, rule.rule))


def job_table(rules: Sequence[RuleTimings]) -> Table:
    """One row per job."""
    columns = [
        Column("rule", filter=True),
        Column("job"),
        *(Column(title, numeric=True) for title in COLUMNS),
    ]
    rows = [
        [
            text(rule.rule),
            text(job.job),
            *(number(value, NONE) for value in (job.wall_s, job.cpu_s, job.memory_mb)),
        ]
        for rule in rules
        for job in rule.jobs
    ]
    return Table("Jobs", columns, rows)


def known_sum(values: Iterable[float]) -> float:
    """The sum of what was measured."""
    return math.fsum(value for value in values if math.isfinite(value))


def _job_of(path: Path, rule: str) -> str:
    """What tells a job from others of its rule: its path in the rule's folder, or its folder."""
    if path.stem == "timing":
        return path.parent.name
    parts = path.with_suffix("").parts
    return "/".join(parts[parts.index(rule) + 1 :]) if rule in parts[:-1] else path.stem
