"""Rankings on planted supports: what each finds, and the figure and claims made of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from chunkscope.figures.probing_rankings import LOOKS, draw_rankings
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import SMALL
from chunkscope.probing.planted.claims import judge_rankings
from chunkscope.probing.planted.comparison import (
    BEST_SUBSET,
    CODES,
    COLUMNS,
    DENSE,
    GELU,
    SUPPRESSOR,
    compare_rankings,
    draw_gelu,
)
from chunkscope.probing.planted.comparison_settings import (
    ComparisonSettings,
    GeluDraws,
    SubsetSettings,
)
from chunkscope.probing.planted.settings import CodesSettings, SuppressorSettings
from chunkscope.probing.rankings import RANKINGS

LOOK = FigureSettings(dpi=50)
SMALL_STUDY = ComparisonSettings(
    gelu=GeluDraws(
        draws=8,
        rows=(150, 300),
        units=(12, 20),
        support=(2, 4),
        shift=(0.1, 5),
        positives=(0.1, 0.5),
    ),
    codes=CodesSettings(rows=1500, features=64, units=16, code=2),
    suppressor=SuppressorSettings(rows=1200, units=10, decoys=4),
    seeds=3,
    sizes=(1, 2, 4, 99),
    subset=SubsetSettings(units=10, nodes=20),
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return compare_rankings(SMALL_STUDY, seed=0)


def mean(table: pd.DataFrame, data: str, value: str, size: int = 2) -> pd.Series:
    rows = table[(table["data"] == data) & (table["size"] == size)]
    return rows.groupby("ranking")[value].mean()


def test_every_ranking_stands_on_every_draw_at_every_size(table: pd.DataFrame) -> None:
    assert list(table.columns) == COLUMNS
    assert table.groupby("data")["draw"].nunique().to_dict() == {GELU: 8, CODES: 3, SUPPRESSOR: 3}
    for _, draw in table.groupby(["data", "draw"]):
        planted = draw["planted"].iloc[0]
        sizes = draw.groupby("ranking")["size"].agg(set)
        for ranking in (*RANKINGS, BEST_SUBSET):
            assert sizes[ranking] == {1, 2, 4, planted}  # 99 is more than there are
        assert sizes[DENSE] == {draw["units"].iloc[0]}


def test_recovery_counts_planted_units(table: pd.DataFrame) -> None:
    room = np.minimum(table["size"], table["planted"])
    found = table["recovered"] * room
    np.testing.assert_allclose(found, found.round(), atol=1e-12)
    assert table["recovered"].between(0, 1).all()
    assert (table[table["ranking"] == DENSE]["recovered"] == 1).all()
    strong = table[
        (table["data"] == GELU) & (table["shift"] > 2) & (table["size"] == table["planted"])
    ]
    assert (strong[strong["ranking"] == "mean_difference"]["recovered"] == 1).all()
    assert strong[strong["ranking"] == "random"]["recovered"].mean() < 0.5


def test_a_single_ranking_cannot_find_the_suppressor_pair(table: pd.DataFrame) -> None:
    f1, found = mean(table, SUPPRESSOR, "f1"), mean(table, SUPPRESSOR, "recovered")
    for ranking in ("mean_difference", "f", "mutual_information"):
        assert f1[BEST_SUBSET] > f1[ranking] + 0.15
        assert found[BEST_SUBSET] > found[ranking]


def test_shared_carriers_are_found_by_the_mean_difference(table: pd.DataFrame) -> None:
    found = mean(table, CODES, "recovered")
    assert found["mean_difference"] == 1
    assert found["random"] < 1


def test_f_ranks_standardised_units_as_the_mean_difference_does(table: pd.DataFrame) -> None:
    key = ["data", "draw", "size"]
    f, difference = (
        table[table["ranking"] == name].set_index(key)[["f1", "recovered"]]
        for name in ("f", "mean_difference")
    )
    pd.testing.assert_frame_equal(f, difference)


def test_only_the_best_subset_says_whether_it_is_proved(table: pd.DataFrame) -> None:
    own = table["ranking"] == BEST_SUBSET
    assert set(table[~own]["status"]) == {""}
    assert table[~own]["gap"].isna().all()
    assert set(table[own]["status"]) <= {"optimal", "node limit"}
    proved = table[own & (table["status"] == "optimal")]
    assert (proved["gap"] <= 1e-6).all()
    assert (proved["size"] == 1).any()


def test_the_comparison_is_the_same_each_time_and_another_for_another_seed(
    table: pd.DataFrame,
) -> None:
    few = SMALL_STUDY.model_copy(
        update={"seeds": 2, "gelu": SMALL_STUDY.gelu.model_copy(update={"draws": 2})}
    )
    again, other = compare_rankings(few, 0), compare_rankings(few, 1)
    first = table[table["draw"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, first)  # more draws change none
    assert not again["f1"].equals(other["f1"])


def test_draws_are_log_uniform_in_their_ranges() -> None:
    ranges, rng = GeluDraws(), np.random.default_rng(0)
    drawn = [draw_gelu(ranges, rng) for _ in range(2000)]
    for name in ("units", "support", "shift", "positives"):
        low, high = map(math.log, getattr(ranges, name))
        logs = np.log([getattr(one, name) for one in drawn])
        assert low - 1e-9 <= logs.min()
        assert logs.max() <= high + 1e-9
        assert logs.mean() == pytest.approx((low + high) / 2, abs=0.1)
        assert logs.std() == pytest.approx((high - low) / math.sqrt(12), rel=0.08)
    assert {one.rows % 2 for one in drawn} == {0}


def test_settings_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shift: got \[3.0, 1.0\]; the smaller must stand first"):
        GeluDraws(shift=(3, 1))
    with pytest.raises(ValueError, match=r"support: got up to 9; must be at most the fewest units"):
        GeluDraws(units=(8, 16), support=(2, 9))
    with pytest.raises(ValueError, match=r"subset.units 10; both must be at least 19"):
        ComparisonSettings(subset=SubsetSettings(units=10))


def test_the_figure_shows_the_table_and_is_legible(table: pd.DataFrame, tmp_path: Path) -> None:
    figure, data = draw_rankings(table, LOOK)
    save_figure(figure, data, tmp_path / "figure", LOOK)
    assert set(data["ranking"]) == {*LOOKS, DENSE}
    pair = data[(data["panel"] == "e") & (data["x"] == 2)].set_index("ranking")["mean"]
    expected = mean(table, SUPPRESSOR, "f1")
    for ranking in LOOKS:
        assert pair[ranking] == pytest.approx(expected[ranking])
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= SMALL
    page = figure.bbox.padded(1)
    for box in (axes.get_tightbbox() for axes in figure.axes):
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1


def test_verdicts_follow_the_numbers(table: pd.DataFrame) -> None:
    claims = {claim.id: claim for claim in judge_rankings(table)}
    assert claims["probing-rankings-suppressor"].value.mean > 0.15
    assert claims["probing-rankings-codes"].verdict == "reproduced"

    swapped = table.assign(
        ranking=table["ranking"].replace(
            {BEST_SUBSET: "mean_difference", "mean_difference": BEST_SUBSET, "random": "random"}
        )
    )
    claims = {claim.id: claim for claim in judge_rankings(swapped)}
    assert claims["probing-rankings-suppressor"].verdict == "not reproduced"

    unproved = table.assign(status=table["status"].replace("optimal", "node limit"))
    claims = {claim.id: claim for claim in judge_rankings(unproved)}
    assert claims["probing-rankings-suppressor"].verdict == "direction only"
