"""The figures of a run's probes show their tables, legibly, for every awkward input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from chunkscope.figures.probing_sparsity import draw_sparsity
from chunkscope.figures.probing_units import draw_units
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import SMALL

LOOK = FigureSettings(dpi=50)
KINDS = ("symbol", "upcoming", "word", "position", "depth", "state", "character_class", "topic")


def scores(
    kinds: tuple[str, ...] = KINDS[:6],
    members: int = 3,
    sites: tuple[str, ...] = ("layers.0.hook_h",),
    sizes: tuple[int, ...] = (1, 4, 24),
) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for kind in kinds:
        for name in "ab":
            base = {"kind": kind, "name": name, "prevalence": "balanced"}
            known = ["lookup 1", "lookup 3", "ceiling"][: 2 if kind in ("symbol", "topic") else 3]
            rows += [{**base, "condition": condition, "f1": rng.random()} for condition in known]
            for condition in ("probe", "untrained", "rotated", "shuffled"):
                for member in range(members):
                    for site in sites:
                        for size in sizes[: -1 if condition == "rotated" else None]:
                            f1, validation = rng.random(2)
                            line = {"condition": condition, "member": member, "site": site}
                            dense = size == sizes[-1]
                            held = {"dense": dense, "validation": validation, "chosen": dense}
                            rows.append({**base, **line, **held, "size": size, "f1": f1})
    table = pd.DataFrame(rows)
    return pd.concat([table, table.assign(prevalence="natural", f1=-1.0)], ignore_index=True)


def units(kinds: tuple[str, ...] = KINDS[:6], members: int = 3, name: str = "a") -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [
        {
            "kind": kind, "name": name, "condition": condition, "member": member, "best": best,
            "prevalence": "balanced", "q": 0.01 if condition == "probe" else 0.5,
            "f1": rng.random(), "precision": rng.random(), "recall": rng.random(),
        }
        for kind in kinds
        for condition in ("probe", "untrained")
        for member in range(members)
        for best in (True, False)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def check_legible(figure: Figure) -> None:
    """Nothing small, nothing off the page, no panel on another."""
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= SMALL
    page = figure.bbox.padded(1)
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for box in boxes:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1
    for first, one in enumerate(figure.axes):
        for other in figure.axes[first + 1 :]:
            assert not one.get_window_extent().overlaps(other.get_window_extent())


@pytest.mark.parametrize(
    "tables",
    [
        {"gru24": scores()},
        {"gru24": scores(members=1), "gpt": scores(KINDS, sites=("a", "b"), sizes=(1, 64, 256))},
        {f"run{at}": scores(KINDS[:2]) for at in range(3)},
        {"tiny": scores(("word",), sizes=(1, 2))},
        {},
    ],
)
def test_sparsity_draws_every_mean_of_its_table(tables, tmp_path: Path):
    figure, data = draw_sparsity(tables, LOOK)
    save_figure(figure, data, tmp_path / "figure", LOOK)
    check_legible(figure)
    chosen = data[data["size"].notna() & data["site"].eq("")]
    lines = [line for axes in figure.axes for line in axes.lines if line.get_linestyle() == "None"]
    drawn = np.sort([line.get_ydata()[0] for line in lines])
    assert drawn == pytest.approx(np.sort(chosen["mean"]))
    assert (data["mean"] >= 0).all()  # nothing of the other prevalence


def test_sparsity_takes_the_site_of_the_best_validation_and_means_over_features():
    table = scores(("word",), sites=("a", "b"))
    data = draw_sparsity({"r": table}, LOOK)[1]
    rows = table[(table["prevalence"] == "balanced") & (table["condition"] == "probe")]
    rows = rows[rows["size"] == 4]
    best = rows.loc[rows.groupby(["name", "member"])["validation"].idxmax()]
    members = best.groupby("member")["f1"].mean()
    shown = data.query("condition == 'probe' and size == 4").set_index("site")
    assert shown["mean"][""] == pytest.approx(members.mean())
    assert shown["ci_low"][""] < members.mean() < shown["ci_high"][""]
    assert shown["n"][""] == 3
    assert shown["mean"]["a"] == pytest.approx(rows[rows["site"] == "a"]["f1"].mean())
    assert np.isnan(shown["ci_low"]["a"])


@pytest.mark.parametrize(
    ("best", "scored"),
    [
        ({"gru24": units()}, {"gru24": scores()}),
        ({f"r{at}": units(KINDS, members=1) for at in range(4)}, None),
        ({"long": units(("character_class",), name="a name that never ends")}, None),
        ({}, {}),
    ],
)
def test_units_draws_every_best_unit(best, scored, tmp_path: Path):
    figure, data = draw_units(best, scored or {run: scores(KINDS) for run in best}, LOOK)
    save_figure(figure, data, tmp_path / "figure", LOOK)
    check_legible(figure)
    means = data[data["measure"].eq("f1") & data["condition"].isin(["probe", "untrained"])]
    lines = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1]
    lines = [line for line in lines if line.get_marker() in "os"]
    drawn = [line.get_xdata()[0] for line in lines]
    assert np.sort(drawn) == pytest.approx(np.sort(means["mean"]))
    open_ones = sum(line.get_markerfacecolor() == "white" for line in lines)
    alone = means["n"].eq(1) if len(means) else means["n"].astype(bool)
    assert open_ones == (alone | (means["q"] >= 0.05)).sum()


def test_units_shows_the_best_alone_with_the_largest_q():
    table = units(("word",))
    table.loc[table["member"].eq(2) & table["condition"].eq("probe"), "q"] = 0.2
    data = draw_units({"r": table}, {"r": scores(("word",))}, LOOK)[1]
    shown = data.query("condition == 'probe' and measure == 'recall'").iloc[0]
    best = table[table["best"] & table["condition"].eq("probe")]
    assert shown["mean"] == pytest.approx(best["recall"].mean())
    assert shown["q"] == 0.2
    assert {"ceiling", "lookup 1"} <= set(data["condition"])
    assert "lookup 3" not in set(data["condition"])


@pytest.mark.parametrize("draw", ["sparsity", "units"])
def test_the_same_tables_give_the_same_bytes(draw, tmp_path: Path):
    for name in ("first", "second"):
        drawn = (
            draw_sparsity({"r": scores(KINDS[:1])}, LOOK)
            if draw == "sparsity"
            else draw_units({"r": units(KINDS[:1])}, {"r": scores(KINDS[:1])}, LOOK)
        )
        save_figure(*drawn, tmp_path / name, LOOK)
    for ending in ("pdf", "png", "csv"):
        first, second = ((tmp_path / f"{n}.{ending}").read_bytes() for n in ("first", "second"))
        assert first == second
