"""A planted store: its retention table names what was planted in each site, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chunkscope.errors import InversionError
from chunkscope.grammars import Counting, Inputs
from chunkscope.inversion.radii import FIXED, FUNCTIONAL, QUANTILE, find_radii
from chunkscope.inversion.reading import (
    FREE,
    PARTLY,
    RETAINED,
    TRAINED,
    UNKNOWN,
    UNTRAINED,
    Reading,
    beyond_chance,
    read_point,
    status,
)
from chunkscope.inversion.selection import choose_queries, choose_unseen, held_out
from chunkscope.inversion.settings import InversionSettings
from chunkscope.statistics import Interval, seen_in_none
from chunkscope.store import ActivationStore
from chunkscope.store.writer import StoreWriter

pytestmark = pytest.mark.filterwarnings("ignore:.*units never change")

EVERY = Counting(letters=3, distinct=2, most=3).inputs()
INPUTS = replace(EVERY, labels={**EVERY.labels, "parity": EVERY.labels["count"] % 2})
SETTINGS = InversionSettings(queries=50, held_out=0.5, radii=(0.3,), quantiles=(0.05,))
SITES = ("count", "parity", "last_symbol", "constant", "noise")
READING = Reading(INPUTS, "target", SITES, SETTINGS, seed=0)


def one_hot(values: np.ndarray) -> np.ndarray:
    return np.eye(values.max() + 1, dtype=np.float32)[values]


def planted(inputs: Inputs) -> dict[str, np.ndarray]:
    """Site -> activity (input, unit) that holds one thing, and nothing else."""
    rng = np.random.default_rng(0)
    rows = np.arange(len(inputs))
    return {
        "count": one_hot(inputs.labels["count"]),
        "parity": one_hot(inputs.labels["parity"]),
        "last_symbol": one_hot(inputs.tokens[rows, inputs.points["target"]].astype(int)),
        "constant": np.ones((len(inputs), 3), np.float32),
        "noise": rng.standard_normal((len(inputs), 40)).astype(np.float32),
    }


def write_store(path: Path, sites: dict[str, np.ndarray]) -> Path:
    tokens = np.zeros((len(INPUTS), 1), np.uint8)
    with StoreWriter(
        path, tokens=tokens, symbols=INPUTS.symbols, attributes={"points": ["target"]}
    ) as writer:
        writer.create(0, {site: activity.shape[1] for site, activity in sites.items()})
        for first in range(0, len(INPUTS), 100):
            part = {site: a[first : first + 100, None] for site, a in sites.items()}
            n = len(next(iter(part.values())))
            writer.write(0, first, part, loss=np.full((n, 1), np.nan))
    return path


def radii(sites: dict[str, np.ndarray]) -> pd.DataFrame:
    """A functional radius of its own for every query: 0, but for the last ones."""
    rows = [
        (0, site, query, 0.2 if query >= 30 else -1.0)
        for site in sites
        for query in range(SETTINGS.queries)
    ]
    return pd.DataFrame(rows, columns=["member", "site", "query", "radius"])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pd.DataFrame]:
    folder, sites = tmp_path_factory.mktemp("planted"), planted(INPUTS)
    deaf = {site: np.ones_like(activity) for site, activity in sites.items()}
    with (
        ActivationStore.open(write_store(folder / "trained.zarr.zip", sites)) as trained,
        ActivationStore.open(write_store(folder / "untrained.zarr.zip", deaf)) as untrained,
    ):
        stores = {TRAINED: trained, UNTRAINED: untrained}
        shuffled = radii(sites).sample(frac=1, random_state=0)  # in any order
        yield read_point(stores, READING, [0], shuffled)[0]


def at_radius(table: pd.DataFrame, site: str, **chosen: object) -> pd.DataFrame:
    chosen = {
        "condition": TRAINED, "metric": "euclidean", "radius_kind": FIXED, "level": 0.1, **chosen
    }  # fmt: skip
    rows = table[table["site"] == site]
    for column, value in chosen.items():
        rows = rows[rows[column] == value]
    return rows.set_index("feature")


@pytest.mark.parametrize(
    ("site", "retained"),
    [
        ("count", {"count", "parity"}),  # who knows the count knows whether it is even
        ("parity", {"parity"}),
        ("last_symbol", {"letter"}),
        ("constant", set()),
        ("noise", set()),
    ],
)
def test_the_table_names_what_was_planted(
    table: pd.DataFrame, site: str, retained: set[str]
) -> None:
    rows = at_radius(table, site)
    assert set(rows.index[rows["status"] == RETAINED]) == retained
    if site == "constant":
        assert set(rows["status"]) == {FREE}
        assert rows["mass"].iloc[0] == pytest.approx(1, abs=0.01)
    if site == "noise":
        assert set(rows["status"]) == {UNKNOWN}
        assert (rows["empty"] == 50).all()
    assert set(at_radius(table, site, condition=UNTRAINED)["status"]) == {FREE}


def test_what_is_shared_in_part_is_neither_retained_nor_free(table: pd.DataFrame) -> None:
    row = at_radius(table, "parity").loc["count"]  # of an even count there is one, of odd ones two
    assert row["status"] == PARTLY
    same = np.where(INPUTS.labels["count"][READING.queries] == 2, 1.0, np.nan)
    assert row["same"] < 1
    assert np.nanmax(same) == 1
    assert 0.1 < row["kept"] < 0.9


@pytest.mark.parametrize("site", ["count", "parity", "last_symbol"])
def test_controls_know_nothing(table: pd.DataFrame, site: str) -> None:
    rows = at_radius(table, site)
    retained = rows[rows["status"] == RETAINED]
    assert (retained["kept"] > 0.99).all()
    assert (retained["same_low"] < 1).all()
    assert (retained["shuffled"].abs() < 0.1).all()
    assert (retained["wrong"] < 0.3).all()  # another query may share the value


def test_radii_of_every_kind_stand_in_the_table(table: pd.DataFrame) -> None:
    kinds = table[["condition", "metric", "radius_kind", "level"]].drop_duplicates()
    trained = kinds[kinds["condition"] == TRAINED]
    assert set(trained["metric"]) == {"euclidean", "cosine", "centred"}
    assert set(trained["radius_kind"]) == {FIXED, QUANTILE, FUNCTIONAL}
    assert set(kinds[kinds["condition"] == UNTRAINED]["radius_kind"]) == {FIXED, QUANTILE}
    chosen = table[(table["radius_kind"] == FUNCTIONAL) & (table["feature"] == "count")]
    by_site = chosen.set_index("site")
    assert by_site.loc["count", "n"] == 20  # those queries whose radius is above 0
    assert by_site.loc["count", "same"] == 1


def test_functional_radii_are_of_the_same_queries() -> None:
    sites = {"one": np.zeros(1)}
    with pytest.raises(InversionError, match="must be one for each of 50 queries"):
        find_radii(SETTINGS, np.ones((50, 9)), radii(sites)["radius"].iloc[:40])
    found = find_radii(SETTINGS, np.ones((50, 9)), radii(sites)["radius"])
    np.testing.assert_array_equal(found[-1].reach, radii(sites)["radius"])


def test_a_radius_by_quantile_holds_that_share(table: pd.DataFrame) -> None:
    rows = at_radius(table, "noise", radius_kind=QUANTILE, level=0.05)
    assert rows["mass"].iloc[0] == pytest.approx(0.05, abs=0.01)


def test_statuses() -> None:
    sure, unsure = Interval(0.97, 0.93, 1.0, 60), Interval(0.97, 0.88, 1.0, 60)
    assert status(Interval(0.95, 0.85, 1.05, 60), sure, 1.0) == RETAINED
    assert status(Interval(0.95, 0.91, 0.99, 60), unsure, 1.0) == PARTLY
    assert status(Interval(0.85, 0.8, 0.9, 60), sure, 1.0) == PARTLY
    assert status(Interval(0.05, 0.01, 0.09, 60), sure, 1.0) == FREE
    assert status(Interval(0.05, 0.01, 0.11, 60), unsure, 1.0) == PARTLY
    assert status(Interval(1.0, 1.0, 1.0, 20), sure, 0.4) == UNKNOWN
    assert status(Interval(1.0, float("nan"), float("nan"), 1), sure, 1.0) == UNKNOWN


def test_queries_are_drawn_as_inputs_occur() -> None:
    rows = choose_queries(INPUTS, 20_000, seed=0)
    seen = np.bincount(rows, minlength=len(INPUTS)) / 20_000
    error = np.sqrt(INPUTS.probability / 20_000)
    assert (np.abs(seen - INPUTS.probability) < 5 * error).all()
    assert not np.array_equal(rows, choose_queries(INPUTS, 20_000, seed=1))


def test_unseen_queries_are_held_out() -> None:
    rows = choose_unseen(INPUTS, 0.5, 50, 0, "test")
    validation = choose_unseen(INPUTS, 0.5, 50, 0, "validation")
    assert not np.array_equal(rows, validation)
    assert held_out(INPUTS, 0.5, seed=0)[np.concatenate([rows, validation])].all()
    with pytest.raises(InversionError, match="which holds out none of"):
        choose_unseen(INPUTS, 1e-9, 50, 0, "test")


def test_where_nothing_misses_the_interval_is_as_wide_as_the_queries_leave_it() -> None:
    prior = np.full(64, 0.25)
    sure = beyond_chance(np.ones(64), prior)
    assert (sure.mean, sure.high) == (1, 1)
    assert 1 - sure.low == pytest.approx(seen_in_none(64) / 0.75)
    assert beyond_chance(prior, prior).mean == pytest.approx(0)
    assert np.isnan(beyond_chance(np.full(64, np.nan), prior).mean)


def test_intervals_over_queries_hold_their_level() -> None:
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):  # of half of the queries .9 of the ball keeps the value, of half all
        prior = rng.choice([0.1, 0.5], 64)
        same = np.where(rng.random(64) < 0.5, 0.9, 1.0)
        truth = 1 - 0.05 / 0.7
        interval = beyond_chance(same, prior)
        held += interval.low <= truth <= interval.high
    assert 0.92 < held / 400 < 0.98
