"""The figures of what sites keep, of radii and of learning show their tables, legibly."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from test_figures_probing_run import LOOK, check_legible

from chunkscope.figures.inversion_learning import PUBLISHED, draw_learning
from chunkscope.figures.inversion_members import join_points, over_members
from chunkscope.figures.inversion_radii import draw_radii
from chunkscope.figures.inversion_retention import draw_retention
from chunkscope.figures.inversion_runs import side_by_side
from chunkscope.figures.saving import save_figure
from chunkscope.inversion.radii import FIXED, FUNCTIONAL, QUANTILE
from chunkscope.inversion.reading import (
    COLUMNS,
    FREE,
    PARTLY,
    RETAINED,
    TRAINED,
    UNKNOWN,
    UNTRAINED,
)

Drawn = tuple[Figure, pd.DataFrame]
RADII = (0.05, 0.1, 0.5)
NONE = pd.DataFrame(columns=list(COLUMNS))
"""The table of a run none of whose members has learned its task."""


def retention(
    features: tuple[str, ...] = ("count", "letter"),
    sites: tuple[str, ...] = ("blocks.0.hook_attn_out", "blocks.0.hook_mlp_out"),
    point: str = "target",
    members: int = 3,
) -> pd.DataFrame:
    """A table of one point; what is of another metric or kind of radius is -1."""
    rng, rows = np.random.default_rng(0), []
    kinds = [*((FIXED, level) for level in RADII), (QUANTILE, 0.01), (FUNCTIONAL, np.nan)]
    for condition, member, site, feature in product(
        (TRAINED, UNTRAINED), range(members), sites, features
    ):
        for metric, (kind, level) in product(("euclidean", "cosine"), kinds):
            if (condition == UNTRAINED or metric == "cosine") and kind == FUNCTIONAL:
                continue
            if condition == UNTRAINED and metric == "cosine":
                continue
            shown = metric == "euclidean" and kind != QUANTILE
            same, kept = rng.random(2) if shown else (-1.0, -1.0)
            rows.append(
                {
                    "condition": condition, "member": member, "point": point, "site": site,
                    "metric": metric, "radius_kind": kind, "level": level,
                    "radius": 0.2 + member if kind == FUNCTIONAL else level, "feature": feature,
                    "prior": 0.25, "same": same, "kept": kept, "status": PARTLY,
                }
            )  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def addition() -> list[pd.DataFrame]:
    features = ("f1", "pair1", "pair2", "carry2")
    heads = tuple(
        f"blocks.{at}.attn.hook_result.{head}" for at, head in product(range(2), range(4))
    )
    return [
        retention(features, (*heads[:4], "blocks.0.hook_resid_mid"), "equals"),
        retention((*features, "last 3 symbols"), heads, "a1"),
    ]


def retained() -> dict[str, pd.DataFrame]:
    names = ["counting", "counting", "addition", "addition", "parse"]
    tables = [
        retention(("count", "letter", "length")),
        retention(("count", "letter", "length"), point="colon"),
        *addition(),
        retention(("length", "last", "last 3 symbols"), ("layers.0.hook_h",), "last"),
    ]
    return join_points(names, tables)


def one_that_failed() -> dict[str, pd.DataFrame]:
    return join_points(["counting", "failed"], [retention(members=1), NONE])


def learning(measure: str = "answers", carried: bool = False, members: int = 3) -> pd.DataFrame:
    kinds = [("every", 0), *([("nine2", 0), ("nine2", 1), ("nine1", 0)] if carried else [])]
    rows = [
        (step, member, measure, *kind, 0.1 + 0.2 * at + 0.05 * member, 100)
        for at, step in enumerate((0, 10, 400))
        for member in range(members)
        for kind in kinds
    ]
    columns = ["step", "member", "measure", "feature", "value", "mean", "n"]
    return pd.DataFrame(rows, columns=columns)


ASKED = {"answers": 0.995, "excess": 0.05}
CASES: dict[str, Callable[[], Drawn]] = {
    "retention": lambda: draw_retention(retained(), 0.1, LOOK),
    "retention, a run that failed": lambda: draw_retention(one_that_failed(), 0.1, LOOK),
    "retention, all failed": lambda: draw_retention({"failed": NONE}, 0.1, LOOK),
    "retention, no run": lambda: draw_retention({}, 0.1, LOOK),
    "radii": lambda: draw_radii(retained(), LOOK),
    "radii, a run that failed": lambda: draw_radii(one_that_failed(), LOOK),
    "radii, all failed": lambda: draw_radii({"failed": NONE}, LOOK),
    "radii, no run": lambda: draw_radii({}, LOOK),
    "learning": lambda: draw_learning(
        {
            "counting": learning(),
            "addition": learning(carried=True),
            "parse": learning("excess loss"),
            "gru24": learning("excess loss", members=1),
        },
        ASKED,
        LOOK,
    ),
    "learning, one network": lambda: draw_learning({"r": learning(members=1)}, ASKED, LOOK),
    "learning, no run": lambda: draw_learning({}, ASKED, LOOK),
}


def said(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("case", CASES)
def test_a_figure_is_drawn_saved_and_legible(case: str, tmp_path: Path):
    figure, data = CASES[case]()
    save_figure(figure, data, tmp_path / "figure", LOOK)
    check_legible(figure)
    read = pd.read_csv(tmp_path / "figure.csv")
    assert list(read.columns) == list(data.columns)
    assert len(read) == len(data)
    assert not (data["mean"].astype(float) < 0).any()  # nothing of another metric or radius
    texts = [text.get_text() for text in figure.findobj(Text)]
    key = case.startswith("retention") and "no run" not in case
    assert texts.count("not estimable") == key + case.count("failed") + case.count("no run")


def test_retention_draws_every_mean_of_its_table_under_its_site():
    figure, data = CASES["retention"]()
    maps = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title("left") for axes in maps] == ["trained", "untrained"] * 3
    drawn = np.concatenate([axes.images[0].get_array().compressed() for axes in maps])
    assert np.sort(drawn) == pytest.approx(np.sort(data["mean"]))
    table = retained()["addition"]
    rows = table.query(
        "condition == 'trained' and point == 'a1' and site == 'blocks.1.attn.hook_result.2'"
        " and feature == 'carry2' and radius_kind == 'fixed' and level == 0.1"
    )
    axes = next(axes for axes in maps if "carry2" in [t.get_text() for t in axes.get_yticklabels()])
    labels = [text.get_text() for text in axes.get_xticklabels()]
    features = [text.get_text() for text in axes.get_yticklabels()]
    cell = axes.images[0].get_array()[features.index("carry2"), labels.index("a1.2")]
    assert cell == pytest.approx(rows["kept"].mean())
    assert {"at equals", "at a1"} <= set(said(axes))


@pytest.mark.parametrize(
    ("statuses", "most", "number", "n"),
    [
        ([RETAINED] * 3, RETAINED, None, 3),
        ([RETAINED, RETAINED, PARTLY], RETAINED, "2", 3),
        ([FREE, PARTLY, RETAINED], PARTLY, "1", 3),
        ([UNKNOWN, UNKNOWN, FREE], UNKNOWN, "2", 1),
        ([UNKNOWN] * 3, UNKNOWN, None, 0),
    ],
)
def test_a_cell_tells_the_status_of_most_members_and_how_many_they_are(
    statuses: list[str], most: str, number: str | None, n: int
):
    table = retention(("count",), ("layers.0.hook_h",), "last")
    table["status"] = np.take(statuses, table["member"])
    figure, data = draw_retention(join_points(["r"], [table]), 0.1, LOOK)
    row = data[data["condition"] == TRAINED].iloc[0]
    assert (row["status"], row["members"], row["n"]) == (most, statuses.count(most), n)
    assert row[list(set(statuses))].sum() == 3
    known = [member for member in range(3) if statuses[member] != UNKNOWN]
    rows = table.query("condition == 'trained' and radius_kind == 'fixed' and level == 0.1")
    kept = rows[(rows["metric"] == "euclidean") & rows["member"].isin(known)]["kept"]
    assert row["mean"] == pytest.approx(kept.mean(), nan_ok=True)
    trained = next(axes for axes in figure.axes if axes.get_title("left") == "trained")
    assert said(trained) == [*([number] if number else []), "at last"]


def test_radii_draws_every_share_against_its_radius():
    figure, data = CASES["radii"]()
    lines = [line for axes in figure.axes for line in axes.lines]
    curves = [line for line in lines if len(line.get_xdata()) == len(RADII)]
    shares = [line.get_ydata() for line in curves if line.get_linestyle() != ":"]
    fixed = data[data["radius_kind"] == FIXED]
    assert np.sort(np.concatenate(shares)) == pytest.approx(np.sort(fixed["mean"]))
    assert all(list(line.get_xdata()) == list(RADII) for line in curves)
    chance = [line for line in curves if line.get_linestyle() == ":"]
    assert len(chance) * 2 * len(RADII) == len(fixed)
    marked = [line for line in lines if line.get_marker() == "D"]
    functional = data[data["radius_kind"] == FUNCTIONAL]
    assert np.sort([line.get_ydata()[0] for line in marked]) == pytest.approx(
        np.sort(functional["mean"])
    )
    assert functional["radius"].to_numpy(float) == pytest.approx(1.2)  # of .2, 1.2 and 2.2
    near = np.array([line.get_xdata()[0] for line in marked])
    assert (abs(np.log(near / 1.2)) < 0.12).all()


def test_radii_shows_the_features_of_each_task():
    shown = CASES["radii"]()[1].groupby("run")["feature"].unique().map(set).to_dict()
    assert shown == {
        "counting": {"count", "letter", "length"},
        "addition": {"carry2", "pair2", "pair1"},
        "parse": {"last", "last 3 symbols"},
    }


def test_learning_draws_every_member_and_their_means():
    figure, data = CASES["learning"]()
    assert "nine1" not in set(data["feature"])
    addition = data[data["run"] == "addition"]
    means = addition[addition["member"].isna()]
    assert (means["n"] == 3).all()
    assert means.set_index(["feature", "value", "step"])["mean"]["nine2", 1, 10] == pytest.approx(
        0.35
    )
    lines = figure.axes[1].lines
    each = [line for line in lines if line.get_marker() == "None" and len(line.get_xdata()) == 3]
    assert len(each) == 3 * (3 + 1)
    alone = addition[addition["member"].eq(2) & addition["feature"].eq("every")]
    assert any(list(line.get_ydata()) == list(alone["mean"]) for line in each)
    published = [line.get_ydata()[0] for line in lines if line.get_marker() == "<"]
    assert published == list(PUBLISHED.values())
    gates = [axes.lines for axes in figure.axes]
    gates = [[line.get_ydata()[0] for line in of if line.get_linestyle() == "--"] for of in gates]
    assert gates == [[0.995], [0.995], [0.05], [0.05]]


def test_members_that_cannot_be_estimated_are_left_out_of_a_mean():
    table = pd.DataFrame({"site": "a", "status": [PARTLY, UNKNOWN, FREE], "kept": [0.2, 0.9, 0.0]})
    row = over_members(table, ["site"], "kept").iloc[0]
    assert (row["mean"], row["n"]) == (pytest.approx(0.1), 2)


def test_points_are_joined_in_the_first_metric_and_a_failed_run_stays():
    found = join_points(["a", "a", "b"], [retention(), retention(point="colon"), NONE])
    assert list(found) == ["a", "b"]
    assert set(found["a"]["metric"]) == {"euclidean"}
    assert list(found["a"]["point"].unique()) == ["target", "colon"]
    assert found["a"]["member"].dtype == np.int64
    assert found["b"].empty


def test_runs_stand_side_by_side_where_there_is_room():
    assert side_by_side({"a": 6, "b": 9, "c": 2, "d": 1}, 8) == [["a", "c"], ["b"], ["d"]]


@pytest.mark.parametrize(
    "case", ["retention, a run that failed", "radii, a run that failed", "learning, one network"]
)
def test_the_same_tables_give_the_same_bytes(case: str, tmp_path: Path):
    for name in ("first", "second"):
        save_figure(*CASES[case](), tmp_path / name, LOOK)
    for ending in ("pdf", "png", "csv"):
        first, second = ((tmp_path / f"{n}.{ending}").read_bytes() for n in ("first", "second"))
        assert first == second
