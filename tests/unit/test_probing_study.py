"""The study finds what was planted, learns nothing from the test split, and repeats itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probing_examples import (
    SEEDS,
    SEQUENCES,
    SETTINGS,
    SITES,
    SOURCE,
    TELLS,
    TIME,
    TRAIN,
    Change,
    write_probed,
)

from chunkscope.errors import ProbingError, SiteError
from chunkscope.probing.conditions import (
    BALANCED,
    CEILING,
    PROBE,
    ROTATED,
    SHUFFLED,
    UNTRAINED,
)
from chunkscope.probing.metrics import MEASURES
from chunkscope.probing.scoring import Study
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.study import Tables, probe_run
from chunkscope.store import ActivationStore

CHOICES = [
    "kind", "name", "condition", "member", "site", "size", "prevalence", "penalty", "threshold",
    "validation", "chosen", "units_needed",
]  # fmt: skip


def run(folder: Path, change: Change | None = None, settings: ProbingSettings = SETTINGS) -> Tables:
    stores = [write_probed(folder / f"{told}.zarr.zip", told, change) for told in (True, False)]
    with ActivationStore.open(stores[0]) as trained, ActivationStore.open(stores[1]) as untrained:
        return probe_run(trained, untrained, SOURCE, Study(settings, 0, "example"))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return run(tmp_path_factory.mktemp("study"))


def f1(tables: Tables, condition: str, name: str = "abc") -> float:
    table = tables.scores
    chosen = table["chosen"] & (table["prevalence"] == BALANCED) & (table["kind"] == "word")
    return table[chosen & (table["condition"] == condition) & (table["name"] == name)]["f1"].mean()


def test_the_planted_unit_is_found_at_its_site_and_beyond_chance(tables):
    best = tables.units[tables.units["best"] & (tables.units["name"] == "abc")]
    told = best[best["condition"] == PROBE]
    assert len(told) == 2 * len(SEEDS)
    assert (told[["site", "unit", "sign"]] == [SITES[1], TELLS, 1]).all().all()
    assert (told["q"] < 0.05).all()
    assert told["f1"].min() > 0.9
    assert (told["f1_low"] <= told["f1"]).all()
    assert (told["f1"] <= told["f1_high"]).all()
    others = tables.units.drop(told.index)
    assert (others[others["prevalence"] == BALANCED]["f1"] < 0.6).all()
    untrained = others[others["best"] & (others["condition"] == UNTRAINED)]
    assert (untrained["q"] > 0.05).mean() > 0.8


def test_floors_lie_below_the_probe_and_differ_from_it(tables):
    probe = f1(tables, PROBE)
    assert probe > 0.9
    assert 0.7 < f1(tables, CEILING) < probe  # the unit knows the word before its symbols do
    assert f1(tables, UNTRAINED) < 0.5
    assert f1(tables, SHUFFLED) < 0.5
    assert f1(tables, "lookup 1") < f1(tables, "lookup 3") <= f1(tables, CEILING) + 0.02
    assert f1(tables, PROBE, "acb") < 0.6  # nothing was planted
    at_one = tables.scores[(tables.scores["size"] == 1) & (tables.scores["name"] == "abc")]
    at_one = at_one[(at_one["prevalence"] == BALANCED) & (at_one["site"] == SITES[1])]
    means = at_one.groupby("condition")["f1"].mean()
    assert means[ROTATED] < means[PROBE] - 0.2


def test_every_condition_has_its_sizes_and_every_choice_one_row(tables):
    probes = tables.scores[tables.scores["member"].notna()]
    sizes = probes.groupby("condition")["size"].agg(lambda column: sorted(set(column)))
    assert sizes[PROBE] == sizes[UNTRAINED] == [1, 4, 12]
    assert sizes[ROTATED] == [1, 4]  # of all units a basis says nothing
    assert sizes[SHUFFLED] == [1, 4]
    by = ["kind", "name", "condition", "member", "prevalence"]
    assert (probes.groupby(by)["chosen"].sum() == 1).all()
    best = probes.groupby(by)["validation"].transform("max")
    assert (probes["validation"] == best)[probes["chosen"]].all()
    constant = probes[probes["condition"] == PROBE].groupby("site")["constant"].max()
    assert constant.tolist() == [1, 0]
    planted = probes[(probes["name"] == "abc") & (probes["condition"] == PROBE) & probes["chosen"]]
    assert (planted["units_needed"] == 1).all()


def test_the_summary_is_the_mean_over_members(tables):
    row = tables.summary.query(
        "row == 'chosen' and name == 'abc' and condition == 'probe' and prevalence == 'natural' "
        "and measure == 'mcc'"
    ).iloc[0]
    members = tables.scores.query(
        "chosen and name == 'abc' and condition == 'probe' and prevalence == 'natural'"
    )["mcc"]
    assert row["mean"] == pytest.approx(members.mean())
    assert row["n"] == len(SEEDS)
    assert set(tables.summary["measure"]) == {*MEASURES, "size", "units_needed"}
    ceiling = tables.summary[tables.summary["condition"] == CEILING]
    assert set(ceiling["over"]) == {"groups"}
    assert (ceiling["ci_low"] <= ceiling["ci_high"]).all()


def alter_test_activity(corpus, activity):
    for values in activity.values():
        values[TRAIN:] = np.random.default_rng(9).standard_normal(values[TRAIN:].shape)


def permute_test_labels(corpus, activity):
    order = np.random.default_rng(9).permutation(len(corpus.tokens) - TRAIN) + TRAIN
    corpus.labels["word"][TRAIN:] = corpus.labels["word"][order]


@pytest.mark.parametrize("change", [alter_test_activity, permute_test_labels])
def test_nothing_is_learned_or_chosen_on_the_test_split(tables, change, tmp_path):
    changed = run(tmp_path, change)
    words = [table.scores["kind"].eq("word") for table in (tables, changed)]
    before, after = tables.scores[words[0]], changed.scores[words[1]]
    pd.testing.assert_frame_equal(before[CHOICES], after[CHOICES])
    same = ["site", "unit", "sign", "validation", "threshold", "f", "p", "q", "best"]
    pd.testing.assert_frame_equal(tables.units[same], changed.units[same])
    assert not np.allclose(before["f1"], after["f1"])  # the test rows did change
    assert f1(changed, PROBE) < 0.6


def test_train_rows_are_what_is_learned_from(tables, tmp_path):
    """The twin of the test above: the same change on the train split changes every choice."""

    def alter_train(corpus, activity):
        for values in activity.values():
            values[:TRAIN] = np.random.default_rng(9).standard_normal(values[:TRAIN].shape)

    changed = run(tmp_path, alter_train)
    assert f1(changed, PROBE) < 0.6
    assert not np.allclose(tables.units["f"], changed.units["f"])


def test_the_same_settings_give_the_same_tables(tables, tmp_path):
    again = run(tmp_path)
    for name in ("features", "scores", "summary", "units"):
        pd.testing.assert_frame_equal(getattr(tables, name), getattr(again, name))


def test_another_filter_reads_fewer_units(tmp_path):
    few = SETTINGS.model_copy(update={"filter": 5})
    found = run(tmp_path, settings=few)
    scores, units = found.scores, found.units
    probes = scores[(scores["condition"] == PROBE) & scores["dense"].eq(True)]
    assert set(probes["size"]) == {5}
    planted = probes[(probes["name"] == "abc") & (probes["site"] == SITES[1])]
    assert planted["f1"].min() > 0.85  # its unit passed the filter
    told = units[units["unit"].eq(TELLS) & units["f1"].gt(0.85) & units["condition"].eq(PROBE)]
    np.testing.assert_allclose(told["p"], 12 / 5 / 61)  # units that the filter left out count too


def test_sizes_above_the_units_of_every_site_are_reported_and_left_out(tmp_path, capsys):
    found = run(tmp_path, settings=SETTINGS.model_copy(update={"sizes": (1, 8, 500, 900)}))
    assert "sizes [500, 900]: left out, as no site has so many units" in capsys.readouterr().out
    assert set(found.scores["size"].dropna()) == {1, 8, 12}


def test_a_feature_with_too_few_rows_is_reported_and_left_out(tmp_path):
    rows = SETTINGS.rows.model_copy(update={"least": 150})
    few = SETTINGS.model_copy(update={"rows": rows})
    found = run(tmp_path, settings=few)
    left = found.features[found.features["left_out"] != ""]
    assert 0 < len(left) < len(found.features)
    assert left["left_out"].str.contains("must be at least 150 of each").all()
    assert not set(left["name"]) & set(found.scores["name"])


def test_documents_on_both_sides_are_an_error_and_not_left_out(tmp_path):
    def straddle(drawn, activity):
        drawn.labels["document"] = np.repeat(np.arange(SEQUENCES)[:, None] // 10, TIME, axis=1)

    with pytest.raises(ProbingError, match="group 4 lies in the train and in the test split"):
        run(tmp_path, straddle)


def test_of_a_single_document_to_validate_there_is_no_standard_error(tmp_path):
    def documents(drawn, activity):  # three to train on, one of which is kept for validation
        drawn.labels["document"] = np.repeat(np.arange(SEQUENCES)[:, None] // 16, TIME, axis=1)

    scores = run(tmp_path, documents).scores
    chosen = scores[scores["chosen"] & scores["member"].notna()]
    assert chosen["units_needed"].notna().all()
    assert (chosen["f1_low"] < chosen["f1_high"]).any()


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"sites": ("blocks.*",)}, SiteError, r"blocks\.\*, which match nothing; recorded are lay"),
        ({"rows": {"least": 10_000}}, ProbingError, "none of 4 features has enough rows; record"),
        ({"features": {"kinds": ("wrod",)}}, ProbingError, "got 'wrod'; .*did you mean word"),
    ],
)
def test_what_cannot_be_probed_is_one_sentence(changed, error, message, tmp_path):
    settings = ProbingSettings.model_validate({**SETTINGS.model_dump(), **changed})
    with pytest.raises(error, match=message) as caught:
        run(tmp_path, settings=settings)
    assert "\n" not in str(caught.value)
