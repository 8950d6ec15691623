"""Induced compositionality: learning with a grafted state, and what is left without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from chunkscope.experiments.transfer.arms import (
    CONTROL,
    FADING,
    GAUSSIAN,
    GRAFT,
    INTENDED,
    RANDOM,
    UNTRAINED,
    ZERO,
    other_donor,
)
from chunkscope.experiments.transfer.claims import PUBLISHED_CONTROL, PUBLISHED_GRAFT
from chunkscope.experiments.transfer.curves import smooth
from chunkscope.experiments.transfer.settings import TransferSettings
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
    interval,
    legend_handle,
    letter,
    note,
    span_of,
    styled,
)
from chunkscope.statistics import paired_difference

MAIN = (CONTROL, GRAFT, INTENDED, FADING, UNTRAINED)  # the other arms stand in the donor's place
UNGRAFTED = (CONTROL, UNTRAINED)
COMPARED = (CONTROL, GRAFT, FADING, RANDOM)  # shown of every network
GRAFTS = {"on": Look("graft on", BLUE, "o"), "off": Look("graft off", VERMILLION, "s")}
ENDS = {"accuracy": "accuracy, all symbols", "link": "accuracy, symbol after the cue"}
DIFFERENCE = {"difference": "mean", "difference_low": "ci_low", "difference_high": "ci_high"}
MARK = ["arm", "measure", "mean", "ci_low", "ci_high", "n"]
COLUMNS = ["panel", "network", *MARK, "trial", "floor", "ceiling"]


@dataclass(frozen=True)
class TransferTables:
    """The tables of one network: ``trials.csv``, ``outcomes.csv`` and ``summary.csv``."""

    trials: pd.DataFrame
    outcomes: pd.DataFrame
    summary: pd.DataFrame


@styled
def draw_transfer(
    tables: Mapping[str, TransferTables], transfer: TransferSettings, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Learning curves and outcomes of the first network, and the headline numbers of all.

    Args:
        tables: network -> its tables.
        transfer: the experiment's settings.

    Returns:
        The figure, and its marks: ``panel, network, arm, measure, mean, ci_low, ci_high, n, trial,
        floor, ceiling``. Intervals of learning curves are those of the paired difference with the
        control.
    """
    first, looks = next(iter(tables)), arm_looks(transfer)
    curves = learning_curves(tables[first].trials, transfer.smoothing)
    reached = reaching(tables[first].outcomes, int(curves["trial"].max()))
    ends = end_points(tables[first].summary)
    heads = pd.concat([headlines(name, table.summary) for name, table in tables.items()])

    heights = [2.6, 1.1 + 0.15 * len(looks), 1.5 + 0.3 * len(tables)]
    figure = Figure(figsize=(settings.width, sum(heights) + 0.5), layout="constrained")
    (upper,), (middle,), (lower,) = figure.subfigures(3, 1, squeeze=False, height_ratios=heights)
    axes = [*upper.subplots(1, 2, sharey=True), *middle.subplots(1, 2, sharey=True)]
    axes += list(lower.subplots(1, 3))
    stand_ins = [arm for arm in looks if arm not in MAIN]
    _draw_curves(axes[0], curves, MAIN, looks)
    _draw_curves(axes[1], curves, (CONTROL, GRAFT, *stand_ins), looks)
    _frame_curves(axes[0], curves, ends)
    axes[0].set_ylabel(f"accuracy, mean of {transfer.smoothing} trials")
    for panel, measure in zip(axes[2:4], ENDS, strict=True):
        _draw_ends(panel, ends, measure, looks)
    handles = [legend_handle(look) for look in GRAFTS.values()]
    middle.legend(handles=handles, loc="outside upper right", ncols=2)
    _draw_reached(axes[4], reached, looks, transfer.criterion)
    _draw_networks(axes[5], heads[heads["measure"] == "gain"], looks)
    _draw_networks(axes[6], heads[heads["measure"] == "link_off"], looks)
    axes[5].set_xlabel(f"accuracy gained, trials 1–{transfer.early}")
    axes[6].set_xlabel("accuracy after the cue, graft off")
    axes[6].tick_params(labelleft=False)
    handles = [legend_handle(looks[arm]) for arm in COMPARED]
    lower.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    for panel, name in zip(axes, "abcdefg", strict=True):
        letter(panel, name)
    note(
        figure,
        f"a-e: {first}, n = {span_of(ends['n'])} networks, each in every arm. a, b: before each "
        "trial's update; bands: 95 % interval of the paired difference with no graft, about the "
        "mean; stars: published start (one run, read off a plot). c, d, g: fresh sequences after "
        "the last trial, weights frozen. f: over no graft, paired. Bars: 95 % intervals over "
        "networks. Dotted: ideal observer; dashed: always the commonest symbol.",
    )
    marks = pd.concat([curves, ends, reached, heads], ignore_index=True)
    return figure, marks.assign(network=marks["network"].fillna(first))[COLUMNS]


def arm_looks(transfer: TransferSettings) -> dict[str, Look]:
    """Arm -> how it is drawn; those that stand in the donor's place share two colours."""
    donor, cue = transfer.donor, transfer.cue
    return {
        CONTROL: Look("no graft", BLACK, "|"),
        GRAFT: Look(f"{donor} at {cue}", BLUE, "o"),
        INTENDED: Look(f"{donor} at {cue}, {transfer.stand_in} read", SKY, "^"),
        FADING: Look(f"{donor} at {cue}, fading", GREEN, "D"),
        **{other_donor(s): Look(f"{s} at {cue}", ORANGE, "s") for s in transfer.other_donors},
        RANDOM: Look("random observed state", PURPLE, "v"),
        GAUSSIAN: Look("matched Gaussian", PURPLE, "v"),
        ZERO: Look("zero", PURPLE, "v"),
        UNTRAINED: Look("untrained network", GREY, "X"),
    }


def learning_curves(trials: pd.DataFrame, smoothing: int) -> pd.DataFrame:
    """Smoothed accuracy of every arm from each trial on.

    The interval is the control's mean plus that of the paired difference with it.
    """
    by_arm = {
        str(arm): smooth(_by_seed(rows), smoothing)
        for arm, rows in trials.groupby("arm", sort=False)
    }
    rows = []
    for arm, accuracy in by_arm.items():
        for at, (values, beside) in enumerate(zip(accuracy.T, by_arm[CONTROL].T, strict=True)):
            gain, base = paired_difference(values, beside), float(beside.mean())
            numbers = [base + gain.mean, base + gain.low, base + gain.high, gain.n, at + 1]
            rows.append(["curves", arm, "accuracy", *numbers])
    return pd.DataFrame(rows, columns=["panel", *MARK, "trial"])


def _by_seed(trials: pd.DataFrame) -> NDArray[np.float64]:
    """(seed, trial) accuracy of one arm."""
    return trials.pivot(index="seed", columns="trial", values="accuracy").to_numpy()


def reaching(outcomes: pd.DataFrame, trials: int) -> pd.DataFrame:
    """Share of each arm's networks that have reached the criterion by each trial."""
    table = outcomes[outcomes["measure"].isin(["trials_to_criterion", "reached"])]
    table = table.pivot(index=["arm", "seed"], columns="measure", values="value")
    first = table["trials_to_criterion"].where(table["reached"] == 1, np.inf)
    rows = [
        ["reached", arm, "reached", float((values <= trial).mean()), len(values), trial]
        for arm, values in first.groupby("arm")
        for trial in range(trials + 1)
    ]
    return pd.DataFrame(rows, columns=["panel", "arm", "measure", "mean", "n", "trial"])


def end_points(summary: pd.DataFrame) -> pd.DataFrame:
    """Every arm on fresh sequences after the last trial, with its graft, if it has one, and off."""
    off = summary["measure"].isin([f"{measure}_off" for measure in ENDS])
    on = summary["measure"].isin([f"{measure}_on" for measure in ENDS])
    rows = summary[off | (on & ~summary["arm"].isin(UNGRAFTED))]
    return rows[[*MARK, "floor", "ceiling"]].assign(panel="ends")


def headlines(network: str, summary: pd.DataFrame) -> pd.DataFrame:
    """One network's gain over the control in the early trials, and its link without the graft."""
    rows = summary[summary["arm"].isin(COMPARED)]
    early = rows[(rows["measure"] == "early_accuracy") & (rows["arm"] != CONTROL)]
    gain = early[["arm", "n", *DIFFERENCE]].rename(columns=DIFFERENCE).assign(measure="gain")
    link = rows[rows["measure"] == "link_off"][[*MARK, "floor", "ceiling"]]
    return pd.concat([gain, link], ignore_index=True).assign(panel="networks", network=network)


def _draw_curves(
    axes: Axes, curves: pd.DataFrame, arms: Sequence[str], looks: Mapping[str, Look]
) -> None:
    for arm in arms:
        rows, look = curves[curves["arm"] == arm], looks[arm]
        faint = arm not in MAIN
        axes.fill_between(
            rows["trial"], rows["ci_low"], rows["ci_high"], color=look.color, alpha=0.2, lw=0
        )
        axes.plot(rows["trial"], rows["mean"], color=look.color, linewidth=0.8 if faint else 1.2)
    for start, arm in ((PUBLISHED_GRAFT, GRAFT), (PUBLISHED_CONTROL, CONTROL)):
        axes.plot([1], [start], "*", color=looks[arm].color, markersize=8, mec="white", zorder=4)
    shown = [looks[arm] for arm in arms]
    handles = [
        Line2D([], [], color=color, label=", ".join(x.label for x in shown if x.color == color))
        for color in dict.fromkeys(look.color for look in shown)
    ]
    axes.legend(handles=handles, loc="lower right")
    axes.set_xlabel("trial")
    axes.set_xlim(left=0)


def _frame_curves(axes: Axes, curves: pd.DataFrame, ends: pd.DataFrame) -> None:
    """The range of the pretrained networks, and the ideal observer's accuracy."""
    pretrained = curves[curves["arm"] != UNTRAINED]
    ceiling = ends.loc[ends["measure"] == "accuracy_off", "ceiling"].iloc[0]
    for panel in axes.figure.axes:
        panel.axhline(ceiling, color=BLACK, linestyle=":", linewidth=0.9)
    axes.set_ylim(pretrained["ci_low"].min() - 0.08, ceiling + 0.02)


def _draw_ends(axes: Axes, ends: pd.DataFrame, measure: str, looks: Mapping[str, Look]) -> None:
    """An arm a row, with its graft on and off."""
    for y, arm in enumerate(looks):
        for shift, (graft, look) in zip((-0.16, 0.16), GRAFTS.items(), strict=True):
            row = ends[(ends["measure"] == f"{measure}_{graft}") & (ends["arm"] == arm)]
            if len(row):
                interval(axes, y + shift, row.iloc[0], look)
    limits = ends[ends["measure"] == f"{measure}_off"].iloc[0]
    axes.axvline(limits["ceiling"], color=BLACK, linestyle=":", linewidth=0.9)
    axes.axvline(limits["floor"], color=BLACK, linestyle=(0, (4, 2)), linewidth=0.9)
    axes.set_yticks(range(len(looks)), [look.label for look in looks.values()])
    axes.set_ylim(len(looks) - 0.5, -0.5)
    axes.set_xlabel(ENDS[measure])
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_reached(
    axes: Axes, reached: pd.DataFrame, looks: Mapping[str, Look], criterion: float
) -> None:
    for arm in reversed(list(looks)):
        rows = reached[reached["arm"] == arm]
        width = 1.2 if arm in MAIN else 0.8
        color = looks[arm].color
        axes.step(rows["trial"], rows["mean"], where="post", color=color, linewidth=width)
    axes.set_xlabel("trial")
    axes.set_ylabel(f"networks at {criterion:g} or more")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(left=0)


def _draw_networks(axes: Axes, heads: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    """A network a row, with the arms that are compared."""
    networks = list(dict.fromkeys(heads["network"]))
    for _, row in heads.iterrows():
        at = networks.index(row["network"]) + 0.18 * (COMPARED.index(row["arm"]) - 1.5)
        interval(axes, at, row, looks[row["arm"]])
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.set_yticks(range(len(networks)), networks)
    axes.set_ylim(len(networks) - 0.5, -0.5)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
