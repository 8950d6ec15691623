"""The context experiment as a whole: its pairs, its summary, its verdicts, its figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chunkscope.chunks.settings import DensitySettings
from chunkscope.experiments.context.claims import ASKED, PUBLISHED, Tables, judge_context
from chunkscope.experiments.context.draws import Draws
from chunkscope.experiments.context.names import (
    ALL,
    IDEAL,
    LAST,
    MATCHED,
    SHUFFLED,
    SYMBOLS,
    TRAINED,
    TRUTH,
    UNTRAINED,
    VECTOR,
)
from chunkscope.experiments.context.settings import ContextSettings
from chunkscope.experiments.context.study import ContextStudy, ParentReader, run_context
from chunkscope.experiments.memory import RECURRENT
from chunkscope.figures.chunks_context import ContextTables, draw_context
from chunkscope.figures.settings import FigureSettings
from chunkscope.statistics import Claim

SMALL = ContextSettings.model_validate(
    {
        "length": 400,
        "stretch": 300,
        "train": 8,
        "validation": 4,
        "test": 6,
        "steps": 60,
        "density": DensitySettings(subsample=300, candidates=(10, 20)),
        "networks": {
            "small": {
                "network": {"architecture": "affine", "hidden": 4},
                "seeds": 2,
                "training": {"steps": 3, "batch": 1, "window": 100, "checkpoints": (0, 2)},
            }
        },
    }
)


@pytest.fixture(scope="module")
def study() -> ContextStudy:
    return run_context(SMALL, "small", 0, progress=lambda step, loss: None)


def test_both_trainings_begin_with_the_same_networks(study):
    first = study.training[study.training["step"] == 0]
    trained, shuffled = (
        first[first["condition"] == c].drop(columns="condition").reset_index(drop=True)
        for c in (TRAINED, SHUFFLED)
    )
    pd.testing.assert_frame_equal(trained, shuffled)
    assert sorted(study.training["step"].unique()) == [0, 2, 3]


def test_they_part_in_training(study):
    last = study.training[study.training["step"] == 3]
    loss = last[last["measure"] == "loss"].pivot(index="seed", columns="condition", values="value")
    assert (loss[TRAINED] != loss[SHUFFLED]).all()


def test_the_measures_are_the_ends_of_the_training(study):
    ends = study.training[(study.training["condition"] == TRAINED)]
    for condition, step in ((UNTRAINED, 0), (TRAINED, 3)):
        at_step = ends[ends["step"] == step].set_index(["measure", "seed"])["value"]
        own = study.measures[study.measures["condition"] == condition]
        for row in own.itertuples():
            assert row.value == pytest.approx(at_step[row.measure, row.seed], nan_ok=True)


def test_a_members_numbers_do_not_depend_on_the_others():
    network = SMALL.networks["small"]
    three = SMALL.model_copy(
        update={"networks": {"small": network.model_copy(update={"seeds": 3})}}
    )
    few, more = (
        run_context(settings, "small", 0, progress=lambda step, loss: None).measures
        for settings in (SMALL, three)
    )
    key = ["condition", "measure", "seed"]
    both = few.merge(more, on=key, suffixes=("", "_more"))
    assert len(both) == len(few)
    np.testing.assert_allclose(both["value"], both["value_more"], rtol=1e-4)


def test_of_an_overflowing_network_no_parent_is_read():
    draws = Draws(SMALL, "small", 0)
    reader, weights = ParentReader(draws), draws.untrained().state_dict()
    weights[RECURRENT][1] *= 100
    table, context = reader.read(TRAINED, weights), reader.context(weights)
    assert set(table.loc[table["seed"] == 1, "reading"]) == {VECTOR, *ASKED}
    for found in (table, context):
        assert found.loc[found["seed"] == 1, "value"].isna().all()
        assert found.loc[found["seed"] == 0, "value"].notna().any()


def test_the_summary_is_paired_with_the_untrained_network(study):
    table = study.summary.set_index(["condition", "reading", "symbol", "position", "measure"])
    own = study.parents[(study.parents["reading"] == VECTOR) & (study.parents["symbol"] == ALL)]
    own = own[own["measure"] == "accuracy"].pivot(index="seed", columns="condition", values="value")
    row = table.loc[TRAINED, VECTOR, ALL, ALL, "accuracy"]
    assert row["mean"] == pytest.approx(own[TRAINED].mean())
    assert row["difference"] == pytest.approx((own[TRAINED] - own[UNTRAINED]).mean())
    ideal = study.parents[(study.parents["reading"] == IDEAL) & (study.parents["symbol"] == ALL)]
    ideal = ideal[ideal["measure"] == "accuracy"]["value"]
    assert row["ceiling"] == pytest.approx(ideal.mean())
    assert row["floor"] < row["ceiling"]


def test_the_figure_holds_what_it_shows(study):
    tables = ContextTables(study.measures, study.training, study.summary)
    figure, data = draw_context({"small": tables}, None, FigureSettings())
    assert set(data["panel"]) == {"a", "b", "c", "d"}
    assert (data["network"] == "small").all()
    assert len(figure.subfigs) == 4


# --- verdicts


def planted(counts: dict[str, dict[str, float]], accuracy: dict[str, dict[str, float]]) -> Tables:
    """Ten networks with these means, and a little spread that is the same everywhere."""
    spread = np.linspace(-1, 1, 10)
    measures = [
        (condition, seed, measure, mean * (1 + 0.01 * spread[seed]))
        for measure, means in counts.items()
        for condition, mean in means.items()
        for seed in range(10)
    ]
    parents = [
        (condition, reading, seed, ALL, ALL, "accuracy", mean * (1 + 0.001 * spread[seed]))
        for reading, means in accuracy.items()
        for condition, mean in means.items()
        for seed in range(10)
    ]
    return Tables(
        pd.DataFrame(measures, columns=["condition", "seed", "measure", "value"]),
        pd.DataFrame(
            parents,
            columns=["condition", "reading", "seed", "symbol", "position", "measure", "value"],
        ),
    )


def tables(trained: float, matched: float, read: float) -> Tables:
    """Counts and accuracies of a trained network, the rest as the paper and the grammar have it."""
    every = {UNTRAINED: 1.0, TRAINED: 1.0, SHUFFLED: 1.0, MATCHED: 1.0, TRUTH: 1.0}
    counts = {
        "states": {UNTRAINED: 41.0, TRAINED: trained, SHUFFLED: 45.0, MATCHED: matched},
        "parse_length": {UNTRAINED: 600.0, TRAINED: trained * 4, MATCHED: 600.0, TRUTH: 1500.0},
        **dict.fromkeys(("entropy", "loss", "boundary_f1", "boundary_f1_every_step"), every),
    }
    others = {UNTRAINED: 0.6, SHUFFLED: 0.6, MATCHED: 0.6}
    accuracy = {reading: {**others, TRAINED: read} for reading in ASKED}
    accuracy |= {LAST.format(m): {SYMBOLS: 0.4} for m in (1, 2, 3)}
    return planted(counts, {**accuracy, IDEAL: {SYMBOLS: 0.8}})


def verdicts(claims: list[Claim]) -> dict[str, str]:
    return {claim.id.removeprefix("chunks-context-"): claim.verdict for claim in claims}


def test_verdicts_follow_their_rules():
    good = verdicts(judge_context({"a": tables(364, 100, 0.79)}, "a"))
    assert set(good.values()) == {"reproduced"}
    poor = verdicts(judge_context({"a": tables(39, 100, 0.4)}, "a"))
    assert set(poor.values()) == {"not reproduced"}
    some = verdicts(judge_context({"a": tables(160, 300, 0.7)}, "a"))
    assert some["states"] == some["parse"] == "direction only"
    assert some["memory"] == "not reproduced"
    assert some["vector"] == some["strings"] == "direction only"


def test_a_reading_no_better_than_untrained_is_not_reproduced():
    found = verdicts(judge_context({"a": tables(364, 100, 0.6)}, "a"))
    assert found["vector"] == found["strings"] == "not reproduced"


def test_without_the_papers_network_only_our_own_claims_are_judged():
    claims = judge_context({"other": tables(364, 100, 0.79)}, None)
    assert [claim.id for claim in claims] == [
        "chunks-context-states-other",
        "chunks-context-beyond-other",
    ]
    assert all(claim.published == "" for claim in claims)


def test_where_three_symbols_tell_all_nothing_is_claimed_beyond_them():
    own = tables(364, 100, 0.79)
    told = own.parents["reading"] == LAST.format(3)
    own.parents.loc[told, "value"] = own.parents.loc[told, "value"] * 2 - 0.001
    assert "beyond-a" not in verdicts(judge_context({"a": own}, "a"))


def test_published_values_are_those_of_both_ends():
    assert all(set(ends) == {UNTRAINED, TRAINED} for ends in PUBLISHED.values())
