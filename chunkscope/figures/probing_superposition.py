"""Superposition: built on a circle and in random codes, learnt by a toy model, and looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Look,
    curve,
    legend_handle,
    letter,
    line_handle,
    note,
    styled,
)
from chunkscope.probing.superposition.published import LAYER_1
from chunkscope.probing.superposition.settings import REPRESENTED
from chunkscope.probing.superposition.tables import PLANE, SuperpositionTables
from chunkscope.statistics import summarise

PALETTE = (BLUE, ORANGE, GREEN, PURPLE, VERMILLION, SKY)
BASES = {
    "units": Look("units", BLUE, "o"),
    "rotated": Look("rotated units", ORANGE, "s"),
    PLANE: Look("the plane itself", GREEN, "^"),
}
"""Basis -> its look."""
HIDDEN = {"linear": Look("linear hidden units", PURPLE, "D"), "relu": Look("ReLU", VERMILLION, "v")}
"""Kind of the toy model's hidden units -> its look."""
RUNS = [Look("", color, marker) for color, marker in zip(PALETTE, "osD^vP", strict=True)]
"""Looks of runs, in turn."""
PER_ROW = 4  # panels of fingerprints side by side
COLUMNS = ["panel", "series", "x", "group", "mean", "ci_low", "ci_high", "n", "low", "high"]


@styled
def draw_superposition(
    tables: SuperpositionTables,
    fingerprints: Mapping[str, pd.DataFrame],
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """Built superposition, learnt superposition, and its fingerprint in trained transformers.

    Args:
        tables: what the study of superposition found.
        fingerprints: run -> its ``fingerprint.csv``; without any, that row is left out.

    Returns:
        The figure, and its marks: ``panel, series, x, group, mean, ci_low, ci_high, n``,
        and the quartiles ``low, high`` of the fingerprint.
    """
    bands = -(-(len(fingerprints) + 2) // PER_ROW) if fingerprints else 0
    heights = [1.9, 1.9, 1.9, 1.9 * bands][: 4 if bands else 3]
    figure = Figure(figsize=(settings.width, sum(heights) + 1.6), layout="constrained")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights)
    assert isinstance(parts, np.ndarray)
    marks = [
        _draw_built(parts[0], tables),
        _draw_codes(parts[1], tables.codes),
        _draw_toy(parts[2], tables),
    ]
    if fingerprints:
        marks.append(_draw_fingerprints(parts[3], fingerprints))
    for part, text in zip(parts, "abcd", strict=False):
        letter(part.axes[0], text)
    note(
        figure,
        "Means with 95 % intervals over draws (a, b) or models (c); F1 on rows that were not "
        "fitted. a: one of 16 features, of which several may be there. b: how many features, and "
        "how many of 64 units each drives. c: features that are represented; dashed on the left, "
        "as many as hidden units, then rotated units. d: input norm times bias, quartiles over "
        "units, a bar per network; crosses: biases dealt anew to the units. Before training all "
        "biases, and so all products, are 0.",
    )
    return figure, pd.concat(marks).reindex(columns=COLUMNS)


def _draw_built(part: Figure, tables: SuperpositionTables) -> pd.DataFrame:
    """The circle: its weights against its features, and how it stands a crowd."""
    left, middle, right = part.subplots(1, 3, width_ratios=(1, 1.3, 1.3))
    circle = tables.circle[tables.circle["product"] < -1e-9]  # of four features it is 0
    left.plot(circle["features"], -circle["product"], "o", color=BLUE, markersize=4)
    left.plot(tables.circle["features"], -tables.circle["asymptote"], ":", color=BLACK, lw=0.9)
    left.set_xscale("log", base=2)
    left.set_yscale("log")
    left.set_title("circle, \u2212norm \u00d7 bias")
    left.set_xlabel("features in two dimensions")
    left.legend(handles=[line_handle("$N^4 / 4\\pi^4$", ":")], loc="upper left")

    crowd = summarise(tables.crowd, ["basis", "size", "active"], "f1")
    largest = crowd["size"].max()
    for axes, size, title in ((middle, 1, "one unit"), (right, largest, "all units")):
        for basis, look in BASES.items():
            rows = crowd[(crowd["basis"] == basis) & crowd["size"].isin([size, 2])]
            rows = rows[(rows["size"] == size) | (basis == PLANE)]
            _curve(axes, rows.assign(x=rows["active"]), look)
        axes.set_xscale("log")
        _plain_ticks(axes, sorted(set(crowd["active"]))[::2])
        axes.set_ylim(0, 1.03)
        axes.set_title(f"circle, {title}")
        axes.set_xlabel("probability of another feature")
    middle.set_ylabel("F1")
    middle.legend(handles=[legend_handle(look) for look in BASES.values()], loc="lower left")
    drawn = tables.circle.assign(series="circle", x=tables.circle["features"], n=1)
    return pd.concat(
        [
            drawn.assign(mean=-drawn["product"], panel="a, norm"),
            drawn.assign(mean=-drawn["asymptote"], series="asymptote", panel="a, norm"),
            crowd.assign(
                panel="a, F1", series=crowd["basis"], x=crowd["active"], group=crowd["size"]
            ),
        ]
    )


def _draw_codes(part: Figure, codes: pd.DataFrame) -> pd.DataFrame:
    """F1 against size, one panel per code."""
    names = list(dict.fromkeys(codes["code"]))
    grid = part.subplots(1, len(names), sharey=True, squeeze=False)[0]
    table = summarise(codes, ["code", "basis", "size"], "f1")
    table = table.assign(x=table["size"], series=table["basis"], group=table["code"], panel="b")
    known = codes.groupby("code").first()
    for axes, name in zip(grid, names, strict=True):
        rows = table[table["group"] == name]
        for basis in ("units", "rotated"):
            _curve(axes, rows[rows["series"] == basis], BASES[basis])
        dense = rows.loc[rows["x"].idxmax(), "mean"]
        axes.axhline(dense, color=BLACK, linestyle=":", linewidth=0.9)
        axes.set_xscale("log", base=2)
        axes.set_title("{features} features, {per_feature}".format(**known.loc[name]))
        axes.set_xlabel("units of the probe")
        axes.set_ylim(0.3, 1.03)
        _plain_ticks(axes, sorted(set(rows["x"]))[::2])
    grid[0].set_ylabel("F1")
    handles = [legend_handle(BASES["units"]), legend_handle(BASES["rotated"])]
    grid[0].legend(handles=[*handles, line_handle("all units", ":")], loc="lower right")
    return table


def _draw_toy(part: Figure, tables: SuperpositionTables) -> pd.DataFrame:
    """Features that the toy model represents, and how few hidden units read one."""
    counts = summarise(tables.models, ["hidden", "density"], "represented")
    counts = counts.assign(x=counts["density"], series=counts["hidden"], panel="c, represented")
    own = tables.toy[tables.toy["norm"] > REPRESENTED]
    each = own.groupby(["hidden", "density", "seed", "basis", "size"])["f1"].mean().reset_index()
    sizes = summarise(each, ["hidden", "density", "basis", "size"], "f1")
    sizes = sizes.assign(x=sizes["size"], series=sizes["basis"], group=sizes["density"])

    axes = part.subplots(1, 4, width_ratios=(1.1, 1, 1, 1.1))
    for hidden, look in HIDDEN.items():
        _curve(axes[0], counts[counts["series"] == hidden], look)
    axes[0].axhline(tables.models["units"].max(), color=BLACK, linestyle="--", linewidth=0.9)
    axes[0].set_xscale("log")
    _plain_ticks(axes[0], sorted(set(counts["x"]))[::2])
    axes[0].set_ylim(0, 1.3 * counts["mean"].max())
    axes[0].set_title("toy, represented")
    axes[0].set_xlabel("training density")
    axes[0].legend(handles=[legend_handle(look) for look in HIDDEN.values()], loc="lower left")
    for panel, (hidden, look) in zip(axes[1:3], HIDDEN.items(), strict=True):
        _draw_sizes(panel, sizes[sizes["hidden"] == hidden])
        panel.set_title(look.label)
    axes[1].set_ylabel("F1")
    single = own[(own["size"] == 1) & (own["basis"] == "units")]
    for hidden, look in HIDDEN.items():
        rows = single[single["hidden"] == hidden]
        axes[3].plot(rows["interference"], rows["f1"], look.marker, color=look.color, ms=1.5)
    axes[3].set_title("one unit, by feature")
    axes[3].set_xlabel("interference")
    dots = single.assign(
        panel="c, interference", series=single["hidden"], group=single["density"]
    ).assign(x=single["interference"], mean=single["f1"], n=1)
    return pd.concat([counts, sizes.assign(panel="c, " + sizes["hidden"]), dots])


def _draw_sizes(axes: Axes, table: pd.DataFrame) -> None:
    """F1 against size in both bases, for the least, a middle and the largest density."""
    densities = sorted(set(table["group"]))
    shown = sorted({densities[0], densities[len(densities) // 2], densities[-1]})
    handles = []
    for density, color in zip(shown, (SKY, BLUE, BLACK), strict=False):
        look = Look(f"{density:g}", color, "o")
        rows = table[table["group"] == density]
        _curve(axes, rows[rows["series"] == "units"], look)
        rotated = rows[rows["series"] == "rotated"].sort_values("x")
        axes.plot(rotated["x"], rotated["mean"], "--", color=color, linewidth=0.8)
        handles.append(legend_handle(look))
    axes.legend(handles=handles, loc="lower right", title="density")
    axes.set_xlabel("units of the probe")
    axes.set_ylim(0.3, 1.03)
    _plain_ticks(axes, sorted(set(table["x"])))


def _draw_fingerprints(part: Figure, fingerprints: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Norm times bias by layer, for every run, beside what was published of layer 1."""
    count = len(fingerprints) + 2
    columns = min(count, PER_ROW)
    grid = part.subplots(-(-count // columns), columns, squeeze=False).ravel()
    for empty in grid[count:]:
        empty.remove()
    marks = []
    depth, published = grid[count - 2 : count]
    looks = dict(zip(fingerprints, cycle(RUNS), strict=False))
    for panel, (run, table) in zip(grid, fingerprints.items(), strict=False):
        marks.append(_draw_layers(panel, run, table, looks[run].color))
        rows = relative_depth(table)
        _curve(depth, rows, looks[run])
        marks.append(rows.assign(panel="d, depth", series=run))
    depth.axhline(0, color=BLACK, linewidth=0.6)
    depth.set_title("median / largest")
    depth.set_xlabel("depth (share)")
    published.plot(range(len(LAYER_1)), list(LAYER_1.values()), "*", color=BLACK, markersize=6)
    published.axhline(0, color=BLACK, linewidth=0.6)
    published.set_xticks(range(len(LAYER_1)), list(LAYER_1), rotation=90)
    published.set_title("published, layer 1")
    stars = pd.DataFrame({"group": list(LAYER_1), "mean": list(LAYER_1.values())})
    return pd.concat([*marks, stars.assign(panel="d, published", series="median")])


def _draw_layers(axes: Axes, run: str, table: pd.DataFrame, color: str) -> pd.DataFrame:
    """A run's medians and quartiles, one bar per network, and its medians of biases dealt anew."""
    members = table["seed"].nunique()
    for _, row in table.iterrows():
        at = row["layer"] + 0.7 * ((row["seed"] + 0.5) / members - 0.5)
        axes.vlines(at, row["low"], row["high"], color=color, linewidth=1.1)
        axes.plot([at], [row["median"]], "o", color=color, markersize=3)
        axes.plot([at], [row["shuffled"]], "x", color=GREY, markersize=4)
    axes.axhline(0, color=BLACK, linewidth=0.6)
    axes.set_title(run)
    axes.set_xlabel("layer")
    axes.set_xticks(sorted(set(table["layer"])))
    named = table.assign(panel=f"d, {run}", x=table["layer"], group=table["seed"])
    return pd.concat([named.assign(series=s, mean=table[s]) for s in ("median", "shuffled")])


def relative_depth(table: pd.DataFrame) -> pd.DataFrame:
    """Each layer's median over the largest size of any layer's, against its share of the depth."""
    largest = table["median"].abs().groupby(table["seed"]).transform("max")
    depth = table["layer"] / max(1, table["layer"].max())
    scaled = table.assign(value=table["median"] / largest, x=depth)
    return summarise(pd.DataFrame(scaled), ["x"])


def _curve(axes: Axes, rows: pd.DataFrame, look: Look) -> None:
    rows = rows.sort_values("x")
    curve(axes, rows["x"], rows, look)


def _plain_ticks(axes: Axes, ticks: Sequence[float]) -> None:
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
