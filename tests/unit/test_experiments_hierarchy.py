"""The hierarchy experiment: its members, its measures end to end, its statistics and verdicts."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from chunkscope.experiments.hierarchy.claims import correlation, judge_hierarchy
from chunkscope.experiments.hierarchy.correlations import correlate
from chunkscope.experiments.hierarchy.measuring import measure
from chunkscope.experiments.hierarchy.members import (
    draw_stretches,
    list_members,
    read_states,
    train_members,
)
from chunkscope.experiments.hierarchy.names import (
    DEFAULT,
    ENTROPY_RATE,
    EXCESS,
    MATCHED,
    NETWORKS,
    PARSE_LENGTH,
    RADIUS,
    SYMBOLS,
    TRAINED,
    TRUTH,
    UNTRAINED,
    WINDOWS,
)
from chunkscope.experiments.hierarchy.published import CORRELATIONS, LEVELS, published_means
from chunkscope.experiments.hierarchy.settings import (
    VERSIONS,
    HierarchyNetwork,
    HierarchySettings,
)
from chunkscope.experiments.hierarchy.variants import VARIANTS
from chunkscope.figures.chunks_hierarchy import draw_hierarchy
from chunkscope.figures.settings import FigureSettings

DRAWS = partial(np.random.default_rng, 0)
COUNTED = ("states", "vocabulary", "vocabulary_used", PARSE_LENGTH)


def small(architecture: str = "affine", levels: tuple[int, ...] = (0, 12)) -> HierarchySettings:
    training = {"steps": 3, "batch": 1, "window": 100, "evaluate_every": 3}
    network = {
        "network": {"architecture": architecture, "hidden": 5},
        "levels": levels,
        "per_level": 2,
        "training": training,
    }
    return HierarchySettings(
        sequences=2, length=150, measured=250, resamples=100, networks={"net": network}
    )


def run(settings: HierarchySettings, version: str = "balanced") -> tuple[pd.DataFrame, ...]:
    members = list_members(settings, "net", version, 0)
    network, _ = train_members(members, settings, "net", version, 0, "cpu")
    return measure(network, members, draw_stretches(members, settings, version, 0), settings)


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, ...]:
    return run(small())


def test_every_network_has_compositions_of_its_own_and_keeps_them_in_both_versions() -> None:
    published, balanced = (list_members(small(), "net", v, 0) for v in VERSIONS)
    assert [(m.level, m.number) for m in published] == [(0, 0), (0, 1), (12, 0), (12, 1)]
    assert [m.grammar.words for m in published] == [m.grammar.words for m in balanced]
    assert published[2].grammar.words != published[3].grammar.words
    assert published[3].grammar != balanced[3].grammar


def test_every_reading_is_measured_of_every_network(tables: tuple[pd.DataFrame, ...]) -> None:
    measures, variants = tables
    wide = measures.pivot(index=["reading", "level", "network"], columns="measure", values="value")
    for reading in (*NETWORKS, SYMBOLS, WINDOWS):
        assert wide.loc[reading, list(COUNTED)].notna().all(axis=None)
        assert (wide.loc[reading, PARSE_LENGTH] <= 250).all()
    truth = wide.loc[TRUTH]
    assert (truth.loc[0, PARSE_LENGTH] == 250).all()
    assert (truth.loc[12, PARSE_LENGTH] < 250).all()
    assert (wide.loc[SYMBOLS, "states"] == 5).all()
    np.testing.assert_allclose(wide.loc[MATCHED, RADIUS], wide.loc[TRAINED, RADIUS], rtol=1e-5)
    assert set(variants["variant"]) == set(VARIANTS)


def test_the_default_variant_is_the_measure(tables: tuple[pd.DataFrame, ...]) -> None:
    measures, variants = tables
    key = ["level", "network", "reading", "measure"]
    default = variants[variants["variant"] == DEFAULT].merge(measures, on=key)
    assert len(default) == 4 * 2 * 3  # members, readings, measures
    assert (default["value_x"] == default["value_y"]).all()
    by_variant = variants.groupby("variant")["value"].sum()
    assert by_variant["top 1"] != by_variant[DEFAULT] != by_variant["5 levels per unit"]


def test_the_same_seed_gives_the_same_table(tables: tuple[pd.DataFrame, ...]) -> None:
    for once, again in zip(tables, run(small()), strict=True):
        pd.testing.assert_frame_equal(once, again)


def test_a_network_does_not_depend_on_the_others(tables: tuple[pd.DataFrame, ...]) -> None:
    more, _ = run(small(levels=(0, 6, 12)))
    same = more[more["level"] != 6].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, tables[0], rtol=1e-5)


def test_only_affine_networks_have_a_control_of_equal_memory() -> None:
    measures, _ = run(small("lstm"))
    assert MATCHED not in set(measures["reading"])
    assert RADIUS not in set(measures["measure"])
    members = list_members(small("lstm"), "net", "published", 0)
    network, _ = train_members(members, small("lstm"), "net", "published", 0, "cpu")
    states, losses = read_states(network, np.zeros((4, 9), dtype=np.uint8))
    assert states.shape == (4, 9, 10)  # hidden states and cells
    assert losses.shape == (4,)


def planted(**slopes: float) -> pd.DataFrame:
    """Measures of 8 x 10 networks: states and parse lengths with these slopes over level."""
    rng = np.random.default_rng(3)
    levels = np.repeat(LEVELS, 10)
    noise = rng.normal(size=(2, 80))
    tables = {
        TRAINED: {
            measure: 500 + slopes.get(measure, 0.0) * levels + 60 * noise[0] for measure in COUNTED
        },
        UNTRAINED: dict.fromkeys(COUNTED, 300 + 60 * noise[1]),
        MATCHED: {
            measure: 500 + slopes.get("matched", 0.0) * levels + 60 * noise[1]
            for measure in COUNTED
        },
        TRUTH: {ENTROPY_RATE: 1 + rng.normal(size=80)},
    }
    parts = [
        pd.DataFrame({"level": levels, "network": np.tile(range(10), 8), "value": values}).assign(
            reading=reading, measure=measure
        )
        for reading, columns in tables.items()
        for measure, values in columns.items()
    ]
    return pd.concat(parts, ignore_index=True)


def correlations(**slopes: float) -> pd.DataFrame:
    measures = planted(**slopes)
    variants = measures[measures["reading"] == TRAINED].assign(variant=DEFAULT)
    other = variants.assign(variant="top 1", value=-variants["value"])
    swept = pd.concat([variants, other], ignore_index=True)
    return correlate(measures, swept, DRAWS, 200, CORRELATIONS)


def verdicts(**slopes: float) -> dict[str, str]:
    table = correlations(**slopes)
    claims = judge_hierarchy("affine12", {"published": table, "balanced": table}, True)
    return {claim.id.removeprefix("chunks-hierarchy-"): claim.verdict for claim in claims}


def test_states_that_grow_with_level_are_found_and_those_that_do_not_are_not() -> None:
    assert correlation(correlations(states=6), TRAINED, "states").low > 0.5
    flat = correlation(correlations(), TRAINED, "states")
    assert flat.low < 0 < flat.high


def test_a_variant_has_a_correlation_of_its_own() -> None:
    table = correlations(parse_length=-4)
    default = correlation(table, TRAINED, PARSE_LENGTH)
    turned = correlation(table, TRAINED, PARSE_LENGTH, variant="top 1")
    assert turned.mean == pytest.approx(-default.mean)
    assert default.high < 0


def test_published_values_stand_beside_the_default_alone() -> None:
    table = correlations(states=6).dropna(subset="published")
    assert set(zip(table["reading"], table["measure"], strict=True)) == {
        (TRAINED, "states"),
        (TRAINED, PARSE_LENGTH),
    }
    assert (table["variant"] == DEFAULT).all()
    assert (table["given"] == "").all()


def test_verdicts_follow_what_was_planted() -> None:
    as_said = verdicts(states=6, parse_length=-3)
    assert as_said["states"] == as_said["parse-length"] == "reproduced"
    assert as_said["states-balanced"] == as_said["parse-length-balanced"] == "reproduced"
    turned = verdicts(states=-6, parse_length=6)
    assert set(turned.values()) == {"not reproduced"}
    assert verdicts(states=60, parse_length=-60)["parse-length"] == "direction only"


def test_growth_that_memory_explains_is_no_growth_beyond_memory() -> None:
    assert verdicts(states=6)["states-memory"] == "reproduced"
    assert verdicts(states=6, matched=6)["states-memory"] == "not reproduced"


def test_without_a_control_of_equal_memory_nothing_is_claimed_of_it() -> None:
    measures = planted(states=6)
    measures = measures[measures["reading"] != MATCHED]
    variants = measures[:0].assign(variant=[])
    table = correlate(measures, variants, DRAWS, 100, {})
    assert EXCESS[MATCHED] not in set(table["reading"])
    claims = judge_hierarchy("gru24", {"published": table, "balanced": table}, False)
    assert [claim.id for claim in claims] == [
        "chunks-hierarchy-states-gru24",
        "chunks-hierarchy-states-balanced-gru24",
        "chunks-hierarchy-parse-length-gru24",
        "chunks-hierarchy-parse-length-balanced-gru24",
    ]
    assert {claim.paper for claim in claims} == {"chunkscope"}
    assert all(claim.statement.endswith(", in gru24") for claim in claims)


def test_the_published_means_are_whole() -> None:
    table = published_means()
    assert (table.groupby(["reading", "measure"]).size() == len(LEVELS)).all()
    truth = table[(table["reading"] == TRUTH) & (table["level"] == 0)].iloc[0]
    assert (truth["mean"], truth["sem"]) == (3000, 0)


def test_the_defaults_repeat_the_paper_and_a_change_of_them_does_not() -> None:
    assert HierarchySettings().repeats_paper("affine12")
    assert HierarchySettings(filler_share=0.3, resamples=500).repeats_paper("affine12")
    assert not HierarchySettings(measured=5000).repeats_paper("affine12")
    assert not small().repeats_paper("net")
    paper = HierarchySettings().networks["affine12"]
    for changes, repeats in (
        ({"per_level": 20}, True),
        ({"training": {**dict(paper.training), "evaluate_every": 10}}, True),
        ({"training": {**dict(paper.training), "window": 2000}}, False),
        ({"levels": (0, 35)}, False),
    ):
        changed = type(paper).model_validate({**dict(paper), **changes})
        assert HierarchySettings(networks={"a": changed}).repeats_paper("a") is repeats, changes


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"levels": (5,)}, "two or more different levels"),
        ({"levels": (5, 0)}, "ascending order"),
        ({"levels": (0, 51)}, "less than or equal to 50"),
        ({"per_level": 1}, "greater than or equal to 2"),
    ],
)
def test_what_has_no_correlation_with_level_is_refused(
    changed: dict[str, object], sentence: str
) -> None:
    network = {"network": {"architecture": "affine", "hidden": 12}, **changed}
    with pytest.raises(ValidationError, match=sentence):
        HierarchyNetwork.model_validate(network)


def test_a_window_longer_than_a_sequence_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"affine12.training.window: got 3000; .* 2000"):
        HierarchySettings(length=2000)


def test_the_figure_shows_the_numbers_of_the_tables(tables: tuple[pd.DataFrame, ...]) -> None:
    measures, variants = tables
    versions = dict.fromkeys(VERSIONS, measures)
    table = correlate(measures, variants, DRAWS, 100, {})
    found = {"net": dict.fromkeys(VERSIONS, table)}
    drawn = {
        repeats: draw_hierarchy("net", versions, found, repeats, FigureSettings())[1]
        for repeats in (True, False)
    }
    level = drawn[False].query(
        "panel == 'levels' and version == 'balanced' and reading == @TRAINED and level == 12"
    )
    mine = measures.query("reading == @TRAINED and level == 12").groupby("measure")["value"].mean()
    np.testing.assert_allclose(level["mean"], mine[level["measure"]])
    swept = drawn[False].query("panel == 'variants' and reading == @TRAINED and variant == 'top 1'")
    assert (swept["mean"] == correlation(table, TRAINED, PARSE_LENGTH, variant="top 1").mean).all()
    assert set(drawn[True]["panel"]) - set(drawn[False]["panel"]) == {"published"}
