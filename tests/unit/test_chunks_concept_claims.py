"""Claims and figures of the concepts study follow from their tables alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chunkscope.chunks.concepts.claims import GRAFTS, judge_concepts
from chunkscope.chunks.concepts.summary import (
    ALL_SITES,
    CONDITIONS,
    METHODS,
    OTHERS,
    TARGET,
    summarise_detection,
    summarise_grafts,
)
from chunkscope.figures.chunks_concept_grafts import draw_concept_grafts
from chunkscope.figures.chunks_concepts import draw_concepts, short_name
from chunkscope.figures.settings import FigureSettings

WORDS = ("alpha", "beta", "gamma", "delta")
SITES = ("hook_embed", "blocks.0.hook_resid_post")


def detection(**rates: float) -> pd.DataFrame:
    """Every method is right at .6, or at what ``rates`` says, but for a little spread."""
    rng = np.random.default_rng(0)
    rows = [
        {"seed": seed, "site": site, "offset": offset, "method": method, "concept": word,
         "kind": "word" if word != "delta" else "symbol", "units": 3,
         "tpr": value, "fpr": 0.1, "balanced_accuracy": value, "mcc": 0.3}
        for seed in range(2) for site in SITES for offset in (-1, 0) for method in METHODS
        for word in WORDS
        for value in [rates.get(method, 0.6) + 0.001 * rng.normal()]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def grafts(**shares: float) -> pd.DataFrame:
    """Every condition makes a share of .1 say the word, or what ``shares`` says."""
    rng = np.random.default_rng(0)
    rows = [
        {"seed": seed, "offset": 0, "depth": depth, "condition": condition, "concept": word,
         "contains": shares.get(condition, 0.1) + 0.001 * rng.random(), "rate": 0.01,
         "first": 4.0, "nll": 2.0, "n": 8, "fired": 24}
        for seed in range(2) for depth in ("early", "all") for condition in CONDITIONS
        for word in WORDS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def verdicts(table: pd.DataFrame, grafted: pd.DataFrame) -> dict[str, str]:
    claims = judge_concepts({"run": table}, {"run": grafted})
    return {claim.id.removeprefix("chunks-concepts-"): claim.verdict for claim in claims}


def test_averaging_that_is_better_everywhere_is_reproduced() -> None:
    better = {"averaging": 0.9, "averaging by accuracy": 0.9}
    found = verdicts(detection(**better), grafts(target=0.5))
    assert found == dict.fromkeys(
        ("published-run", "balanced-run", "learnt-run", "graft-run"), "reproduced"
    )


def test_what_is_no_better_is_not_reproduced() -> None:
    worse = {"averaging": 0.5, "averaging by accuracy": 0.5}
    assert set(verdicts(detection(**worse), grafts(target=0.05)).values()) == {"not reproduced"}


def test_half_of_a_rule_is_its_direction() -> None:
    table = detection(**{"averaging": 0.9, "selected latent": 0.95, "look-up": 0.95})
    found = verdicts(table, grafts(target=0.15))
    assert found["balanced-run"] == found["learnt-run"] == "direction only"
    assert found["graft-run"] == "direction only"  # less than twice the share without a graft


def test_the_state_before_a_word_has_a_claim_of_its_own() -> None:
    name = "lead-run"
    assert name not in verdicts(detection(), grafts(target=0.9))
    both = pd.concat([grafts(target=0.1), grafts(target=0.9).assign(offset=-1)])
    found = verdicts(detection(), both)
    assert found[name] == "reproduced"
    assert found["graft-run"] == "not reproduced"


def test_without_a_word_nothing_is_estimable() -> None:
    table = detection()
    claims = judge_concepts({"run": table[table["kind"] == "symbol"]}, {})
    assert {claim.verdict for claim in claims} == {"not estimable"}


def test_figures_show_what_the_tables_say() -> None:
    summary = summarise_detection(detection(averaging=0.9))
    figure, data = draw_concepts({"a": summary, "b": summary}, FigureSettings())
    assert len(figure.axes) == 6
    shown = data.query("run == 'b' and panel == 'c' and method == 'averaging' and offset == 0")
    assert (shown["site"] == ALL_SITES).all()
    assert shown["mean"].item() == pytest.approx(0.9, abs=0.01)
    table = grafts(target=0.4)
    figure, data = draw_concept_grafts(
        {"a": table}, {"a": summarise_grafts(table)}, FigureSettings()
    )
    words = data.query("panel == 'words' and condition == @TARGET and depth == 'early'")
    assert sorted(words["concept"]) == sorted(WORDS)
    stars = [
        tuple(line.get_xydata()[0])
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() == "*"
    ]
    assert stars == [GRAFTS]


def test_figures_survive_what_is_not_estimable() -> None:
    table = detection()
    table.loc[table["method"] == "averaging", ["tpr", "fpr", "balanced_accuracy"]] = np.nan
    draw_concepts({"a": summarise_detection(table)}, FigureSettings())
    wordless = summarise_detection(table[table["kind"] == "symbol"])
    figure, _ = draw_concepts({"a": wordless}, FigureSettings())
    assert "not estimable" in [text.get_text() for text in figure.axes[0].texts]
    lost = grafts()
    lost.loc[lost["condition"].isin((OTHERS, TARGET)), ["contains", "nll"]] = np.nan
    draw_concept_grafts({"a": lost}, {"a": summarise_grafts(lost)}, FigureSettings())


def test_grafts_at_other_offsets_alone_leave_the_published_figure_empty() -> None:
    due = grafts().assign(offset=-1)
    figure, data = draw_concept_grafts({"a": due}, {"a": summarise_grafts(due)}, FigureSettings())
    assert data.empty
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == ["not estimable"]
    published, _ = judge_concepts({}, {"a": due})
    assert published.verdict == "not estimable"


def test_sites_have_short_names() -> None:
    names = ["hook_embed", "blocks.3.hook_resid_post", "layers.0.hook_h"]
    assert list(map(short_name, names)) == ["in", "3", "0.h"]
