"""The figures of pruning, of widths and of training show their tables, legibly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from test_figures_probing_run import KINDS, LOOK, check_legible

from chunkscope.figures.probing_pruning import CASES, draw_pruning
from chunkscope.figures.probing_training import draw_training
from chunkscope.figures.probing_widths import PUBLISHED_F1, draw_widths
from chunkscope.figures.saving import save_figure
from chunkscope.probing.conditions import PREVALENCES, PROBE, ROTATED, UNTRAINED
from chunkscope.probing.terms import ALL, BEST, DENSE, NEEDED, RANDOM, READS, SAME, UNIT

Drawn = tuple[Figure, pd.DataFrame]


def with_means(rows: list[dict], n: int) -> pd.DataFrame:
    """``mean, ci_low, ci_high, n``; what is not of the balanced prevalence is -1."""
    table, rng = pd.DataFrame(rows), np.random.default_rng(0)
    table["mean"] = np.where(table["prevalence"] == "balanced", rng.random(len(table)), -1.0)
    table["ci_low"] = table["mean"] - (0.05 if n > 1 else np.nan)
    return table.assign(ci_high=2 * table["mean"] - table["ci_low"], n=n)


def pruned(kinds: tuple[str, ...] = KINDS, n: int = 3, rounds: int = 3) -> pd.DataFrame:
    curves = [(BEST, 1), (BEST, 5), (RANDOM, 5)]
    rows = [
        {
            "condition": condition, "kind": kind, "order": order, "size": size, "round": at,
            "prevalence": prevalence, "measure": measure,
        }
        for condition in (PROBE, UNTRAINED)
        for kind in (*kinds, ALL)
        for order, size in curves
        for at in range(rounds + 1)
        for prevalence in PREVALENCES
        for measure in ("f1", "floor", "kept")
    ]  # fmt: skip
    return with_means(rows, n)


def planted() -> pd.DataFrame:
    one = pruned((), 5).query(f"condition == '{PROBE}'").drop(columns=["condition", "kind"])
    return pd.concat([one.assign(case=case) for case in CASES])


def traced(kinds: tuple[str, ...] = KINDS[:6], n: int = 5) -> pd.DataFrame:
    rows = [
        {"kind": kind, "prevalence": prevalence, "measure": measure, "step": step}
        for kind in (*kinds, ALL)
        for prevalence in PREVALENCES
        for measure in (*READS, SAME)
        for step in (0, 25, 800)
    ]
    return with_means(rows, n)


def widths(kinds: tuple[str, ...] = KINDS[:6], n: int = 5) -> pd.DataFrame:
    rows = [
        {
            "width": width, "condition": condition, "kind": kind, "prevalence": prevalence,
            "measure": measure,
        }
        for width in (8, 128)
        for condition in (PROBE, UNTRAINED, ROTATED)
        for kind in (*kinds, ALL)
        for prevalence in PREVALENCES
        for measure in (UNIT, *(() if condition == ROTATED else (DENSE, NEEDED)))
    ]  # fmt: skip
    return with_means(rows, n)


def training(seeds: int = 3) -> pd.DataFrame:
    rows = [(s, k, 2.0 / (s + 1) + 0.1 * k) for s in (0, 20, 800) for k in range(seeds)]
    return pd.DataFrame(rows, columns=["step", "seed", "loss"]).assign(bayes_loss=0.3)


def losses(seeds: int = 3) -> list[pd.DataFrame]:
    return [training(seeds).assign(width=width) for width in (8, 128)]


CASES_DRAWN: dict[str, Callable[[], Drawn]] = {
    "pruning": lambda: draw_pruning(planted(), {"gru24": pruned(KINDS[:6])}, LOOK),
    "pruning, many runs": lambda: draw_pruning(
        planted(), {f"run{at}": pruned() for at in range(4)}, LOOK
    ),
    "pruning, one network, no round": lambda: draw_pruning(
        planted(), {"tiny": pruned(("word",), n=1, rounds=0)}, LOOK
    ),
    "pruning, no run": lambda: draw_pruning(planted(), {}, LOOK),
    "training": lambda: draw_training({"gru24": traced()}, {"gru24": training()}, LOOK),
    "training, several": lambda: draw_training(
        {"a": traced(KINDS), "b": traced(n=1)}, {"a": training(), "b": training(1)}, LOOK
    ),
    "training, no run": lambda: draw_training({}, {}, LOOK),
    "widths": lambda: draw_widths(widths(), losses(), LOOK),
    "widths, many kinds, one network": lambda: draw_widths(widths(KINDS, 1), losses(1), LOOK),
}


def marked(figure: Figure) -> list[float]:
    """Means that a marker stands for."""
    lines = [line for axes in figure.axes for line in axes.lines]
    return [float(line.get_ydata()[0]) for line in lines if len(line.get_xdata()) == 1]


@pytest.mark.parametrize("case", CASES_DRAWN)
def test_a_figure_is_drawn_saved_and_legible(case: str, tmp_path: Path):
    figure, data = CASES_DRAWN[case]()
    save_figure(figure, data, tmp_path / "figure", LOOK)
    check_legible(figure)
    read = pd.read_csv(tmp_path / "figure.csv")
    assert list(read.columns) == list(data.columns)
    assert len(read) == len(data)
    assert not (data["mean"] < 0).any()  # nothing of the other prevalence


def test_pruning_draws_every_curve_and_what_is_left():
    figure, data = CASES_DRAWN["pruning"]()
    drawn = data[data["measure"] != "floor"]
    shown = drawn[
        ((drawn["order"] == BEST) & ((drawn["condition"] == PROBE) | (drawn["size"] > 1)))
        | ((drawn["order"] == RANDOM) & (drawn["condition"] == PROBE))
    ]
    assert np.sort(marked(figure)) == pytest.approx(np.sort(shown["mean"]))
    left = drawn[drawn["measure"] == "kept"]
    assert (left["round"] == 3).all()
    assert set(left["kind"]) == set(KINDS[:6])


def test_training_draws_what_was_read_and_how_many_units_are_settled():
    figure, data = CASES_DRAWN["training"]()
    read = data[data["measure"].isin(READS)]
    same = data[(data["measure"] == SAME) & (data["kind"] == ALL)]
    expected = pd.concat([read, same])["mean"]
    assert np.sort(marked(figure)) == pytest.approx(np.sort(expected))
    near = data[data["measure"] == "loss"].set_index("step")["mean"]
    assert near[0] == pytest.approx(2.1)  # the mean of 2.0, 2.1 and 2.2
    assert near[25] == pytest.approx(np.interp(25, [20, 800], [2 / 21 + 0.1, 2 / 801 + 0.1]))


def test_widths_draws_ours_beside_the_published_ones():
    figure, data = CASES_DRAWN["widths"]()
    ours = data[data["measure"].isin([UNIT, NEEDED, "loss"]) & data["n"].notna()]
    assert np.sort(marked(figure)) == pytest.approx(np.sort(ours["mean"]))
    published = data[data["panel"].str.startswith("published")]
    for name, values in PUBLISHED_F1.items():
        assert tuple(published[published["condition"] == name]["mean"]) == values


@pytest.mark.parametrize("case", ["pruning, no run", "widths, many kinds, one network"])
def test_the_same_tables_give_the_same_bytes(case: str, tmp_path: Path):
    for name in ("first", "second"):
        save_figure(*CASES_DRAWN[case](), tmp_path / name, LOOK)
    for ending in ("pdf", "png", "csv"):
        first, second = ((tmp_path / f"{n}.{ending}").read_bytes() for n in ("first", "second"))
        assert first == second
