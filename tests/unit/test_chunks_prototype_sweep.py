"""The study of prototypes: its tables, its claims and its figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chunks_examples import activity_of, words_corpus
from pydantic import ValidationError

from chunkscope.chunks.prototype_claims import PrototypeTables, judge_prototypes
from chunkscope.chunks.prototype_settings import PrototypeStudySettings
from chunkscope.chunks.prototype_sweep import PrototypeSweep, summarise_association
from chunkscope.errors import ExtractionError
from chunkscope.figures.chunks_prototypes import MEASURES, draw_prototypes
from chunkscope.figures.settings import FigureSettings

SITE = "layers.0.hook_h"
SETTINGS = PrototypeStudySettings(sizes=(32, 4, 9_999), permutations=19, fit={"epochs": 10})


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Two members whose activity holds the parse, and holds nothing before training."""
    corpus = words_corpus()
    train = np.arange(60) < 30
    labels = {kind: corpus.labels[kind] for kind in ("state", "word", "boundary")}
    names = {"word": corpus.names["word"]}
    sweep = PrototypeSweep(corpus.tokens, train, labels, names, SETTINGS, seed=0)
    for member in (0, 1):
        activity = activity_of(labels["state"], noise=0.05, seed=member)
        sweep.read("prototypes", SITE, member, activity)
        sweep.read("revived", SITE, member, activity)
        noise = np.random.default_rng(member).normal(size=activity.shape).astype(np.float32)
        sweep.read("untrained", SITE, member, noise)
    return sweep.tables()


def value(tables: dict[str, pd.DataFrame], row: str, size: int, label: str, measure: str) -> float:
    table = tables["association"]
    chosen = (table["row"] == row) & (table["size"] == size) & (table["measure"] == measure)
    if label:
        chosen &= table["label"] == label
    return float(table.loc[chosen, "value"].mean())


def test_every_row_has_every_measure_of_every_kind(tables):
    association = tables["association"]
    aligned = association[association["label"] != ""]
    networks = aligned[aligned["row"] != "symbols"]
    assert len(networks) == 3 * 2 * 2 * 3 * 5  # rows, members, sizes, kinds, measures
    assert len(aligned) - len(networks) == 3 * 5
    fits = association[association["label"] == ""]
    assert sorted(set(zip(fits["measure"], fits["split"], strict=True))) == [
        ("dead", "train"),
        ("loss", "test"),
        ("loss", "train"),
    ]
    for kind, classes in tables["labels"].set_index("label")["classes"].items():
        assert classes == len(np.unique(words_corpus().labels[kind]))


def test_activity_that_holds_the_parse_aligns_and_noise_does_not(tables):
    assert value(tables, "revived", 32, "state", "ami") > 0.8
    assert abs(value(tables, "untrained", 32, "state", "ami")) < 0.05
    assert value(tables, "prototypes", 4, "state", "ami") < 0.8
    assert value(tables, "revived", 32, "", "dead") < value(tables, "prototypes", 32, "", "dead")
    p = tables["association"].query("measure == 'ami' and row == 'revived'")["p"]
    np.testing.assert_allclose(p, 1 / 20)


def test_the_present_symbol_stands_beside_them(tables):
    symbols = tables["association"].query("row == 'symbols' and measure == 'purity'")
    corpus = words_corpus()
    test, truth = corpus.tokens[30:].ravel(), corpus.labels["word"][30:].ravel()
    by_hand = sum(np.bincount(truth[test == symbol]).max() for symbol in np.unique(test))
    found = symbols.set_index("label")["value"]["word"]
    assert found == pytest.approx(by_hand / test.size, rel=1e-6)


def test_sizes_that_the_activity_cannot_have_are_left_out_and_said(capsys):
    corpus = words_corpus(n=4, length=10)
    train = np.arange(4) < 2
    labels = {"state": corpus.labels["state"]}
    sweep = PrototypeSweep(corpus.tokens, train, labels, {}, SETTINGS, seed=0)
    sweep.read("prototypes", SITE, 0, activity_of(labels["state"]))
    assert "only 20 rows differ; no 32" in capsys.readouterr().out
    assert set(sweep.tables()["association"].query("row == 'prototypes'")["size"]) == {4}


def test_more_prototypes_than_any_activity_has_rows_is_one_sentence():
    corpus = words_corpus(n=4, length=10)
    settings, labels = PrototypeStudySettings(sizes=(999,)), {"state": corpus.labels["state"]}
    sweep = PrototypeSweep(corpus.tokens, np.arange(4) < 2, labels, {}, settings, seed=0)
    sweep.read("prototypes", SITE, 0, activity_of(labels["state"]))
    with pytest.raises(
        ExtractionError, match=r"got \[999\]; no site has .* at most 20; take fewer"
    ):
        sweep.tables()


def test_classes_and_prototypes_have_names(tables):
    classes = tables["classes"].query("label == 'word' and row == 'prototypes' and size == 32")
    assert set(classes["name"]) == set(words_corpus().names["word"])
    prototypes = tables["prototypes"]
    assert set(prototypes["row"]) == {"prototypes"}
    state = prototypes[prototypes["label"] == "state"]
    assert (state["name"] == state["class"].astype(str)).all()


def test_the_summary_is_over_seeds(tables):
    row = tables["summary"].query(
        "row == 'revived' and size == 32 and label == 'state' and measure == 'purity'"
    )
    own = tables["association"].query(
        "row == 'revived' and size == 32 and label == 'state' and measure == 'purity'"
    )
    assert row["n"].item() == 2
    assert row["mean"].item() == pytest.approx(own["value"].mean())
    assert row["null"].item() == pytest.approx(own["null_mean"].mean())


def test_the_same_seed_gives_the_same_tables(tables):
    corpus = words_corpus()
    labels = {kind: corpus.labels[kind] for kind in ("state", "word", "boundary")}
    sweep = PrototypeSweep(corpus.tokens, np.arange(60) < 30, labels, {}, SETTINGS, seed=0)
    sweep.read("prototypes", SITE, 0, activity_of(labels["state"], noise=0.05, seed=0))
    first = tables["association"].query("row == 'prototypes' and seed == 0")
    again = sweep.tables()["association"].query("row == 'prototypes'")
    pd.testing.assert_frame_equal(first.reset_index(drop=True), again.reset_index(drop=True))


def test_settings_sort_the_sizes_and_refuse_what_cannot_be():
    assert SETTINGS.sizes == (4, 32, 9_999)
    with pytest.raises(ValidationError):
        PrototypeStudySettings(sizes=(1,))
    with pytest.raises(ValidationError):
        PrototypeStudySettings(sites=())


def made_up(ami: dict[int, float], untrained: float, null: float = 0.01, kind: str = "state"):
    """Tables of three seeds in which only the number of prototypes matters."""
    rows = []
    for seed in range(3):
        for size, level in ami.items():
            for row, mean in (("prototypes", level), ("revived", level), ("untrained", untrained)):
                measured = {"label": kind, "measure": "ami", "value": mean + 0.001 * seed}
                common = {"row": row, "site": SITE, "size": size, "seed": seed}
                rows.append({**common, **measured, "split": "test", "null_mean": null})
                rows.append({**common, "measure": "dead", "split": "train", "value": size / 2})
    symbols = {"row": "symbols", "site": "tokens", "size": 5, "seed": 0, "split": "test"}
    rows.append({**symbols, "label": kind, "measure": "ami", "value": 0.5, "null_mean": 0})
    labels = pd.DataFrame({"label": [kind], "classes": [10], "rare_share": [0.0]})
    return PrototypeTables(pd.DataFrame(rows), labels)


def verdicts(tables: PrototypeTables) -> dict[str, str]:
    claims = judge_prototypes({"run": tables})
    return {claim.id.removeprefix("chunks-prototypes-"): claim.verdict for claim in claims}


@pytest.mark.parametrize(
    ("ami", "untrained", "null", "expected"),
    [
        (0.8, 0.3, 0.01, "reproduced"),
        (0.8, 0.8, 0.01, "direction only"),
        (0.8, 0.9, 0.01, "direction only"),
        (0.3, 0.1, 0.31, "not reproduced"),
    ],
)
def test_alignment_needs_more_than_chance_and_than_no_training(ami, untrained, null, expected):
    tables = made_up({16: ami, 32: ami}, untrained, null)
    assert verdicts(tables)["align-run"] == expected


@pytest.mark.parametrize(
    ("ami", "expected"),
    [
        ({16: 0.80, 32: 0.85, 64: 0.83}, "reproduced"),
        ({16: 0.80, 32: 0.95, 64: 0.80}, "not reproduced"),
        ({8: 0.1, 16: 0.80, 32: 0.85}, "reproduced"),  # fewer prototypes than classes
        ({8: 0.8, 16: 0.80}, "not estimable"),
    ],
)
def test_insensitivity_is_judged_where_there_are_prototypes_enough(ami, expected):
    assert verdicts(made_up(ami, 0.1))["number-run"] == expected


def test_trained_and_untrained_are_compared_at_the_same_sizes():
    made = made_up({16: 0.2, 32: 0.8}, 0.4)
    few = (made.association["row"] == "untrained") & (made.association["size"] == 16)
    cut = PrototypeTables(made.association[~few], made.labels)  # too few rows for 16 of them
    claim = next(judge_prototypes({"run": cut}))
    assert "trained minus untrained 0.400" in claim.control  # not .5 - .4, which is of other sizes


def test_a_site_with_one_number_of_prototypes_has_no_range():
    made = made_up({16: 0.5, 32: 0.8}, 0.1)
    one = made.association.query("size == 32").assign(site="hook_embed")
    both = PrototypeTables(pd.concat([made.association, one]), made.labels)
    assert list(judge_prototypes({"run": both}))[1].value.mean == pytest.approx(0.3)


@pytest.mark.parametrize("rows", [["untrained"], ["untrained", "prototypes", "revived"]])
def test_what_was_not_read_leaves_nothing_to_judge(rows):
    made = made_up({16: 0.8, 32: 0.8}, 0.1)
    left = made.association[~made.association["row"].isin(rows)]
    found = verdicts(PrototypeTables(left, made.labels))
    alone = rows == ["untrained"]
    assert found["align-run"] == ("direction only" if alone else "not estimable")
    assert found["number-run"] == ("reproduced" if alone else "not estimable")


def test_the_control_says_how_many_are_dead():
    claims = list(judge_prototypes({"run": made_up({16: 0.8, 64: 0.8}, 0.1)}))
    assert "of 64 prototypes 50% are dead" in claims[1].control
    assert "present symbol alone 0.500" in claims[0].control


def test_text_is_judged_by_its_classes_of_characters_and_other_runs_not_at_all():
    assert set(verdicts(made_up({16: 0.8}, 0.1, kind="character_class"))) == {
        "align-run",
        "number-run",
    }
    assert verdicts(made_up({16: 0.8}, 0.1, kind="document")) == {}


def test_the_figure_draws_what_the_summary_says(tables):
    summary = tables["summary"]
    layers = [
        summary[summary["row"] != "symbols"].assign(site=f"blocks.{layer}.hook_resid_post")
        for layer in range(4)
    ]
    deep = pd.concat([*layers, summary[summary["row"] == "symbols"]], ignore_index=True)
    figure, data = draw_prototypes({"gru": summary, "gpt": deep}, FigureSettings(dpi=50))
    assert set(data["measure"]) == set(MEASURES)
    assert len(figure.axes) == 2 * len(MEASURES)
    labels = [tick.get_text() for tick in figure.axes[3].get_xticklabels()]
    assert labels == [f"{layer}.resid_post" for layer in range(4)]
    drawn = figure.axes[2].lines[0].get_ydata()
    dead = summary.query("measure == 'dead' and row == 'prototypes'")
    np.testing.assert_allclose(drawn, dead["mean"] / dead["size"])


def test_a_figure_of_runs_without_known_classes_shows_the_dead_alone():
    table = made_up({16: 0.8, 32: 0.8}, 0.1, kind="document").association
    figure, data = draw_prototypes({"run": summarise_association(table)}, FigureSettings(dpi=50))
    assert set(data["measure"]) == {"dead_share"}
    assert figure.axes
