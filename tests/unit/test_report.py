"""The report: what it shows is what the files hold, and nothing leaves the page."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chunkscope.explorer import ReportError, ReportInputs, write_report
from chunkscope.explorer.cells import format_numbers, interval, number
from chunkscope.statistics import Claim, Interval, Verdict, write_claims
from chunkscope.statistics.claims import OWN
from chunkscope.store import StoreWriter

VOID = {"meta", "link", "img", "br", "hr", "input"}
RUNS = ("alpha", "beta")
NAN = float("nan")


class Page(HTMLParser):
    """A page's tables by the name of their box, its texts by section, links, ids and images."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.alternatives: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.sections: dict[str, str] = {}
        self._section = self._table = ""
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value or "" for key, value in attrs}
        self.addresses += [named[key] for key in ("src", "href") if key in named]
        self.alternatives += [named["alt"]] if "alt" in named else []
        self.ids += [named["id"]] if "id" in named else []
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self._section = named.get("id", "")
        if named.get("role") == "region":
            self._table = named["aria-label"]
        if tag == "tr":
            self.tables.setdefault(self._table, []).append([])
        if tag in ("td", "th"):
            self.tables[self._table][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing at {self.getpos()}"
        if tag == "section":
            self._section = ""

    def handle_data(self, data: str) -> None:
        self.sections[self._section] = self.sections.get(self._section, "") + data
        if {"td", "th"} & set(self.open):
            self.tables[self._table][-1][-1] += data


def png(width: int, height: int) -> bytes:
    """A black image."""

    def part(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (width + 1)))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


def claim(what: str, verdict: Verdict, value: Interval) -> Claim:
    return Claim(
        id=f"chunks-{what}",
        study="chunks",
        paper="Somebody et al.",
        statement=f"A & B: {what}",
        published="0.920",
        published_source="figure 3",
        value=value,
        control="chance: 0.5",
        rule="value > 0.9",
        verdict=verdict,
    )


CLAIMS = [
    claim("one", "reproduced", Interval(0.95, 0.93, 0.97, 3)),
    claim("two", "not estimable", Interval(NAN, NAN, NAN, 0)),
    claim("three", "reproduced", Interval(0.96, NAN, NAN, 1)),
]


def csv(path: Path, columns: str, *rows: tuple[object, ...]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(list(rows), columns=columns.split()).to_csv(path, index=False)
    return path


def write_json(path: Path, *records: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def effect(
    strength: float, lag: int, measure: str = "success", gap: float = 0.5
) -> tuple[object, ...]:
    case = ("graft", "layers.0.hook_h", "all", strength, lag, "free", "zero", measure)
    return (*case, 0.9, 0.9 - gap, gap, gap - 0.1, gap + 0.1, 3)


def store(path: Path) -> Path:
    tokens = np.zeros((2, 3), dtype=np.int64)
    attributes = {"code_fingerprint": "c0de", "network_seeds": [11, 22]}
    path.parent.mkdir(parents=True, exist_ok=True)
    with StoreWriter(path, tokens=tokens, symbols="a", attributes=attributes) as writer:
        writer.create(0, {"h": 1})
        writer.write(
            0, 0, {"h": np.arange(6, dtype=np.float32).reshape(2, 3, 1)}, loss=np.zeros((2, 3))
        )
    return path


def figure(folder: Path, name: str, size: tuple[int, int]) -> tuple[Path, Path]:
    image, caption = folder / f"{name}.png", folder / f"{name}.rst"
    image.write_bytes(png(*size))
    caption.write_text(f"Caption of\n{name}.\n")
    return image, caption


@pytest.fixture
def inputs(tmp_path: Path) -> ReportInputs:
    return make_inputs(tmp_path / "results")


def make_inputs(folder: Path) -> ReportInputs:
    """Two runs of two seeds; in the second run only one seed has chunks."""
    folder.mkdir(parents=True)
    run = {"corpus": "noise", "seeds": 2, "network": {"architecture": "gru", "hidden": 4}}
    config = folder / "config.yaml"
    balls = {"radius": 0.1}
    config.write_text(
        yaml.safe_dump({"seed": 7, "runs": dict.fromkeys(RUNS, run), "inversion": balls})
    )
    write_claims(CLAIMS, folder / "claims.csv")
    training = "step seed accuracy bayes_accuracy"
    recall = (
        "recall.csv",
        "step seed word recalled",
        *((0, seed, "ab", 0.0) for seed in (0, 1)),
        *((9, seed, "ab", 1.0) for seed in (0, 1)),
    )
    summary = "row measure mean ci_low ci_high n floor ceiling"
    sweep = "seed min_cluster_size states code_bits code_bits_se stability validity coverage chosen"
    chunks = "seed spelling count saving_bits spelled"
    effects = (
        "kind sites units strength lag mode control measure target_mean control_mean difference "
        "ci_low ci_high n"
    )
    found = {
        "alpha": [(0, "NA", 5, 12.5, 1.0), (1, "<b>", 3, 2.5, 0.5)],
        "beta": [(1, "ab", 1, 2, 1)],
    }
    return ReportInputs(
        config=config,
        claims=[folder / "claims.csv"],
        figures=[figure(folder, "chunks-overview", (3, 2)), figure(folder, "chunks-sweep", (5, 4))],
        training={
            name: csv(
                folder / name / "training.csv",
                training,
                (0, 0, 0.1, 0.9),
                (0, 1, 0.1, 0.9),
                (50, 0, 0.8, 0.9),
                (50, 1, 0.8, 0.9),
            )
            for name in RUNS
        },
        recall={name: csv(folder / name / recall[0], *recall[1:]) for name in RUNS},
        summaries={
            name: csv(
                folder / name / "summary.csv",
                summary,
                ("density", "boundary_f1", 0.75, 0.7, 0.8, 2, 0.25, 1),
                ("density", "a new measure", NAN, NAN, NAN, 0, NAN, NAN),
                ("byte_pairs", "boundary_f1", 0.5, NAN, NAN, 1, 0.25, 1),
            )
            for name in RUNS
        },
        sweeps={
            name: csv(
                folder / name / "sweep.csv",
                sweep,
                (0, 15, 9, 1.5, 0.01, 0.9, 0.6, 0.98, False),
                (0, 150, 4, 1.25, 0.01, 1, 0.7, 1, True),
            )
            for name in RUNS
        },
        chunks={
            name: csv(folder / name / "chunks.csv", chunks, *rows) for name, rows in found.items()
        },
        specificity={
            "alpha": csv(
                folder / "alpha" / "specificity.csv",
                effects,
                effect(0.25, 2, gap=0.111),
                effect(1.0, 3, gap=0.222),
                effect(1.0, 2, gap=0.333),
                effect(1.0, 2, "kl_donor", gap=0.444),
            )
        },
        stores={name: store(folder / name / "store.zarr.zip") for name in RUNS},
        benchmarks=[],
        timings={
            "train": [write_json(folder / "alpha" / "timing.json", {"wall_s": 30, "cpu_s": 20})],
            "draw": [
                write_json(folder / "draw.jsonl", {"s": 90, "cpu_time": 60, "max_rss": 200}),
                write_json(folder / "more.jsonl", {"s": 1, "cpu_time": "NA", "max_rss": "NA"}),
            ],
        },
        fingerprints={"train_network": "0123abcd"},
    )


EVERYWHERE: dict[str, tuple[str, Verdict]] = {
    "learns": ("Somebody et al.", "reproduced"),
    "transfer-faster": ("Somebody et al.", "reproduced"),
    "context-states": (OWN, "not estimable"),
    "hierarchy-states": ("Somebody et al.", "not reproduced"),
    "words-alpha": (OWN, "reproduced"),
    "concepts-learnt-alpha": (OWN, "direction only"),
    "prototypes-align-alpha": ("Somebody et al.", "direction only"),
    "unheard-of": (OWN, "reproduced"),
}
"""Name of a claim -> whose it is and its verdict; one for each section that has claims."""
MEAN = (0.5, 0.4, 0.6)
GAP = (0.1, 0.05, 0.15)
BLANK = ("", "", "")
PROBED = "probing-basis-alpha"
PROBES = [
    ("probe", "balanced", "f1", *MEAN, 3),
    ("probe", "natural", "f1", 0.9, 0.8, 1, 3),
    ("probe", "balanced", "recall", 0.9, 0.8, 1, 3),
    ("probe", "balanced", "size", 6, 2, 10, 3),
    ("probe", "balanced", "units_needed", 2, 1, 3, 3),
    ("untrained", "balanced", "f1", 0.25, 0.2, 0.3, 3),
    ("lookup 12", "balanced", "f1", 0.375, 0.3, 0.4, 1),
    ("lookup 1", "balanced", "f1", 0.125, 0.1, 0.2, 1),
]
"""Rows of a summary of probes, from the condition on."""
INVERTED = "inversion-count-alpha"
PLACE = ("colon", "heads.0")
SYMBOLS = ["<", "&", "</script>", "NA"]


def ball(
    condition: str, member: int, feature: str, kept: float, status: str, **changed: object
) -> tuple[object, ...]:
    """A row of what the members of balls share."""
    kinds = {"metric": "euclidean", "radius_kind": "fixed", "level": 0.1} | changed
    shares = (0.0625, 0.25, kept, 0.003, 0.004)
    return (condition, member, *PLACE, feature, *kinds.values(), *shares, status)


BALLS = [
    ball("trained", 1, "count", 0.8, "partly"),
    ball("trained", 1, "NA", 1.0, "retained"),
    ball("trained", 1, "length", NAN, "not estimable"),
    ball("trained", 1, "count", 0.1, "free", level=0.05),
    ball("trained", 1, "count", 0.1, "free", level=0.1, radius_kind="quantile"),
    ball("trained", 1, "count", 0.1, "free", metric="cosine"),
    ball("trained", 2, "count", 1.0, "retained"),
    ball("trained", 2, "NA", 1.0, "retained"),
    ball("trained", 2, "length", 0.7, "not estimable"),
    ball("untrained", 1, "count", 0.25, "partly"),
    ball("untrained", 2, "count", 0.75, "partly"),
]
QUALITY = "point site query temperature noise valid inside coverage_1000 ideal_1000"
QUALITY += " untold_1000 search_1000 kl wrong mass trusted validated_precision validated_coverage"
SCORES = [
    (*PLACE, 5, 1, 0, 1, 0.5, 0.25, 0.75, 0.25, 0.125, 1.5, 0, 0.0625, False, 0.4, 0.7),
    (*PLACE, 7, 1, 0, 1, 0.75, 0.75, 0.75, 0.25, 0.125, 0.5, 0, 0.0625, False, 0.4, 0.7),
    (*PLACE, 7, 2, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, False, 0.4, 0.7),
]
DRAWS = [
    (*PLACE, 7, 0, 0, True, 3, " ".join(SYMBOLS), "1 2 -3 4"),
    (*PLACE, 7, 1, 0.05, True, 0, "NA", "-78"),
    (*PLACE, 7, 2, "inf", False, 1, "& <", "0 50"),
    (*PLACE, 5, 0, 0, True, 0, "NA", "9"),
]
CUT = (1, "count", "heads.0@target + heads.1@colon", *MEAN, 0.25, 1, 2, 64, False)


UNIT = {
    "unit": 131,
    "rank": 1,
    "active": 0.25,
    "dead": False,
    "token_share": None,
    "explanations": [
        {
            "explainer": "symbols",
            "length": 1,
            "sentence": "active on '</script>' & \n",
            "scores": {"random_only": [0.5, None]},
        }
    ],
    "top": [{"symbols": ["<b>", "\n"], "activity": [100, -3]}],
    "chance": [[0, 7]],
}
SHOWN: dict[str, object] = {
    "member": 0,
    "protocol": "random_only",
    "explainer": "symbols",
    "protocols": ["random_only"],
    "chance": [["NA", "&"]],
    "sites": [{"name": "blocks.0", "units": 2, "unscored": 1, "shown": [UNIT]}],
}
UNSHOWN = SHOWN | {"sites": [{"name": "blocks.0", "units": 2, "unscored": 1, "shown": []}]}


@pytest.fixture
def whole(inputs: ReportInputs, tmp_path: Path) -> ReportInputs:
    """The same with every study and experiment, and a claim and a figure of each."""
    folder = tmp_path / "results"
    value = Interval(0.95, 0.93, 0.97, 3)
    claims = [
        replace(claim(name, verdict, value), paper=paper)
        for name, (paper, verdict) in EVERYWHERE.items()
    ]
    write_claims(claims, folder / "claims.csv")
    probed = replace(claim("basis", "reproduced", value), id=PROBED, study="probing")
    inverted = replace(claim("count", "reproduced", value), id=INVERTED, study="inversion")
    write_claims([probed, inverted], folder / "more-claims.csv")
    names = ("recall", "transfer", "context", "hierarchy", "architectures", "training")
    names += ("concepts", "prototypes", "unheard-of")
    mean, gap = "mean ci_low ci_high", "difference difference_low difference_high"
    measures = ("start_accuracy", "early_accuracy", "trials_to_criterion", "link_on", "link_off")
    arms = {"control": (0, 0, 0), "donor": GAP, "pretrained": BLANK}
    asked = ("all", "all", "accuracy")
    correlated = f"reading variant measure given rho {mean.split(maxsplit=1)[1]} published"
    aligned = ("state", "ami")
    chosen = [("chosen", "upcoming", "NA", *case) for case in PROBES]
    return replace(
        inputs,
        claims=[*inputs.claims, folder / "more-claims.csv"],
        figures=[
            *inputs.figures,
            *(figure(folder, f"chunks-{name}", (3, 2)) for name in names),
            figure(folder, "probing-units", (3, 2)),
            figure(folder, "inversion-samples", (3, 2)),
        ],
        extractors=csv(
            folder / "extractors.csv",
            f"run row measure {mean}",
            ("alpha", "density", "boundary_f1", *MEAN),
        ),
        transfer={
            "affine12": csv(
                folder / "transfer.csv",
                f"arm measure {mean} n {gap}",
                *((arm, m, *MEAN, 3, *gained) for arm, gained in arms.items() for m in measures),
            )
        },
        context={
            "affine12": csv(
                folder / "context.csv",
                f"condition reading symbol position measure {mean}",
                *(
                    ("untrained", *BLANK, m, *MEAN)
                    for m in ("states", "parse_length", "completeness", "boundary_f1")
                ),
                ("untrained", *BLANK, "boundary_f1_every_step", *MEAN),
                ("trained", *BLANK, "states", NAN, NAN, NAN),
                ("untrained", "vector", *asked, *MEAN),
                ("trained", "noisy vector", *asked, *MEAN),
                ("symbols", "ideal observer", *asked, *MEAN),
            )
        },
        hierarchy={
            "gru24": {
                version: csv(
                    folder / f"{version}.csv",
                    correlated,
                    ("trained", "default", "states", "", *MEAN, published),
                    ("trained", "default", "states", "radius", 0.9, 0.8, 1, published),
                    ("symbols", "default", "states", "", NAN, NAN, NAN, NAN),
                    ("trained", "other", "states", "", 0.9, 0.8, 1, published),
                )
                for version, published in (("published", 0.73), ("balanced", NAN))
            }
        },
        concepts={
            "alpha": csv(
                folder / "concepts.csv",
                f"site offset method kind measure {mean} n",
                ("all", 0, "averaging", "word", "tpr", *MEAN, 4),
                ("all", 1, "probe", "word", "tpr", *MEAN, 4),
                ("h", 0, "probe", "word", "tpr", *MEAN, 4),
            )
        },
        concept_grafts={
            "alpha": csv(
                folder / "grafts.csv",
                f"depth offset condition measure {mean} n {gap}",
                ("early", 0, "none", "contains", *MEAN, 4, *GAP),
                ("early", 0, "target", "contains", *MEAN, 4, 0, 0, 0),
            )
        },
        prototypes={
            "alpha": csv(
                folder / "prototypes.csv",
                f"row site size label measure {mean}",
                ("symbols", "tokens", 4, *aligned, *MEAN),
                ("prototypes", "h", 8, *aligned, *MEAN),
                ("prototypes", "h", 8, "word", "ami", 0.9, 0.8, 1),
                ("prototypes", "h", 8, "", "dead", 2, 1, 3),
            )
        },
        probing={
            "alpha": csv(
                folder / "probing.csv",
                f"row kind name condition prevalence measure {mean} n",
                *chosen,
                ("size", "upcoming", "NA", "probe", "balanced", "f1", 0.9, 0.8, 1, 3),
            )
        },
        units={
            "alpha": csv(
                folder / "units.csv",
                "kind name condition prevalence best f1 precision recall q",
                ("line_start", "NA", "probe", "balanced", True, 0.4, 0.2, 0.7, 0.01),
                ("line_start", "NA", "probe", "balanced", True, 0.6, 0.4, 0.9, 0.04),
                ("line_start", "NA", "probe", "balanced", False, 0.9, 0.9, 0.9, ""),
                ("line_start", "NA", "probe", "natural", True, 0.9, 0.9, 0.9, 0.9),
                ("line_start", "NA", "untrained", "balanced", True, 0.3, 0.3, 0.3, 0.9),
            )
        },
        units_shown={
            "alpha": write_json(folder / "alpha" / "shown.json", SHOWN),
            "beta": write_json(folder / "beta" / "shown.json", UNSHOWN),
        },
        **inverted_files(folder),
    )


def inverted_files(folder: Path) -> dict[str, Any]:
    """Preimages of one run, and of another none of whose networks has learned its task."""
    columns = {
        "retention": "condition member point site feature metric radius_kind level mass prior kept "
        "shuffled wrong status",
        "quality": QUALITY,
        "shown": "point site query rank distance inside at symbols told",
        "cuts": "member circuit sites carried carried_low carried_high next_carried alike_kept "
        "heads n enough",
    }
    rows: dict[str, list[Any]] = {
        "retention": BALLS, "quality": SCORES, "shown": DRAWS, "cuts": [CUT]
    }  # fmt: skip
    files = {
        kind: {
            run: csv(folder / run / f"{kind}.csv", names, *(rows[kind] if run == "alpha" else []))
            for run in RUNS
        }
        for kind, names in columns.items()
    }
    points = {run: {PLACE[0]: path} for run, path in files["retention"].items()}
    return {**files, "retention": points}


def bare(inputs: ReportInputs) -> ReportInputs:
    """A report of no study and no experiment."""
    return ReportInputs(
        config=inputs.config,
        claims=[],
        figures=[],
        training={},
        recall={},
        stores={},
        benchmarks=[],
        timings={},
        fingerprints={},
    )


def page_of(inputs: ReportInputs, path: Path) -> Page:
    write_report(inputs, path)
    return Page(path)


@pytest.fixture
def page(inputs: ReportInputs, tmp_path: Path) -> Page:
    return page_of(inputs, tmp_path / "report.html")


def test_same_files_elsewhere_give_the_same_bytes(tmp_path: Path) -> None:
    pages = [page_of(make_inputs(tmp_path / at / "in"), tmp_path / at / "r.html") for at in "ab"]
    assert pages[0].source == pages[1].source
    assert str(tmp_path) not in pages[0].source


def test_nothing_is_fetched(page: Page) -> None:
    assert page.addresses
    assert all(address.startswith(("#", "data:")) for address in page.addresses)
    assert "default-src 'none'" in page.source
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttpRequest", page.source)


def test_elements_are_closed_and_links_lead_somewhere(page: Page) -> None:
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    targets = {address[1:] for address in page.addresses if address.startswith("#")}
    assert targets <= set(page.ids)


def test_images_are_the_files_with_a_caption_in_their_place(
    page: Page, inputs: ReportInputs
) -> None:
    held = [a.partition(",")[2] for a in page.addresses if a.startswith("data:image/png")]
    assert [base64.b64decode(data) for data in held] == [i.read_bytes() for i, _ in inputs.figures]
    assert page.alternatives == [
        "Chunks: overview. Caption of chunks-overview.",
        "Chunks: sweep. Caption of chunks-sweep.",
    ]
    assert 'width="5" height="4"' in page.source
    assert "Caption of chunks-overview." in page.sections["overview"]


def test_what_cannot_be_estimated_is_said_in_words(page: Page) -> None:
    shown = " ".join(text for table in page.tables.values() for row in table for text in row)
    assert not re.search(r"\bnan\b", shown, re.IGNORECASE)
    scores = page.tables["All scores"]
    assert scores[2] == ["alpha", "HDBSCAN states", "a new measure", "not estimable", "0", "—", "—"]
    assert scores[3][3] == "0.500 [not estimable]"


def test_claims_show_verdict_values_and_rule(page: Page) -> None:
    rows = [[" ".join(text.split()) for text in row] for row in page.tables["Claims about others"]]
    assert [row[0] for row in rows[1:]] == ["✓ reproduced", "? not estimable", "✓ reproduced"]
    assert rows[1][1] == "A & B: one Somebody et al. Rule value > 0.9"
    assert rows[1][2:] == ["0.920 figure 3", "0.950 [0.930, 0.970] n = 3", "chance: 0.5"]
    assert rows[2][3] == "not estimable n = 0"


def test_the_summary_is_counted(page: Page) -> None:
    opening = " ".join(page.sections[""].split())
    assert "2 runs on 1 corpus read 4 networks, 2 per run" in opening
    assert "Chunks were sought in 4 networks and found in 3." in opening
    assert "3 published claims were judged: ✓ 2 reproduced ? 1 not estimable" in opening


def test_expectations_of_this_project_are_not_counted_as_published(
    inputs: ReportInputs, tmp_path: Path
) -> None:
    ledger = tmp_path / "own.csv"
    value = Interval(0.95, 0.93, 0.97, 3)
    claims = [claim("one", "not reproduced", value), claim("two", "reproduced", value)]
    write_claims([claims[0], replace(claims[1], paper=OWN)], ledger)
    page = page_of(replace(inputs, claims=[ledger]), tmp_path / "report.html")
    opening = " ".join(page.sections[""].split())
    said = "1 published claim was judged, beside 1 expectation of this project: ✗ 1 not reproduced"
    assert said in opening
    assert "1 reproduced" not in opening.replace("1 not reproduced", "")
    assert "expectation of this project" in page.tables["Claims about others"][2][1]


def test_no_claims_are_no_verdict(inputs: ReportInputs, tmp_path: Path) -> None:
    page = page_of(replace(inputs, claims=[]), tmp_path / "report.html")
    assert "No published claim has been judged." in page.sections[""]
    assert "No claim has been judged." in page.sections["claims"]
    assert "badge" not in page.source.partition("</style>")[2]


def test_runs_take_their_last_step(page: Page) -> None:
    row = dict(zip(page.tables["Runs"][0], page.tables["Runs"][1], strict=True))
    accuracy = next(value for title, value in row.items() if title.startswith("accuracy"))
    assert (row["network"], row["seeds"]) == ("gru, hidden 4", "2")
    assert accuracy.replace("\u00a0", " ") == "0.800 [0.800, 0.800]"
    recall = next(value for title, value in row.items() if title.startswith("cued recall"))
    assert recall.replace("\u00a0", " ") == "1 [1, 1]"


def test_a_ready_network_that_says_nothing_is_a_run_without_accuracy(
    inputs: ReportInputs, tmp_path: Path
) -> None:
    for path in (inputs.training["beta"], inputs.recall["beta"]):
        path.write_text(path.read_text().splitlines()[0] + "\n")
    page = page_of(inputs, tmp_path / "report.html")
    assert page.tables["Runs"][2][-3:] == ["—", "—", "—"]


def test_only_the_chosen_setting_is_shown(page: Page) -> None:
    assert [row[:4] for row in page.tables["Chosen settings"][1:]] == [
        ["alpha", "0", "150", "4"],
        ["beta", "0", "150", "4"],
    ]


def test_chunks_are_spelled_as_they_are(page: Page) -> None:
    assert [row[1] for row in page.tables["Chunks of alpha"][1:]] == ["NA", "<b>"]
    assert "beta: 1 chunk, found in 1 of 2 networks" in " ".join(
        page.sections["dictionaries"].split()
    )


def test_a_run_without_chunks_is_said_to_have_none(inputs: ReportInputs, tmp_path: Path) -> None:
    empty = csv(tmp_path / "chunks.csv", "seed spelling count saving_bits spelled")
    nothing = replace(inputs, chunks={"alpha": empty, "beta": empty})
    page = page_of(nothing, tmp_path / "report.html")
    assert "Chunks were sought in 4 networks and found in 0." in page.sections[""]
    assert "Chunks of alpha" not in page.tables


def test_interventions_show_full_strength_at_the_first_lag(page: Page) -> None:
    rows = page.tables["Specificity of interventions"][1:]
    assert [row[3] for row in rows] == ["success"]
    assert rows[0][5].replace("\u00a0", " ") == "0.333 [0.233, 0.433]"


def test_benchmarks_or_the_command_that_makes_them(
    page: Page, inputs: ReportInputs, tmp_path: Path
) -> None:
    assert "make bench" in page.sections["benchmarks"]
    columns = "benchmark size ours_s other other_s ratio runs"
    tables = [
        csv(tmp_path / "a.csv", columns, ("a", "1 x 2", 0.00041, "loop", 0.01, 24.39, 5)),
        csv(tmp_path / "b.csv", f"{columns} quality", ("b", "3", 2.0, "x", 1.0, 0.5, 5, 1e-7)),
    ]
    page = page_of(replace(inputs, benchmarks=tables), tmp_path / "report.html")
    assert page.tables["Benchmarks"][1] == [
        "a",
        "1 x 2",
        "0.00041",
        "loop",
        "0.01",
        "24.4",
        "5",
        "—",
    ]
    assert page.tables["Benchmarks"][2][-3:] == ["0.5", "5", "1e-07"]


def test_timings_add_up_longest_first(page: Page) -> None:
    rows = page.tables["Timings of the rules"][1:]
    assert rows == [
        ["draw", "2", "91.0", "60.0", "75.2 %"],
        ["train", "1", "30.0", "20.0", "24.8 %"],
        ["all", "3", "121.0", "80.0", ""],
    ]
    assert page.tables["Jobs"][2] == ["draw", "more", "1", "—", "—"]
    assert page.tables["Jobs"][3][:2] == ["train", "alpha"]


def test_only_the_section_of_timings_differs_between_equal_runs(
    page: Page, inputs: ReportInputs, tmp_path: Path
) -> None:
    slower = write_json(tmp_path / "slow.json", {"wall_s": 300, "cpu_s": 200})
    other = page_of(replace(inputs, timings={"train": [slower]}), tmp_path / "other.html")
    changed = {name for name, text in page.sections.items() if other.sections[name] != text}
    assert changed == {"timings"}


def test_provenance_holds_config_code_and_stores(page: Page, inputs: ReportInputs) -> None:
    assert inputs.config.read_text() in page.sections["provenance"]
    assert page.tables["Code"][1] == ["train_network", "0123abcd"]
    assert page.tables["Activation stores"][1][:3] == ["alpha", "c0de", "11, 22"]


def test_a_damaged_input_is_named_and_the_old_report_stays(
    inputs: ReportInputs, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    write_report(inputs, report)
    before = report.read_bytes()
    inputs.sweeps["beta"].write_text("seed,states\n0,4\n")
    with pytest.raises(ReportError, match=r"beta/sweep\.csv: column 'min_cluster_size' is missing"):
        write_report(inputs, report)
    assert report.read_bytes() == before
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("claims.csv", "", "claims.csv: not a table"),
        ("chunks-sweep.png", "GIF89a", "chunks-sweep.png: not a PNG image"),
        ("chunks-sweep.rst", None, "chunks-sweep.rst: there is no such file"),
        ("draw.jsonl", "3 s", "draw.jsonl: got '3 s'; must be a JSON object"),
        ("config.yaml", "- 1", "config.yaml: got list; must be a mapping"),
        ("config.yaml", "a: [", "config.yaml: not YAML"),
        ("config.yaml", "runs: {alpha: {}}", "'beta' is missing; there are alpha"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(
    inputs: ReportInputs, tmp_path: Path, file: str, content: str | None, message: str
) -> None:
    path = tmp_path / "results" / file
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ReportError, match=re.escape(message)):
        write_report(inputs, tmp_path / "report.html")


def test_an_unknown_verdict_names_its_claim(inputs: ReportInputs, tmp_path: Path) -> None:
    ledger = inputs.claims[0]
    ledger.write_text(ledger.read_text().replace(",reproduced", ",proved"))
    with pytest.raises(ReportError, match="claim chunks-one: got the verdict 'proved'"):
        write_report(inputs, tmp_path / "report.html")


def sections_of(page: Page) -> list[str]:
    """The sections of studies, in order."""
    around = {"", "claims", "overview", "benchmarks", "timings", "provenance"}
    return [name for name in page.sections if name not in around]


def check_page(page: Page) -> None:
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    targets = {address[1:] for address in page.addresses if address.startswith("#")}
    assert targets <= set(page.ids)


@pytest.mark.parametrize(
    ("kept", "sections"),
    [
        ({}, []),
        ({"transfer"}, ["transfer"]),
        ({"context", "hierarchy"}, ["context", "hierarchy"]),
        ({"training", "recall", "stores", "concepts"}, ["networks", "concepts"]),
        ({"training", "recall", "concepts", "concept_grafts"}, ["networks", "concepts"]),
        ({"prototypes"}, ["prototypes"]),
        ({"specificity"}, ["reflection"]),
        ({"probing"}, ["probing"]),
        ({"units"}, ["probing"]),
        ({"retention"}, ["inversion"]),
        ({"quality"}, ["inversion"]),
        ({"shown"}, ["inversion"]),
        ({"cuts"}, ["inversion"]),
        ({"units_shown"}, ["neurons"]),
    ],
)
def test_a_page_has_the_sections_that_there_is_something_of(
    whole: ReportInputs, tmp_path: Path, kept: set[str], sections: list[str]
) -> None:
    files = {kind: getattr(whole, kind) for kind in kept}
    page = page_of(replace(bare(whole), **files), tmp_path / "report.html")
    check_page(page)
    assert sections_of(page) == sections


def test_a_whole_page_has_every_section_and_loses_nothing(
    whole: ReportInputs, tmp_path: Path
) -> None:
    page = page_of(whole, tmp_path / "report.html")
    check_page(page)
    assert sections_of(page) == [
        "reflection",
        "transfer",
        "context",
        "hierarchy",
        "architectures",
        "networks",
        "dictionaries",
        "concepts",
        "prototypes",
        "probing",
        "inversion",
        "neurons",
        "others",
    ]
    cards = [name for name in page.ids if name.startswith("claim-")]
    names = [PROBED, INVERTED, *(f"chunks-{name}" for name in EVERYWHERE)]
    assert sorted(cards) == sorted(f"claim-{name}" for name in names)
    assert len(page.alternatives) == len(whole.figures)
    assert "Caption of chunks-unheard-of." in page.sections["others"]
    assert "Caption of chunks-architectures." in page.sections["architectures"]
    assert "Caption of probing-units." in page.sections["probing"]
    assert "Caption of inversion-samples." in page.sections["inversion"]


def test_claims_are_counted_by_study_and_apart_from_expectations(
    whole: ReportInputs, tmp_path: Path
) -> None:
    page = page_of(whole, tmp_path / "report.html")
    rows = {row[0]: [int(count) for count in row[1:]] for row in page.tables["Verdicts"][2:]}
    assert rows["Reflection"] == [1, 0, 0, 0, 0, 0, 0, 0]
    assert rows["Hierarchy"] == [0, 0, 1, 0, 0, 0, 0, 0]
    assert rows["Dictionaries"] == [0, 0, 0, 0, 1, 0, 0, 0]
    *studies, total = rows.values()
    assert total == [sum(counts) for counts in zip(*studies, strict=True)]
    assert rows["Sparse probing"] == [1, 0, 0, 0, 0, 0, 0, 0]
    assert rows["InversionView"] == [1, 0, 0, 0, 0, 0, 0, 0]
    assert sum(total) == len(EVERYWHERE) + 2
    ledger = [[" ".join(text.split()) for text in row] for row in page.tables["Ledger"]]
    assert len(ledger) == 3 + len(EVERYWHERE)
    assert ["✗ not reproduced", "A & B: hierarchy-states", "Hierarchy", "Somebody et al."] in ledger


def test_headline_tables_hold_the_numbers_of_their_files(
    whole: ReportInputs, tmp_path: Path
) -> None:
    tables = page_of(whole, tmp_path / "report.html").tables
    plain = {
        name: [[text.replace("\u00a0", " ") for text in row] for row in table]
        for name, table in tables.items()
    }
    mean = "0.500 [0.400, 0.600]"
    arms = plain["Arms of the transfer experiment"]
    assert arms[1] == ["affine12", "no graft", mean, "—", mean, "—", mean, "3"]
    assert arms[2] == ["affine12", "donor", mean, "0.100 [0.050, 0.150]", *[mean] * 3, "3"]
    assert len(arms) == 3, "what is measured before there are arms is no arm"
    counts = plain["Counts of the context experiment"]
    assert counts[1] == ["affine12", "untrained", mean, mean, mean, mean, "0.500"]
    assert counts[2][2] == "not estimable"
    told = plain["The word of a shared symbol"]
    assert told[2] == ["affine12", "trained", "—", mean, "—", "—", "—", "0.500"]
    rho = plain["Correlations with the level of hierarchy"]
    assert rho[1] == ["gru24", "published", "states", mean, "—", "—", "—", "—", "0.730"]
    assert rho[4][:4] == ["gru24", "balanced", "states", mean]
    assert plain["Extractors"][1] == ["alpha", "HDBSCAN states", mean, "—", "—", "—", "—"]
    detectors = plain["Detectors of concepts"]
    assert detectors[1:] == [["alpha", "words", "averaging", mean, "—", "—", "—", "4"]]
    grafts = plain["Grafts of concepts"]
    assert grafts[1] == ["alpha", "early", "none", mean, "0.100 [0.050, 0.150]", "—", "4"]
    assert grafts[2] == ["alpha", "early", "the concept", mean, "—", "—", "4"]
    aligned = plain["Prototypes"]
    assert aligned[1] == ["alpha", "state", "h", "8", mean, "—", "—", "2 [1, 3]", "0.500"]
    probed = ["alpha", "upcoming", "NA", mean, "0.250 [0.200, 0.300]", "0.125", "0.375", "—"]
    assert plain["Probes"][1:] == [[*probed, "6", "2", "3"]]
    (unit,) = plain["Single units"][1:]
    assert unit[:3] == ["alpha", "line start", "NA"]
    assert unit[3].startswith("0.500 [−0.771, 1.77"), "the mean of two members, t of one freedom"
    assert unit[4:] == ["0.300 [not estimable]", "0.300", "0.800", "0.04", "2"]


def test_tables_of_preimages_hold_the_numbers_of_their_files(
    whole: ReportInputs, tmp_path: Path
) -> None:
    tables = page_of(whole, tmp_path / "report.html").tables
    kept = {row[3]: row[4:] for row in tables["What sites keep"][1:]}
    beside = ["0.003", "0.004", "0.250", "0.062"]
    assert set(kept) == {"count", "NA", "length"}
    assert kept["count"][0].startswith("0.900"), "the mean of two networks, at one radius"
    assert kept["count"][1].startswith("0.500"), "untrained"
    assert kept["count"][2:] == [*beside, "1 retained, 1 partly", "2"]
    assert kept["NA"][0] == "1\u00a0[1,\u00a01]"
    assert kept["NA"][-2:] == ["retained", "2"]
    assert kept["length"][0] == "not estimable", "too few balls for their 0.7 to count"
    assert kept["length"][-2] == "not estimable"
    (decoder,) = tables["The decoder"][1:]
    assert decoder[:4] == ["alpha", *PLACE, "no"]
    means = [text.partition("\u00a0")[0] for text in decoder[4:]]
    expected = ["1", "0.625", "0.500", "0.750", "0.250", "0.125", "1.00", "0", "0.062", "2"]
    assert means == expected, "of the way of drawing that is scored"
    (cut,) = tables["Smallest cuts"][1:]
    assert cut[:4] == ["alpha", "count", "1", CUT[2]]
    assert cut[4:] == ["0.500\u00a0[0.400,\u00a00.600]", "0.250", "1", "2", "no", "64"]


def told_to(page: Page, viewer: str) -> str:
    """What the page tells one of its viewers."""
    pattern = rf'<script type="application/json" id="{viewer}-data">(.*?)</script>'
    (data,) = re.findall(pattern, page.source, re.DOTALL)
    return str(data)


def test_preimages_come_back_as_they_were_drawn(whole: ReportInputs, tmp_path: Path) -> None:
    page = page_of(whole, tmp_path / "report.html")
    data = told_to(page, "preimages")
    assert not re.search(r"[<>&]", data), "a symbol could end the script"
    told = json.loads(data)
    assert told["radius"] == 0.1
    (run,) = told["runs"]
    (place,) = run["places"]
    assert (run["name"], place["name"]) == ("alpha", "heads.0@colon")
    assert [query["name"] for query in place["queries"]] == ["7", "5"], "in the order of the file"
    assert place["queries"][0]["draws"] == [
        [0, 1, 3, "< & </script> NA", "1 2 -3 4"],
        [0.05, 1, 0, "NA", "-78"],
        [None, 0, 1, "& <", "0 50"],
    ]
    assert place["trusted"] == [0, 0.4, 0.7]
    assert place["kept"] == {
        "retained": [["NA", 1.0]],
        "partly": [["count", 0.8]],
        "free": [],
        "not estimable": [["length", None]],
    }, "of the first network that has learned"
    assert "shown.csv" in page.sections["inversion"], "where no script runs"


def test_a_run_that_has_not_learned_is_said_and_not_shown(
    whole: ReportInputs, tmp_path: Path
) -> None:
    page = page_of(whole, tmp_path / "report.html")
    section = page.sections["inversion"]
    assert section.count("Nothing is read where no network has learned its task: beta.") == 3
    assert "Nothing was drawn for beta." in section
    assert all(row[0] != "beta" for row in page.tables["What sites keep"])


def test_where_no_network_has_learned_there_is_nothing_to_look_through(
    whole: ReportInputs, tmp_path: Path
) -> None:
    kinds = ("retention", "quality", "shown", "cuts")
    failed: dict[str, Any] = {kind: {"beta": getattr(whole, kind)["beta"]} for kind in kinds}
    page = page_of(replace(bare(whole), **failed), tmp_path / "report.html")
    check_page(page)
    assert sections_of(page) == ["inversion"]
    assert "has learned its task: beta." in page.sections["inversion"]
    assert "preimages" not in page.ids
    assert "The decoder" not in page.tables


def test_units_come_back_as_they_were_chosen(whole: ReportInputs, tmp_path: Path) -> None:
    page = page_of(whole, tmp_path / "report.html")
    data = told_to(page, "units")
    assert not re.search(r"[<>&]", data), "a symbol could end the script"
    (run,) = json.loads(data)["runs"]
    assert run["name"] == "alpha", "of beta nothing is shown"
    assert {key: run[key] for key in ("protocol", "explainer", "protocols", "chance")}.items() <= (
        SHOWN.items()
    )
    (site,) = run["sites"]
    (unit,) = site["shown"]
    assert (site["name"], site["units"], site["unscored"]) == ("blocks.0", 2, 1)
    assert unit.pop("name") == "131", "which its address ends in"
    assert unit.items() <= UNIT.items()
    assert "shown.json" in page.sections["neurons"], "where no script runs"


def test_viewers_share_a_script_that_stands_before_them_once(
    whole: ReportInputs, tmp_path: Path
) -> None:
    source = page_of(whole, tmp_path / "report.html").source
    assert source.count("const VIEWS =") == 1
    assert source.index("const VIEWS =") < source.index("} = VIEWS;")
    assert source.count("} = VIEWS;") == 2
    nothing = replace(bare(whole), units_shown={"beta": whole.units_shown["beta"]})
    page = page_of(nothing, tmp_path / "report.html")
    assert "VIEWS" not in page.source
    assert sections_of(page) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "alpha/shown.json: got '[]'; must be a JSON object"),
        ("{", "alpha/shown.json: got '{'; must be a JSON object"),
        ('{"protocol": "", "explainer": ""}', "alpha/shown.json: key 'protocols' is missing"),
    ],
)
def test_units_that_are_not_what_they_should_be_are_named(
    whole: ReportInputs, tmp_path: Path, content: str, message: str
) -> None:
    whole.units_shown["alpha"].write_text(content)
    with pytest.raises(ReportError, match=re.escape(message)):
        write_report(whole, tmp_path / "report.html")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1.0, 1.0, 1.0], ["1", "1", "1"]),
        ([0.9934, 0.9, 1.0], ["0.993", "0.900", "1.000"]),
        ([2.1071, 2.1069, 2.1072], ["2.11", "2.11", "2.11"]),
        ([9.3, 9, 10], ["9.30", "9.00", "10.00"]),
        ([39.2, 39, 39.54], ["39.2", "39.0", "39.5"]),
        ([7274.71], ["7,275"]),
        ([-0.5], ["−0.500"]),
        ([-1e-9], ["0.000"]),
        ([0.0], ["0"]),
    ],
)
def test_numbers_that_belong_together_have_as_many_decimals(
    values: list[float], shown: list[str]
) -> None:
    assert format_numbers(values) == shown


@settings(max_examples=200)
@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_a_number_is_shown_to_three_digits_or_three_decimals(value: float) -> None:
    shown = float(number(value).text.replace("−", "-").replace(",", ""))
    assert abs(shown - value) <= max(0.0005, 0.005 * abs(value)) * (1 + 1e-9)


def test_an_interval_sorts_by_its_mean() -> None:
    assert interval(0.5, 0.4, 0.6).order == 0.5
    assert interval(0.5, NAN, NAN).order == 0.5
    assert interval(NAN, NAN, NAN).order is None
