"""Writes the report: one HTML file that needs nothing beside itself, not even a network.

The same files give the same bytes: no clock, host or path stands in the page, and only the section
of timings differs between equal runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from chunkscope.explorer import inversion, studies
from chunkscope.explorer.cells import Table
from chunkscope.explorer.claims import MARKS, JudgedClaim, count_verdicts, read_claims
from chunkscope.explorer.figures import read_figure
from chunkscope.explorer.inputs import Files, ReportInputs
from chunkscope.explorer.measures import MEASURES
from chunkscope.explorer.neurons import comparison_table, fact_table
from chunkscope.explorer.neurons import score_table as unit_score_table
from chunkscope.explorer.preimages import read_preimages
from chunkscope.explorer.provenance import code_table, store_table, version_table
from chunkscope.explorer.reading import ReportError, read_config
from chunkscope.explorer.sections import fill_sections
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
from chunkscope.explorer.units import read_units
from chunkscope.explorer.viewers import Viewer

HERE = Path(__file__).parent
OVERVIEW = "-overview"
INLINED = {"css": "report.css", "js": "report.js", "views_js": "views.js"}
"""Name in the template -> the file that is written into the page."""
VIEWERS = ("preimages", "units")
"""What can be looked through, each with the script of its name."""
COMPACT = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
"""How data are written into the page."""


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
    runs = _known_runs(inputs, config)
    claims = read_claims(inputs.claims)
    figures = [read_figure(*pair) for pair in inputs.figures]
    found = found_chunks(runs, inputs.chunks)
    rules = read_rules(inputs.timings)
    radius = _radius(config)
    tables = {**_tables(inputs, runs), **_inversion_tables(inputs, radius)}
    tables |= _neuron_tables(inputs.neurons)
    viewers = _viewers(inputs, radius)
    sections = fill_sections(
        [figure for figure in figures if not figure.name.endswith(OVERVIEW)],
        claims,
        {name: table for name, table in tables.items() if table.rows or table.note},
        viewers,
    )
    return _template().render(
        summary=summarise_results(config, found, claims),
        verdicts=count_verdicts(claim for claim in claims if claim.published_elsewhere),
        marks=MARKS,
        ledger=[(shown.section, claim) for shown in sections for claim in shown.claims],
        tallies=[(shown.section, *_tally(shown.claims)) for shown in sections if shown.claims],
        total=_tally(claims),
        overview=[figure for figure in figures if figure.name.endswith(OVERVIEW)],
        sections=sections,
        viewers=viewers,
        measures=MEASURES.values(),
        found=found,
        benchmarks=benchmark_table(inputs.benchmarks),
        rules=rules,
        total_wall_s=known_sum(rule.wall_s for rule in rules),
        total_cpu_s=known_sum(rule.cpu_s for rule in rules),
        jobs=job_table(rules),
        seed=config.get("seed"),
        config=text,
        provenance=[version_table(), code_table(inputs.fingerprints), store_table(inputs.stores)],
    )


def _tables(inputs: ReportInputs, runs: Mapping[str, Any]) -> dict[str, Table]:
    """Every table that a section may show, by its name there; some may have no rows."""
    compared = inputs.extractors
    return {
        "runs": runs_table(runs, inputs.training, inputs.recall),
        "headline": headline_table(inputs.summaries),
        "scores": score_table(inputs.summaries),
        "sweep": sweep_table(inputs.sweeps),
        "specificity": specificity_table(inputs.specificity),
        "transfer": studies.transfer_table(inputs.transfer),
        "context_counts": studies.context_counts(inputs.context),
        "context_parents": studies.context_parents(inputs.context),
        "hierarchy": studies.hierarchy_table(inputs.hierarchy),
        "concepts": studies.concept_table(inputs.concepts),
        "concept_grafts": studies.concept_graft_table(inputs.concept_grafts),
        "prototypes": studies.prototype_table(inputs.prototypes),
        "probing": studies.probing_table(inputs.probing),
        "units": studies.unit_table(inputs.units),
        **({"extractors": studies.extractor_table(compared)} if compared else {}),
    }


def _inversion_tables(inputs: ReportInputs, radius: float) -> dict[str, Table]:
    """Those of the study of preimages, by their names in its section."""
    return {
        "retention": inversion.retention_table(inputs.retention, radius),
        "decoder": inversion.decoder_table(inputs.quality),
        "cuts": inversion.cut_table(inputs.cuts),
    }


def _viewers(inputs: ReportInputs, radius: float) -> dict[str, Viewer]:
    """What can be looked through, by the name of its script."""
    found = {
        "preimages": read_preimages(inputs.shown, inputs.quality, inputs.retention, radius),
        "units": read_units(inputs.units_shown),
    }
    return {name: viewer for name, viewer in found.items() if viewer}


def _neuron_tables(tables: Files) -> dict[str, Table]:
    """Those of the study of units, by their names in its section."""
    if not tables:
        return {}
    return {
        "neuron_comparison": comparison_table(tables["comparison"]),
        "neuron_scores": unit_score_table(tables["summary"]),
        "neuron_facts": fact_table(tables["facts"]),
    }


def _radius(config: Mapping[str, Any]) -> float:
    """Of the balls that are drawn from; NaN in a configuration without preimages."""
    return float(config.get("inversion", {}).get("radius", "nan"))


def _tally(claims: Sequence[JudgedClaim]) -> list[dict[str, int]]:
    """How many have each verdict: of published claims, and of this project's expectations."""
    return [
        count_verdicts(claim for claim in claims if claim.published_elsewhere is published)
        for published in (True, False)
    ]


def _known_runs(inputs: ReportInputs, config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration's runs; it must know each that there are tables of."""
    runs: dict[str, Any] = config.get("runs", {})
    for run in (*inputs.training, *inputs.summaries):
        if run not in runs:
            names = ", ".join(runs) or "none"
            raise ReportError(f"{inputs.config}: runs: {run!r} is missing; there are {names}")
    return runs


def _template() -> Template:
    """The page, with style and scripts written into it."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.policies["json.dumps_kwargs"] = COMPACT
    environment.globals |= {name: _inlined(part) for name, part in INLINED.items()}
    environment.globals["scripts"] = {name: _inlined(f"{name}.js") for name in VIEWERS}
    return environment.get_template("template.html")


def _inlined(part: str) -> Markup:
    return Markup((HERE / part).read_text("utf-8"))
