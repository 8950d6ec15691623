"""The headline numbers of every study and experiment, as tables of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from chunkscope.chunks.prototype_claims import headline
from chunkscope.chunks.scoring import ROWS
from chunkscope.explorer.cells import NONE, Cell, Column, Table, interval, number, significant, text
from chunkscope.explorer.inputs import Files
from chunkscope.explorer.measures import MEASURES
from chunkscope.explorer.reading import read_table
from chunkscope.probing.conditions import BALANCED, CEILING, PROBE, UNTRAINED, lookups
from chunkscope.statistics import summarise

MEAN = ("mean", "ci_low", "ci_high")
DIFFERENCE = ("difference", "difference_low", "difference_high")
SHARE = "0–1"
COMPARED = ("boundary_f1", "word_recall", "word_precision", "state_ari", "state_v_measure")
ARMS = {"control": "no graft", "gaussian": "matched Gaussian"}
UNGRAFTED = ("control", "untrained")
NETWORKS = {
    "untrained": "untrained",
    "trained": "trained",
    "shuffled": "trained on shuffled symbols",
    "matched": "untrained, trained memory",
}
"""Condition of the context experiment -> what it is."""
COUNTS = {"states": "states", "parse_length": "parse length", "completeness": "completeness"}
ASKED = {
    "vector": "linear read-out",
    "noisy vector": "the same, with noise",
    "strings": "strings of levels",
    "dictionary": "HDBSCAN states",
}
"""Reading of a state for the word that a shared symbol belongs to -> what it is."""
TOLD = {"last 1": "last symbol alone", "ideal observer": "ideal observer"}
"""The same of the symbols -> what it is."""
CORRELATED = {
    "trained": "trained",
    "untrained": "untrained",
    "memory-matched": "untrained, trained memory",
    "trained - untrained": "trained − untrained",
    "symbols": "raw symbols",
}
"""Reading of the hierarchy experiment -> what it is."""
RATES = {
    "tpr": ("true positive rate", SHARE),
    "fpr": ("false positive rate", "0–1, lower is better"),
    "balanced_accuracy": ("balanced accuracy", "0.5 is chance"),
    "mcc": ("Matthews correlation", "0 is chance"),
}


def extractor_table(path: Path) -> Table:
    """Every extractor of every run on the same members, with its untrained network."""
    columns = [
        Column("run", filter=True),
        Column("extractor", filter=True),
        *(Column(MEASURES[m].label, numeric=True, unit=MEASURES[m].unit) for m in COMPARED),
    ]
    table = read_table(path, ["run", "row", "measure", *MEAN])
    rows = [
        [text(run), text(ROWS.get(str(row), row)), *(_found(part, measure=m) for m in COMPARED)]
        for (run, row), part in table.groupby(["run", "row"], sort=False)
    ]
    return Table("Extractors", columns, rows)


def transfer_table(summaries: Files) -> Table:
    """Every arm of every network: how fast it learns, and what is left without the graft."""
    columns = [
        *(Column(title, filter=True) for title in ("network", "arm")),
        Column("first trials", numeric=True, unit="accuracy"),
        Column("gained", numeric=True, unit="accuracy over no graft, early trials"),
        Column("trials to criterion", numeric=True, unit="fewer is better"),
        Column("after the cue, graft on", numeric=True, unit="accuracy"),
        Column("after the cue, graft off", numeric=True, unit="accuracy"),
        Column("n", numeric=True, unit="networks"),
    ]
    rows = []
    for network, path in summaries.items():
        table = read_table(path, ["arm", "measure", *MEAN, "n", *DIFFERENCE])
        for arm, part in table[table["arm"] != "pretrained"].groupby("arm", sort=False):
            gained = _found(part, DIFFERENCE, measure="early_accuracy")
            grafted = _found(part, measure="link_on")
            rows.append(
                [
                    *map(text, (network, ARMS.get(str(arm), arm))),
                    _found(part, measure="start_accuracy"),
                    text(None) if arm == "control" else gained,
                    _found(part, measure="trials_to_criterion"),
                    text(None) if arm in UNGRAFTED else grafted,
                    _found(part, measure="link_off"),
                    number(part["n"].max()),
                ]
            )
    return Table("Arms of the transfer experiment", columns, rows)


def context_counts(summaries: Files) -> Table:
    """States and parses of every network and its controls."""
    columns = [
        *(Column(title, filter=True) for title in ("network", "condition")),
        *(Column(title, numeric=True) for title in COUNTS.values()),
        Column("boundary F1", numeric=True, unit="0–1, higher is better"),
        Column("at every step", numeric=True, unit="boundary F1, a floor"),
    ]
    rows = [
        [
            *map(text, (network, NETWORKS[condition])),
            *(_found(part, measure=m) for m in (*COUNTS, "boundary_f1")),
            _mean(part, measure="boundary_f1_every_step"),
        ]
        for network, table in _context(summaries)
        for condition, part in _conditions(table[table["reading"] == ""])
    ]
    return Table("Counts of the context experiment", columns, rows)


def context_parents(summaries: Files) -> Table:
    """Whether the state tells which word a shared symbol belongs to."""
    columns = [
        *(Column(title, filter=True) for title in ("network", "condition")),
        *(Column(title, numeric=True, unit="accuracy") for title in ASKED.values()),
        *(Column(title, numeric=True) for title in TOLD.values()),
    ]
    rows = []
    for network, table in _context(summaries):
        asked = table[(table["symbol"] == "all") & (table["position"] == "all")]
        asked = asked[asked["measure"] == "accuracy"]
        symbols = [_mean(asked, condition="symbols", reading=reading) for reading in TOLD]
        for condition, part in _conditions(asked):
            states = (_found(part, reading=reading) for reading in ASKED)
            rows.append([*map(text, (network, NETWORKS[condition])), *states, *symbols])
    return Table("The word of a shared symbol", columns, rows)


def hierarchy_table(tables: Mapping[str, Files]) -> Table:
    """Correlations with the level of hierarchy, of every network in every version."""
    columns = [
        *(Column(title, filter=True) for title in ("network", "words", "measure")),
        *(Column(title, numeric=True, unit="ρ with level") for title in CORRELATED.values()),
        Column("published", numeric=True),
    ]
    measures = {"states": "states", "parse_length": "parse length", "vocabulary": "vocabulary"}
    rows = []
    for network, versions in tables.items():
        for version, path in versions.items():
            needed = ["reading", "variant", "measure", "given", "rho", "ci_low", "ci_high"]
            table = read_table(path, [*needed, "published"])
            table = table[table["given"].isna() & (table["variant"] == "default")]
            table = table.dropna(subset="rho")
            for measure, name in measures.items():
                part = table[table["measure"] == measure]
                published = part.loc[part["reading"] == "trained", "published"]
                rho = ("rho", "ci_low", "ci_high")
                rows.append(
                    [
                        *map(text, (network, version, name)),
                        *(_found(part, rho, reading=r) for r in CORRELATED),
                        number(published.mean(), absent=NONE),
                    ]
                )
    return Table("Correlations with the level of hierarchy", columns, rows)


def concept_table(summaries: Files) -> Table:
    """Every detector of words and symbols, at the concept itself, as a mean over sites."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "concepts", "detector")),
        *(Column(title, numeric=True, unit=unit) for title, unit in RATES.values()),
        Column("n", numeric=True, unit="concepts"),
    ]
    rows = []
    for run, path in summaries.items():
        table = read_table(path, ["site", "offset", "method", "kind", "measure", *MEAN, "n"])
        table = table[(table["site"] == "all") & (table["offset"] == 0)]
        for (kind, method), part in table.groupby(["kind", "method"], sort=False):
            rates = (_found(part, measure=measure) for measure in RATES)
            names = map(text, (run, f"{kind}s", method))
            rows.append([*names, *rates, number(part["n"].max())])
    return Table("Detectors of concepts", columns, rows)


def concept_graft_table(summaries: Files) -> Table:
    """What a network says after a concept was grafted, and after what stands in its place."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "depth", "grafted")),
        Column("continuations with the word", numeric=True, unit="share"),
        Column("concept − this", numeric=True, unit="share, paired by concept"),
        Column("surprise", numeric=True, unit="nats per token"),
        Column("n", numeric=True, unit="concepts"),
    ]
    rows = []
    for run, path in summaries.items():
        needed = ["depth", "offset", "condition", "measure", *MEAN, "n", *DIFFERENCE]
        table = read_table(path, needed, text=["condition"])
        at = table[table["offset"] == 0]
        for (depth, condition), part in at.groupby(["depth", "condition"], sort=False):
            said = part[part["measure"] == "contains"]
            own = condition == "target"
            rows.append(
                [
                    *map(text, (run, depth, "the concept" if own else condition)),
                    _found(said),
                    text(None) if own else _found(said, DIFFERENCE),
                    _found(part, measure="nll"),
                    number(said["n"].max()),
                ]
            )
    return Table("Grafts of concepts", columns, rows)


def prototype_table(summaries: Files) -> Table:
    """How well prototypes align with a run's classes, by site and number of prototypes."""
    rows_of = {"prototypes": "trained", "revived": "dead ones revived", "untrained": "untrained"}
    columns = [
        *(Column(title, filter=True) for title in ("run", "classes", "site")),
        Column("prototypes", numeric=True),
        *(Column(title, numeric=True, unit="AMI, 0 is chance") for title in rows_of.values()),
        Column("dead", numeric=True, unit="count"),
        Column("symbol alone", numeric=True, unit="AMI"),
    ]
    rows = []
    for run, path in summaries.items():
        table = read_table(path, ["row", "site", "size", "label", "measure", *MEAN])
        kind = headline(table["label"])
        aligned = table[(table["label"] == kind) & (table["measure"] == "ami")]
        dead = table[(table["measure"] == "dead") & (table["row"] == "prototypes")]
        known = aligned[aligned["row"] != "symbols"]
        for (site, size), part in known.groupby(["site", "size"], sort=False):
            rows.append(
                [
                    *map(text, (run, str(kind).replace("_", " "), site)),
                    number(part["size"].max()),
                    *(_found(part, row=row) for row in rows_of),
                    _found(dead, site=site, size=size),
                    _mean(aligned, row="symbols"),
                ]
            )
    return Table("Prototypes", columns, rows)


def probing_table(summaries: Files) -> Table:
    """The chosen probe of every feature, beside what needs no trained network."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "kind", "feature")),
        Column("probe", numeric=True, unit="F1, higher is better"),
        Column("untrained", numeric=True, unit="F1"),
        Column("present symbol", numeric=True, unit="F1 of a look-up"),
        Column("last symbols", numeric=True, unit="F1 of a look-up"),
        Column("ideal observer", numeric=True, unit="F1, a ceiling"),
        Column("units chosen", numeric=True, unit="mean over members"),
        Column("units needed", numeric=True, unit="mean over members, fewer is sparser"),
        Column("n", numeric=True, unit="members"),
    ]
    names = ["kind", "name"]
    rows = []
    for run, path in summaries.items():
        table = read_table(
            path, ["row", *names, "condition", "prevalence", "measure", *MEAN, "n"], text=names
        )
        table = table[(table["row"] == "chosen") & (table["prevalence"] == BALANCED)]
        known = lookups(table["condition"])
        for (kind, name), part in table.groupby(names, sort=False):
            f1, probe = part[part["measure"] == "f1"], part[part["condition"] == PROBE]
            rows.append(
                [
                    *map(text, (run, str(kind).replace("_", " "), name)),
                    *(_found(f1, condition=condition) for condition in (PROBE, UNTRAINED)),
                    *(_mean(f1, condition=condition) for condition in (known[0], known[-1])),
                    _mean(f1, condition=CEILING),
                    *(_mean(probe, measure=measure) for measure in ("size", "units_needed")),
                    number(probe["n"].max()),
                ]
            )
    return Table("Probes", columns, rows)


def unit_table(units: Files) -> Table:
    """The best single unit of every feature, before and after training."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "kind", "feature")),
        *(
            Column(f"best unit, {network}", numeric=True, unit="F1, higher is better")
            for network in ("trained", "untrained")
        ),
        Column("precision", numeric=True, unit="0–1, trained"),
        Column("recall", numeric=True, unit="0–1, trained"),
        Column("q", numeric=True, unit="largest of any member, trained"),
        Column("n", numeric=True, unit="members"),
    ]
    names = ["kind", "name"]
    needed = ["condition", "prevalence", "best", "f1", "precision", "recall", "q"]
    rows = []
    for run, path in units.items():
        table = read_table(path, [*names, *needed], text=names)
        best = table[table["best"] & (table["prevalence"] == BALANCED)]
        for (kind, name), part in best.groupby(names, sort=False):
            f1, trained = summarise(part, ["condition"], "f1"), part[part["condition"] == PROBE]
            rows.append(
                [
                    *map(text, (run, str(kind).replace("_", " "), name)),
                    *(_found(f1, condition=condition) for condition in (PROBE, UNTRAINED)),
                    *(number(trained[measure].mean()) for measure in ("precision", "recall")),
                    significant(trained["q"].max()),
                    number(len(trained)),
                ]
            )
    return Table("Single units", columns, rows)


def _context(summaries: Files) -> Iterator[tuple[str, pd.DataFrame]]:
    names = ["condition", "reading", "symbol", "position", "measure"]
    for network, path in summaries.items():
        yield network, read_table(path, [*names, *MEAN]).fillna(dict.fromkeys(names, ""))


def _conditions(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The networks of the context experiment that a table has, with their rows."""
    for condition in NETWORKS:
        part = table[table["condition"] == condition]
        if len(part):
            yield condition, part


def _found(table: pd.DataFrame, columns: tuple[str, str, str] = MEAN, **equal: object) -> Cell:
    """Mean and interval of the row whose columns are equal to these; a dash if there is none."""
    rows = _rows(table, equal)
    return interval(*rows[list(columns)].iloc[0]) if len(rows) else text(None)


def _mean(table: pd.DataFrame, **equal: object) -> Cell:
    """The same without the interval, of what stands beside as a reference."""
    rows = _rows(table, equal)
    return number(rows["mean"].iloc[0]) if len(rows) else text(None)


def _rows(table: pd.DataFrame, equal: Mapping[str, object]) -> pd.DataFrame:
    for column, value in equal.items():
        table = table[table[column] == value]
    return table
