"""Writes the report: one HTML file that needs nothing beside itself, not even a network.

The same files give the same bytes: no clock, host or path stands in the page, and only the section
of timings differs between equal runs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from chunkscope.explorer.claims import MARKS, count_verdicts, read_claims
from chunkscope.explorer.inputs import ReportInputs
from chunkscope.explorer.measures import MEASURES
from chunkscope.explorer.provenance import code_table, store_table, version_table
from chunkscope.explorer.reading import Image, ReportError, read_config, read_image, read_text
from chunkscope.explorer.summary import summarise_results
from chunkscope.explorer.tables import (
    benchmark_table,
    found_chunks,
    headline_table,
    runs_table,
    score_table,
    specificity_table,
    sweep_table,
)
from chunkscope.explorer.timings import job_table, known_sum, read_rules

HERE = Path(__file__).parent
OVERVIEW = "-overview"


@dataclass(frozen=True)
class Figure:
    """A figure with its caption."""

    name: str
    image: Image
    caption: str

    @property
    def title(self) -> str:
        """``chunks-sweep`` is titled ``Chunks: sweep``."""
        study, _, what = self.name.partition("-")
        return f"{study.capitalize()}: {what.replace('-', ' ')}" if what else study.capitalize()


def write_report(inputs: ReportInputs, path: str | Path) -> None:
    """Write the report of a workflow's results to ``path`` (HTML), whole or not at all.

    Raises:
        ReportError: a file is missing or does not hold what it should.
        StoreError: an activation store is damaged.
    """
    page = render(inputs)
    partial = Path(path).with_name(f".{Path(path).name}.partial")
    partial.write_text(page, encoding="utf-8", newline="\n")
    os.replace(partial, path)


def render(inputs: ReportInputs) -> str:
    """The report as HTML."""
    text, config = read_config(inputs.config)
    _check_runs(inputs, config.get("runs", {}))
    runs = config["runs"]
    claims = read_claims(inputs.claims)
    figures = [_read_figure(*pair) for pair in inputs.figures]
    found = found_chunks(runs, inputs.chunks)
    rules = read_rules(inputs.timings)
    return _template().render(
        summary=summarise_results(runs, found, claims),
        verdicts=count_verdicts(claims),
        claims=claims,
        marks=MARKS,
        overview=[figure for figure in figures if figure.name.endswith(OVERVIEW)],
        figures=[figure for figure in figures if not figure.name.endswith(OVERVIEW)],
        runs=runs_table(runs, inputs.training, inputs.recall),
        headline=headline_table(inputs.summaries),
        scores=score_table(inputs.summaries),
        measures=MEASURES.values(),
        sweep=sweep_table(inputs.sweeps),
        found=found,
        specificity=specificity_table(inputs.specificity),
        benchmarks=benchmark_table(inputs.benchmarks),
        rules=rules,
        total_wall_s=known_sum(rule.wall_s for rule in rules),
        total_cpu_s=known_sum(rule.cpu_s for rule in rules),
        jobs=job_table(rules),
        seed=config.get("seed"),
        config=text,
        provenance=[version_table(), code_table(inputs.fingerprints), store_table(inputs.stores)],
    )


def _check_runs(inputs: ReportInputs, known: dict[str, object]) -> None:
    """Every table must be of runs that the configuration knows, or the page would contradict it."""
    if not inputs.summaries:
        raise ReportError("report: there is no run to report; give one of the runs a study")
    for run in inputs.summaries:
        if run not in known:
            names = ", ".join(known) or "none"
            raise ReportError(f"{inputs.config}: runs: {run!r} is missing; there are {names}")


def _read_figure(image: Path, caption: Path) -> Figure:
    text = read_text(caption).replace(" %", "\u00a0%")  # no line ends between number and sign
    return Figure(image.stem, read_image(image), text)


def _template() -> Template:
    """The page, with style and script written into it."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    for part in ("report.css", "report.js"):
        environment.globals[part.replace("report.", "")] = Markup((HERE / part).read_text("utf-8"))
    return environment.get_template("template.html")
