"""The hierarchy experiment: what is counted at each level, and whether its sign can be trusted."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from scipy.stats import t

from chunkscope.experiments.hierarchy.names import (
    DEFAULT,
    MATCHED,
    PARSE_LENGTH,
    SYMBOLS,
    TRAINED,
    TRUTH,
    UNTRAINED,
    WINDOWS,
)
from chunkscope.experiments.hierarchy.published import CORRELATIONS, published_means
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILLION,
    Look,
    in_order,
    interval,
    legend_handle,
    letter,
    line_handle,
    note,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

LOOKS = {
    TRAINED: Look("trained", BLUE, "o"),
    UNTRAINED: Look("untrained", ORANGE, "s"),
    MATCHED: Look("untrained, memory matched", GREEN, "^"),
    SYMBOLS: Look("raw symbols", PURPLE, "D"),
    WINDOWS: Look("look-up of the last symbols", SKY, "P"),
    TRUTH: Look("truth", GREY, "_"),
}
PUBLISHED = Look("published, trained", BLACK, "x")
VERSIONS = {
    "published": Look("as published", VERMILLION, "o"),
    "balanced": Look("balanced frequencies", BLACK, "s"),
}
PANELS: dict[str, tuple[str, tuple[str, ...]]] = {
    PARSE_LENGTH: ("parse length (units)", (TRAINED, UNTRAINED, MATCHED, SYMBOLS, TRUTH)),
    "states": ("distinct states", (TRAINED, UNTRAINED, MATCHED, WINDOWS, TRUTH)),
    "vocabulary": ("vocabulary", (TRAINED, UNTRAINED, MATCHED, WINDOWS)),
    "vocabulary_used": ("vocabulary, count > 5", (TRAINED, UNTRAINED, MATCHED, SYMBOLS)),
}
"""Measure -> its name and the readings that are drawn."""
PUBLISHED_PARSE = CORRELATIONS[TRAINED, PARSE_LENGTH]
JUDGED = {"states": "states", PARSE_LENGTH: "parse length"}

Tables = Mapping[str, pd.DataFrame]


@styled
def draw_hierarchy(
    name: str,
    measures: Tables,
    correlations: Mapping[str, Tables],
    repeats_paper: bool,
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """Measures against level in both versions, merge variants, and all networks' correlations.

    Args:
        name: the network whose measures and variants are drawn.
        measures: version -> ``measures.csv`` of that network.
        correlations: network -> version -> ``correlations.csv``.
        repeats_paper: whether the published values are of this network.

    Returns:
        The figure, and ``panel, version, network, reading, variant, measure, level, mean, ci_low,
        ci_high, n``: of ``levels``, ``published``, ``variants`` and ``networks`` (where ``mean``
        is Spearman's correlation with level).
    """
    levels = {version: _by_level(table) for version, table in measures.items()}
    published = _published() if repeats_paper else _published().iloc[:0]
    figure = Figure(figsize=(settings.width, 7.6), layout="constrained")
    halves = figure.add_gridspec(2, 1, height_ratios=[1.25, 1])
    top, bottom = figure.add_subfigure(halves[0]), figure.add_subfigure(halves[1])
    grid = top.subplots(len(VERSIONS), len(PANELS), sharex=True, sharey="col")
    for version, row in zip(VERSIONS, grid, strict=True):
        overlay = published if version == "published" else published.iloc[:0]
        for measure, axes in zip(PANELS, row, strict=True):
            _draw_levels(axes, levels[version], overlay, measure)
            axes.set_title(_title(measure, correlations[name][version], overlay))
        row[0].set_ylabel(VERSIONS[version].label)
    for axes in grid[0]:
        axes.set_ylim(bottom=0)
    letter(grid[0, 0], "a")
    swept = {version: _variants(correlations[name][version]) for version in VERSIONS}
    compared = _networks(correlations)
    left, middle, right = bottom.subplots(1, 3, width_ratios=[1, 1, 0.8])
    for axes, (version, table) in zip((left, middle), swept.items(), strict=True):
        _draw_variants(axes, table, version)
    middle.tick_params(labelleft=False)
    if repeats_paper:
        left.axvline(PUBLISHED_PARSE, color=BLACK, linestyle="--", linewidth=0.8)
    _draw_networks(right, compared)
    letter(left, "b")
    letter(right, "c")
    _explain(figure, top, bottom, measures[next(iter(VERSIONS))], repeats_paper)
    parts = [table.assign(panel="levels", version=v) for v, table in levels.items()]
    parts += [published.assign(panel="published", version="published")]
    parts += [table.assign(panel="variants", version=v) for v, table in swept.items()]
    parts += [compared.assign(panel="networks")]
    data = pd.concat([part for part in parts if len(part)], ignore_index=True)
    data["network"] = data["network"].fillna(name)
    first = ["panel", "version", "network", "reading", "variant", "measure", "level"]
    return figure, data[[*first, "mean", "ci_low", "ci_high", "n"]]


def _by_level(measures: pd.DataFrame) -> pd.DataFrame:
    shown = measures[measures["measure"].isin(list(PANELS))]
    return summarise(shown, ["reading", "measure", "level"])


def _published() -> pd.DataFrame:
    """The published means, their standard errors widened to 95 % intervals of ten networks."""
    table = published_means()
    half = table.pop("sem") * t.ppf(0.975, 9)
    return table.assign(ci_low=table["mean"] - half, ci_high=table["mean"] + half, n=10)


def _unconditional(correlations: pd.DataFrame) -> pd.Series:
    """Rows of plain correlations: an empty field of a CSV is read as NaN."""
    return correlations["given"].fillna("").eq("")


def _variants(correlations: pd.DataFrame) -> pd.DataFrame:
    at = _unconditional(correlations) & correlations["measure"].eq(PARSE_LENGTH)
    at &= correlations["reading"].isin([TRAINED, UNTRAINED])
    return correlations[at].rename(columns={"rho": "mean"})


def _networks(correlations: Mapping[str, Tables]) -> pd.DataFrame:
    parts = []
    for name, tables in correlations.items():
        for version, table in tables.items():
            at = table["reading"].eq(TRAINED) & table["variant"].eq(DEFAULT)
            at &= _unconditional(table) & table["measure"].isin(list(JUDGED))
            parts.append(table[at].assign(network=name, version=version))
    return pd.concat(parts, ignore_index=True).rename(columns={"rho": "mean"})


def _draw_levels(axes: Axes, table: pd.DataFrame, published: pd.DataFrame, measure: str) -> None:
    """One measure against level; readings stand a little apart, so that intervals can be read."""
    readings = in_order(PANELS[measure][1], table.loc[table["measure"] == measure, "reading"])
    for at, reading in enumerate(readings):
        rows = table[(table["measure"] == measure) & (table["reading"] == reading)]
        _draw_line(axes, rows, LOOKS[reading], 0.35 * (at - len(readings) / 2))
    shown = published[(published["measure"] == measure) & (published["reading"] == TRAINED)]
    if len(shown):
        _draw_line(axes, shown, PUBLISHED, 0.9)
    axes.margins(x=0.04)


def _draw_line(axes: Axes, rows: pd.DataFrame, look: Look, offset: float) -> None:
    x = rows["level"] + offset
    axes.vlines(x, rows["ci_low"], rows["ci_high"], color=look.color, linewidth=0.8)
    axes.plot(x, rows["mean"], look.marker, ls="-", color=look.color, markersize=3, linewidth=0.8)


def _title(measure: str, correlations: pd.DataFrame, published: pd.DataFrame) -> str:
    at = correlations["reading"].eq(TRAINED) & correlations["measure"].eq(measure)
    at &= correlations["variant"].eq(DEFAULT) & _unconditional(correlations)
    rho = correlations.loc[at, "rho"].iloc[0]
    known = CORRELATIONS.get((TRAINED, measure)) if len(published) else None
    beside = f" (published {known:+.2f})" if known is not None else ""
    return f"{PANELS[measure][0]}\nρ {rho:+.2f}{beside}"


def _draw_variants(axes: Axes, table: pd.DataFrame, version: str) -> None:
    """Correlation of parse length with level, one row a way to merge."""
    variants = table["variant"].unique().tolist()
    for at, variant in enumerate(variants):
        for step, reading in ((-0.15, TRAINED), (0.15, UNTRAINED)):
            row = table[(table["variant"] == variant) & (table["reading"] == reading)].iloc[0]
            interval(axes, at + step, row, LOOKS[reading])
    axes.set_title(f"parse length,\n{VERSIONS[version].label}")
    _as_correlations(axes, variants)


def _draw_networks(axes: Axes, table: pd.DataFrame) -> None:
    """Correlations of the trained networks' measures with level, two rows a network."""
    rows = [(network, measure) for network in table["network"].unique() for measure in JUDGED]
    for at, (network, measure) in enumerate(rows):
        for step, version in zip((-0.15, 0.15), VERSIONS, strict=True):
            chosen = table["network"].eq(network) & table["measure"].eq(measure)
            row = table[chosen & table["version"].eq(version)].iloc[0]
            interval(axes, at + step, row, VERSIONS[version])
    axes.set_title("trained networks,\nby architecture")
    _as_correlations(axes, [f"{network}, {JUDGED[measure]}" for network, measure in rows])


def _as_correlations(axes: Axes, rows: list[str]) -> None:
    axes.axvline(0, color=PALE, linewidth=0.8, zorder=0)
    axes.set_xlim(-1, 1)
    axes.set_xlabel("ρ with level")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.4, -0.6)


def _explain(
    figure: Figure, top: SubFigure, bottom: SubFigure, measures: pd.DataFrame, repeats_paper: bool
) -> None:
    """Legends and the note."""
    shown = in_order(LOOKS, measures["reading"].unique())
    handles = [legend_handle(LOOKS[reading]) for reading in shown]
    handles += [legend_handle(PUBLISHED)] if repeats_paper else []
    top.legend(handles=handles, loc="outside upper center", ncols=4, columnspacing=1)
    versions = [legend_handle(look) for look in VERSIONS.values()]
    lines = [line_handle("published, trained", "--")] if repeats_paper else []
    bottom.legend(handles=[*versions, *lines], loc="outside upper right", ncols=3)
    top.supxlabel("level (compositions)", size=7.5)
    number = span_of(measures.groupby("level")["network"].nunique())
    note(
        figure,
        f"Means over {number} networks at each level, bars: 95 % intervals (published: from their "
        "standard errors). ρ: Spearman's correlation over networks, bars: 95 % of a bootstrap "
        "within levels. Truth: units of the true parse; minimal predictive states that were "
        "visited.",
    )
