"""Scores of a decoder: computed as drawn, on inputs that are enumerated and on a sample of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from chunkscope.errors import InversionError
from chunkscope.grammars import Counting, Inputs, distinct
from chunkscope.inversion.balls import gather_queries
from chunkscope.inversion.decoder.completeness import scatter_site
from chunkscope.inversion.decoder.display import show_site
from chunkscope.inversion.decoder.drawing import Draws
from chunkscope.inversion.decoder.files import Trained
from chunkscope.inversion.decoder.pairs import Readings
from chunkscope.inversion.decoder.readings import read_every_input
from chunkscope.inversion.decoder.report import score_decoder
from chunkscope.inversion.decoder.scores import QUALITY, score_site
from chunkscope.inversion.decoder.settings import DecoderSettings, DrawSettings, TrustSettings
from chunkscope.inversion.decoder.study import Site, Study
from chunkscope.inversion.decoder.targets import find_target, said_of
from chunkscope.inversion.decoder.training import train_decoder
from chunkscope.inversion.decoder.trust import judge_site
from chunkscope.inversion.distances import metric_of
from chunkscope.inversion.patching import activity_at
from chunkscope.inversion.quality import precision
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import GPTSettings

TASK = Counting(letters=3, distinct=2, most=2)
INPUTS = TASK.inputs()
MODEL = GPTSettings(layers=1, width=16, heads=2, context=10, initial_sd=0.3, embedding_sd=1.0)
PLACE = ("colon", "blocks.0.hook_resid_post")
SETTINGS = DecoderSettings(
    layers=1, width=32, heads=2, steps_per_site=250, batch=64, learning_rate=0.01, samples=200,
    draws=(DrawSettings(), DrawSettings(temperature=2), DrawSettings(temperature=2, noise=1)),
    shown=3,
)  # fmt: skip
EXAMPLE = Counting(letters=3, distinct=2, most=4).inputs().take(np.zeros(4000, np.int64))
RADIUS = 0.2
QUERIES = np.arange(0, len(INPUTS), 4)
VALIDATION = np.arange(1, len(INPUTS), 4)


@pytest.fixture(scope="module")
def network() -> Network:
    return build(MODEL, len(INPUTS.symbols), [5], INPUTS.symbols)


def readings_of(network: Network, inputs: Inputs) -> Readings:
    return Readings(("site",), (activity_at(network, inputs, PLACE[0], [PLACE[1]])[PLACE[1]],))


@pytest.fixture(scope="module")
def study(network: Network) -> Study:
    readings, seen = readings_of(network, INPUTS), np.ones(len(INPUTS), bool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chunkscope.inversion.decoder.pairs.SEARCHED", 2000)
        decoder = train_decoder(
            INPUTS, readings, seen, RADIUS, SETTINGS, 0, progress=lambda *_: None
        )
    decoder.requires_grad_(False)
    return Study(
        Trained(decoder, 0, (PLACE,)),
        SETTINGS,
        RADIUS,
        network,
        TASK,
        INPUTS,
        QUERIES,
        VALIDATION,
        seed=0,
    )


def site_of(study: Study) -> Site:
    activity = readings_of(study.network, study.inputs).activity[0]
    blocks = [(0, activity[:, None])]
    queries, validation = (
        gather_queries(blocks, rows) for rows in (study.queries, study.validation)
    )
    return Site(
        0, PLACE, queries, validation, metric_of("euclidean", blocks, study.inputs.weight), activity
    )


@pytest.fixture(scope="module")
def scored(study: Study) -> tuple[pd.DataFrame, list[Draws]]:
    return score_site(study, site_of(study))


def first(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["temperature"] == 1) & (table["noise"] == 0)]


def test_what_is_seen_is_what_was_computed(scored: tuple[pd.DataFrame, list[Draws]]) -> None:
    rows = first(scored[0])
    for seen, computed in (("seen", "computed"), ("inside", "precision")):
        apart = rows[seen] - rows[computed]
        assert abs(apart.mean()) < 3 * apart.std() / np.sqrt(len(rows)) + 1e-9
    apart = rows["missing"] - rows["good_turing"]
    assert abs(apart.mean()) < 3 * apart.std() / np.sqrt(len(rows)) + 1 / SETTINGS.samples


def test_nothing_betters_draws_from_the_ball(scored: tuple[pd.DataFrame, list[Draws]]) -> None:
    rows = first(scored[0])
    assert tuple(scored[0].columns) == QUALITY
    assert (rows["members"] > 1).mean() > 0.5
    means = rows[["search_100", "coverage_100", "ideal_100"]].mean()
    assert rows["untold_100"].mean() < means["coverage_100"]
    assert means.is_monotonic_increasing
    assert (rows["kl"] > 0).all()
    assert rows["total_variation"].between(0, 1).all()
    assert rows["cells"].between(0, 1).all()
    assert (rows["inside"] <= rows["valid"]).all()


def test_the_ball_of_another_query_holds_no_more_than_it_does_of_inputs(
    scored: tuple[pd.DataFrame, list[Draws]],
) -> None:
    rows = first(scored[0])
    by_chance = rows["mass"].mean() * rows["valid"].mean()
    assert rows["wrong"].mean() == pytest.approx(by_chance, abs=0.04)
    assert rows["inside"].mean() > rows["wrong"].mean() + 0.3


def test_cells_are_those_that_draws_in_the_ball_reach(
    study: Study, scored: tuple[pd.DataFrame, list[Draws]]
) -> None:
    site, draws = site_of(study), scored[1][0]
    kinds = [kind for kind in SETTINGS.cells if kind in INPUTS.labels]
    labels = list(zip(*(INPUTS.labels[kind].tolist() for kind in kinds), strict=True))
    rows = {row.tobytes(): at for at, row in enumerate(INPUTS.tokens.astype(np.int16))}
    found = first(scored[0])["cells"].to_numpy()
    for query in range(0, len(QUERIES), 3):
        apart = site.metric.distance(site.activity, site.queries.activity[[query]])[0]
        ball = np.flatnonzero(apart <= RADIUS)
        inside = draws.tokens[query][draws.distance[query] <= RADIUS]
        reached = {labels[rows[row.tobytes()]] for row in inside}
        there = [at for at in ball if labels[at] in reached]
        expected = INPUTS.probability[there].sum() / INPUTS.probability[ball].sum()
        assert found[query] == pytest.approx(expected)


def test_trust_is_what_validation_queries_give(
    study: Study, scored: tuple[pd.DataFrame, list[Draws]]
) -> None:
    site, rows = site_of(study), first(scored[0])
    trust = judge_site(study, replace(site, validation=site.queries))
    assert trust.precision == pytest.approx(rows["precision"].mean())
    ideal = rows["ideal_1000"].mean()
    assert trust.coverage == pytest.approx(rows["coverage_1000"].mean() / ideal)
    other = judge_site(study, site)
    assert rows["validated_precision"].unique().tolist() == [other.precision]
    assert other.precision != trust.precision


@pytest.mark.parametrize("measure", ["precision", "coverage"])
def test_draws_are_trusted_where_they_reach_both(study: Study, measure: str) -> None:
    site, found = site_of(study), []
    reached = getattr(judge_site(study, site), measure)
    for least in (0.99 * reached, (reached + 1) / 2):
        asked = TrustSettings(**({"precision": 0, "coverage": 0} | {measure: least}))
        settings = SETTINGS.model_copy(update={"trusted": asked})
        found.append(judge_site(replace(study, settings=settings), site).trusted)
    assert found == [True, False]


def test_where_no_ball_can_be_scored_draws_are_not_trusted(study: Study) -> None:
    sample = replace(INPUTS, drawn=np.ones(len(INPUTS), np.int64))
    trust = judge_site(replace(study, inputs=sample), site_of(study))
    assert np.isnan(trust.precision)
    assert not trust.trusted


def test_noise_and_temperature_cost_precision(scored: tuple[pd.DataFrame, list[Draws]]) -> None:
    inside = scored[0].groupby(["temperature", "noise"])["inside"].mean()
    assert inside[1, 0] > inside[2, 0] > inside[2, 1]
    assert scored[0].loc[scored[0]["temperature"] > 1, "precision"].isna().all()


def test_draws_are_measured_by_what_the_network_makes_of_them(
    study: Study, scored: tuple[pd.DataFrame, list[Draws]]
) -> None:
    site, draws = site_of(study), scored[1][0]
    rows = {row.tobytes(): at for at, row in enumerate(INPUTS.tokens.astype(np.int16))}
    for query in range(len(QUERIES)):
        for sample in range(20):
            at = rows.get(draws.tokens[query, sample].tobytes())
            assert draws.valid[query, sample] == (at is not None)
            if at is not None:
                apart = site.metric.distance(site.activity[[at]], site.queries.activity[[query]])[
                    0, 0
                ]
                assert draws.distance[query, sample] == pytest.approx(apart, abs=1e-5)


def test_a_sample_of_inputs_estimates_what_enumeration_says(study: Study) -> None:
    times = np.random.default_rng(0).multinomial(3000, INPUTS.probability)
    sample = replace(INPUTS, drawn=np.maximum(times, 1))
    drawn = replace(study, inputs=sample)
    exact, estimated = (first(score_site(s, site_of(s))[0]) for s in (study, drawn))
    assert estimated["precision"].notna().mean() > 0.3
    for measure in ("precision", "coverage_100", "ideal_100", "total_variation"):
        apart = (exact[measure] - estimated[measure]).dropna()
        assert abs(apart.mean()) < 0.1


def test_balls_of_a_sample_are_estimated_without_bias() -> None:
    """Of a ball of 40 inputs among 4,000, whatever is said of it."""
    rng, found = np.random.default_rng(0), []
    probability = rng.dirichlet(np.full(4000, 5))
    ball = np.arange(40)
    said = rng.dirichlet(np.ones(40)) * 0.6
    for _ in range(200):
        times = rng.multinomial(20_000, probability)
        inputs = replace(EXAMPLE, probability=probability, drawn=times)
        near = ball[times[ball] > 0]
        target = find_target(inputs, -1, near, 1000, rng)
        assert target is not None
        found.append(precision(target.ball, said[target.rows]))
    assert np.mean(found) == pytest.approx(0.6, abs=0.02)


def test_the_query_is_a_member_where_inputs_are_enumerated_alone() -> None:
    rng, near = np.random.default_rng(0), np.array([3, 7, 9])
    whole = find_target(INPUTS, 7, near, 10, rng)
    assert whole is not None
    assert whole.rows.tolist() == [3, 7, 9]
    often = replace(INPUTS, drawn=np.full(len(INPUTS), 20))
    drawn = find_target(often, 7, near, 10, rng)
    assert drawn is not None
    assert sorted(drawn.rows.tolist()) == [3, 9]
    some = find_target(INPUTS, 7, np.arange(40), 10, rng)
    assert some is not None
    assert (some.members, len(some.rows)) == (40, 10)
    assert some.mass == pytest.approx(INPUTS.probability[:40].sum())


def test_few_draws_in_a_ball_are_not_scored() -> None:
    rng, near = np.random.default_rng(0), np.array([3, 7, 9])
    for times, there in ((14, False), (15, True)):
        inputs = replace(INPUTS, drawn=np.full(len(INPUTS), times))
        assert (find_target(inputs, 7, near, 10, rng) is not None) == there


def test_a_sample_is_read_as_all_inputs_where_these_can_be_gone_through(study: Study) -> None:
    rows = np.random.default_rng(0).permutation(len(INPUTS))[:30]
    sample = replace(INPUTS.take(rows), drawn=np.ones(30, np.int64))
    given = readings_of(study.network, sample)
    every, readings, queries = read_every_input(
        TASK, study.network, sample, given, (PLACE,), np.array([4, 7, 4])
    )
    assert every.drawn is None
    assert readings.names == given.names
    assert [every.text(row) for row in queries] == [sample.text(row) for row in (4, 7, 4)]
    expected = readings_of(study.network, every).activity[0]
    np.testing.assert_array_equal(readings.activity[0], expected)
    again = read_every_input(TASK, study.network, every, readings, (PLACE,), queries)
    assert again[0] is every
    assert again[1] is readings
    assert again[2] is queries


def test_a_sample_stays_one_where_inputs_are_too_many(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chunkscope.inversion.decoder.readings.MOST_BYTES", 100)
    sample = replace(INPUTS, drawn=np.ones(len(INPUTS), np.int64))
    readings, rows = readings_of(study.network, sample), np.array([4])
    found = read_every_input(TASK, study.network, sample, readings, (PLACE,), rows)
    assert found == (sample, readings, rows)


def test_padding_is_no_symbol() -> None:
    tokens = np.zeros((4, 4), np.int16)
    first, counts = distinct(tokens, np.array([1, 2, 2, 4]))
    assert first.tolist() == [0, 1, 3]
    assert counts.tolist() == [1, 2, 1]


def test_what_is_shown_is_near_first_and_has_its_likelihoods(
    study: Study, scored: tuple[pd.DataFrame, list[Draws]]
) -> None:
    table = show_site(study, site_of(study), scored[1])
    assert set(table["query"]) == set(QUERIES[: SETTINGS.shown].tolist())
    for query, part in table.groupby("query"):
        assert part["rank"].tolist() == list(range(len(part)))
        assert part["distance"].is_monotonic_increasing
        assert part["symbols"].iloc[0] == " ".join(INPUTS.text(query))
        assert part["symbols"].is_unique
        for row in part.itertuples():
            symbols, told = row.symbols.split(), [int(part) for part in row.told.split()]
            assert len(symbols) == len(told)
            assert symbols[row.at] == ":"
            assert max(map(abs, told)) <= 100


def test_a_query_that_was_drawn_twice_is_shown_once(
    study: Study, scored: tuple[pd.DataFrame, list[Draws]]
) -> None:
    site = site_of(replace(study, queries=np.array([8, 4, 8, 4, 8, *QUERIES[5:]])))
    assert site.first_queries(3) == [0, 1, 5]
    assert set(show_site(study, site, scored[1])["query"]) == {8, 4, QUERIES[5]}


def test_tables_of_all_sites_and_raw_draws(study: Study) -> None:
    readings = readings_of(study.network, INPUTS)
    tables, raw = score_decoder(study, readings)
    assert len(tables["quality"]) == len(QUERIES) * len(SETTINGS.draws)
    assert raw["site/0/tokens"].shape == (len(QUERIES), 200, TASK.longest)
    empty, nothing = score_decoder(None, None)
    assert nothing == {}
    assert all(list(empty[name].columns) == list(tables[name].columns) for name in tables)
    assert all(table.empty for table in empty.values())


def test_the_scatter_is_of_what_the_decoder_says(study: Study) -> None:
    table = scatter_site(study, site_of(study))
    near = table[table["distance"] <= RADIUS]
    far = table[table["distance"] > 1.5 * RADIUS]
    assert near["log_probability"].median() > far["log_probability"].median() + 1
    assert (table["log_probability"] <= 0).all()


def test_a_site_of_other_units_is_refused(study: Study) -> None:
    wide = np.zeros(99, np.float32)
    with pytest.raises(InversionError, match="got activity of 99 units; must be at most 16"):
        said_of(study.decoder, 0, wide, INPUTS.tokens[:3], INPUTS.length[:3])
