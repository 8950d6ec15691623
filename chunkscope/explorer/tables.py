"""The tables of the report, from the files that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from chunkscope.chunks.scoring import ROWS
from chunkscope.explorer.cells import NONE, Cell, Column, Table, interval, number, significant, text
from chunkscope.explorer.inputs import Files
from chunkscope.explorer.measures import MEASURES, label_of
from chunkscope.explorer.reading import read_table, records
from chunkscope.statistics import mean_interval

INTERVAL = ("mean", "ci_low", "ci_high")
READINGS = ("density", "kmeans", "untrained", "byte_pairs", "shuffled")
"""Readings in the tables of scores; those of other extractors have a table of their own."""
HEADLINE = ("chunks", "word_recall", "boundary_f1", "state_ari", "share_of_bayes")
SHOWN_EFFECTS = ("success", "probability")


def runs_table(runs: Mapping[str, Any], training: Files, recall: Files) -> Table:
    """One row per run: what it is and how well its networks predict and recall.

    Args:
        runs: the configuration's ``runs``.
    """
    columns = [
        *map(Column, ("run", "corpus", "network")),
        Column("seeds", numeric=True),
        Column("accuracy of the next symbol", numeric=True, unit="0–1, higher is better"),
        Column("ceiling", numeric=True, unit="0–1"),
        Column("cued recall", numeric=True, unit="0–1, higher is better"),
    ]
    rows = []
    for run, path in training.items():
        settings = runs[run]
        final = _last_step(read_table(path, ["step", "accuracy", "bayes_accuracy"]))
        words = _last_step(read_table(recall[run], ["step", "seed", "recalled"]))
        recalled = words.groupby("seed")["recalled"].mean()
        rows.append(
            [
                *map(text, (run, settings["corpus"], _described(settings["network"]))),
                number(settings["seeds"]),
                _mean(final["accuracy"]),
                number(final["bayes_accuracy"].mean(), absent=NONE),
                _mean(recalled),
            ]
        )
    return Table("Runs", columns, rows)


def _last_step(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the trained networks."""
    return table[table["step"] == table["step"].max()]


def headline_table(summaries: Files) -> Table:
    """The measures that tell most, one row per reading of every run."""
    columns = [
        Column("run", filter=True),
        Column("reading", filter=True),
        *(_measure_column(measure) for measure in HEADLINE),
    ]
    rows = []
    for run, path in summaries.items():
        summary = _readings(read_table(path, ["row", "measure", *INTERVAL]))
        for row, scores in summary.groupby("row", sort=False):
            cells = scores.set_index("measure").reindex(list(HEADLINE))
            rows.append(
                [
                    *map(text, (run, ROWS.get(str(row), str(row)))),
                    *(interval(*(cell[part] for part in INTERVAL)) for cell in records(cells)),
                ]
            )
    return Table("Scores of every reading", columns, rows)


def score_table(summaries: Files) -> Table:
    """Every measure of every reading of every run, with floor and ceiling."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "reading", "measure")),
        Column("mean", numeric=True, unit="[95\u00a0% interval]"),
        *(Column(title, numeric=True) for title in ("n", "floor", "ceiling")),
    ]
    rows = []
    for run, path in summaries.items():
        table = read_table(path, ["row", "measure", *INTERVAL, "n", "floor", "ceiling"])
        for row in records(_readings(table)):
            reading = ROWS.get(row["row"], row["row"])
            rows.append(
                [
                    *map(text, (run, reading, label_of(row["measure"]))),
                    interval(*(row[part] for part in INTERVAL)),
                    number(row["n"]),
                    *(number(row[limit], absent=NONE) for limit in ("floor", "ceiling")),
                ]
            )
    return Table("All scores", columns, rows)


def _readings(summary: pd.DataFrame) -> pd.DataFrame:
    return summary[summary["row"].isin(READINGS)]


def sweep_table(sweeps: Files) -> Table:
    """The setting that was chosen for every seed of every run, and what spoke for it."""
    measures = {
        "min_cluster_size": ("min_cluster_size", "steps"),
        "states": ("states", "count"),
        "code_bits": ("code length", "bits per symbol, lower is better"),
        "code_bits_se": ("its standard error", "bits per symbol"),
        "stability": ("stability", "ARI, higher is better"),
        "validity": ("validity", "−1–1, higher is better"),
        "coverage": ("coverage", "0–1, higher is better"),
    }
    columns = [
        Column("run", filter=True),
        Column("seed", numeric=True),
        *(Column(title, numeric=True, unit=unit) for title, unit in measures.values()),
    ]
    rows = []
    for run, path in sweeps.items():
        sweep = read_table(path, ["seed", *measures, "chosen"])
        for row in records(sweep[sweep["chosen"].astype(bool)]):
            rows.append([text(run), *(number(row[key]) for key in ("seed", *measures))])
    return Table("Chosen settings", columns, rows)


@dataclass(frozen=True)
class FoundChunks:
    """The chunks of a run, and in how many of its seeds there are any."""

    run: str
    table: Table
    seeds: int
    seeds_with_chunks: int


def found_chunks(runs: Mapping[str, Any], chunks: Files) -> list[FoundChunks]:
    """The chunks of every seed, run by run."""
    columns = [
        Column("seed", numeric=True, filter=True),
        Column("chunk"),
        Column("occurrences", numeric=True),
        Column("saving", numeric=True, unit="bits"),
        Column("purity", numeric=True, unit="0–1"),
    ]
    found = []
    for run, path in chunks.items():
        fields = ["seed", "spelling", "count", "saving_bits", "spelled"]
        table = read_table(path, fields, text=["spelling"])
        rows = [
            [number(row["seed"]), text(row["spelling"]), *(number(row[key]) for key in fields[2:])]
            for row in records(table)
        ]
        name = f"Chunks of {run}"
        found.append(
            FoundChunks(
                run, Table(name, columns, rows), runs[run]["seeds"], table["seed"].nunique()
            )
        )
    return found


def specificity_table(paths: Files) -> Table:
    """Target against each control, at full strength and at the first lag where it can show."""
    columns = [
        *(
            Column(title, filter=True)
            for title in ("run", "intervention", "mode", "effect", "control")
        ),
        Column("difference", numeric=True, unit="target − control [95\u00a0% interval]"),
        Column("target", numeric=True, unit="0–1"),
        Column("control's", numeric=True, unit="0–1"),
        Column("lag", numeric=True, unit="symbols"),
        Column("n", numeric=True),
    ]
    rows = []
    for run, path in paths.items():
        for row in records(_first_effects(path)):
            what = f"{row['kind']} {row['units']} units, {row['sites']}"
            rows.append(
                [
                    *map(text, (run, what, row["mode"], row["measure"], row["control"])),
                    interval(row["difference"], row["ci_low"], row["ci_high"]),
                    *(number(row[key]) for key in ("target_mean", "control_mean", "lag", "n")),
                ]
            )
    return Table("Specificity of interventions", columns, rows)


def benchmark_table(paths: Sequence[Path]) -> Table:
    """Paired timings; columns beyond the common ones are shown as they stand."""
    titles = {"ours_s": "ours (s)", "other_s": "other (s)", "ratio": "other / ours"}
    common = ["benchmark", "size", "ours_s", "other", "other_s", "ratio", "runs"]
    tables = [read_table(path, common) for path in paths]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=common)
    columns = [
        Column(titles.get(name, name), numeric=is_numeric_dtype(table[name]))
        for name in table.columns
    ]
    rows = [[significant(value) for value in row.values()] for row in records(table)]
    return Table("Benchmarks", columns, rows)


def _first_effects(path: Path) -> pd.DataFrame:
    case = ["kind", "sites", "units", "mode"]
    names = [*case, "control", "measure"]
    values = ["strength", "lag", "target_mean", "control_mean", "difference", "ci_low", "ci_high"]
    table = read_table(path, [*names, *values, "n"], text=names)
    full = table["strength"] == table.groupby(case)["strength"].transform("max")
    first = table["lag"] == table.groupby(case)["lag"].transform("min")
    return table[full & first & table["measure"].isin(SHOWN_EFFECTS)]


def _measure_column(measure: str) -> Column:
    return Column(MEASURES[measure].label, numeric=True, unit=MEASURES[measure].unit)


def _mean(values: pd.Series) -> Cell:
    """Mean and interval over seeds; a dash if it was measured of none."""
    if values.empty:
        return text(None)
    over_seeds = mean_interval(values)
    return interval(over_seeds.mean, over_seeds.low, over_seeds.high)


def _described(network: Mapping[str, object]) -> str:
    """An architecture with its settings, such as ``gru, hidden 24, layers 1``."""
    settings = (f"{key} {value}" for key, value in network.items() if key != "architecture")
    return ", ".join([str(network["architecture"]), *settings])
