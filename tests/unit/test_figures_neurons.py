"""The figures of units show their tables, legibly, with or without twins."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from test_figures_probing_run import LOOK, check_legible

from chunkscope.figures.neurons_explainers import draw_explainers
from chunkscope.figures.neurons_layers import draw_layers
from chunkscope.figures.neurons_looks import Runs, layer_names
from chunkscope.figures.neurons_loss import draw_loss
from chunkscope.figures.neurons_scores import draw_scores
from chunkscope.figures.neurons_steering import draw_steering
from chunkscope.figures.neurons_training import draw_training
from chunkscope.figures.saving import settle_layout
from chunkscope.figures.style import style
from chunkscope.neurons.comparison import LOSS, STEPS, Pair, compare_pair
from chunkscope.neurons.controls import ANOTHER, OWN, SHUFFLED
from chunkscope.neurons.study import SCORES
from chunkscope.neurons.summary import (
    ALL,
    AS_ZERO,
    TRAINED,
    UNTRAINED,
    by_seed,
    summarise_facts,
    summarise_units,
)

NAMES = ("white", "twin")
SITES = ("blocks.0.mlp.hook_post", "blocks.1.mlp.hook_post")
BOTH = Runs({"white": "crate", "twin": "gpt"}, [NAMES])
ALONE = Runs({"white": "crate", "twin": "gpt"})


def _check(figure):
    with style():
        settle_layout(figure)
        check_legible(figure)


def unit_scores(mean, seeds=3, sites=SITES):
    rng = np.random.default_rng(int(100 * mean))
    rows = []
    cells = product(range(seeds), sites, ("random_only", "wide"), (OWN, ANOTHER, SHUFFLED))
    for seed, site, protocol, control in cells:
        for explainer, units in (("symbols", 20), ("tree", 4)):
            value = np.clip(rng.normal(mean if control == OWN else 0, 0.05, units), -1, 1)
            value[0] = np.nan
            rows.append(
                pd.DataFrame(dict.fromkeys(SCORES, value)).assign(
                    seed=seed,
                    site=site,
                    protocol=protocol,
                    control=control,
                    explainer=explainer,
                    unit=np.arange(units),
                    length=12,
                )
            )
    return pd.concat(rows, ignore_index=True)


def study(seeds=3, sites=SITES):
    """Scores by run and condition, and their summary."""
    means = {
        ("white", TRAINED): 0.7,
        ("white", UNTRAINED): 0.4,
        ("twin", TRAINED): 0.6,
        ("twin", UNTRAINED): 0.4,
    }
    scores = {key: unit_scores(mean, seeds, sites) for key, mean in means.items()}
    return scores, summarise_units({key: by_seed(table) for key, table in scores.items()})


def curve(speed, seeds=3):
    cells = product(range(4), range(seeds), SITES, ("pearson", "auprc"))
    rows = [
        {
            "step": 10 * step,
            "seed": seed,
            "site": site,
            "loss": 6 - speed * step + 0.01 * seed,
            "measure": measure,
            "as_zero": 0.5 + 0.1 * step + 0.01 * seed,
            "units": 12,
            "n_scored": 12,
            "scored": 0.5,
        }
        for step, seed, site, measure in cells
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def made():
    return study()


def test_layers_shows_every_layer_and_every_floor(made):
    summary = made[1]
    figure, marks = draw_layers(summary, BOTH, LOOK)
    _check(figure)
    assert set(marks["site"]) == set(SITES)  # the last one too
    row = marks[
        (marks["run"] == "twin")
        & (marks["site"] == SITES[-1])
        & (marks["protocol"] == "wide")
        & (marks["kind"] == "untrained")
    ]
    expected = summary[
        (summary["run"] == "twin")
        & (summary["condition"] == UNTRAINED)
        & (summary["site"] == SITES[-1])
        & (summary["protocol"] == "wide")
        & (summary["control"] == OWN)
        & (summary["explainer"] == "symbols")
        & (summary["measure"] == "pearson")
        & (summary["policy"] == AS_ZERO)
    ]
    assert row["mean"].tolist() == expected["mean"].tolist()
    assert len(marks["kind"].unique()) == 4


def test_training_shows_both_comparisons(made):
    scores = made[0]
    curves = {"white": curve(0.6), "twin": curve(0.9)}
    tracing = pd.concat([table.assign(run=run) for run, table in curves.items()])
    table = compare_pair(
        Pair(*NAMES),
        [by_seed(scores[run, TRAINED]) for run in NAMES],
        [curves[run] for run in NAMES],
    )
    figure, marks = draw_training(tracing, table, BOTH, LOOK)
    _check(figure)
    shown = marks[marks["mark"] == "mean"].set_index(["run", "step"])["score"]
    assert shown["white", 30] == pytest.approx(0.81)
    assert set(marks["mark"]) == {"seed", "mean", STEPS, LOSS}
    difference = marks[marks["mark"] == LOSS]["score"].iloc[0]
    assert difference == pytest.approx(0.1, abs=0.02)  # the twin was there after 20 steps
    alone, _ = draw_training(tracing, table, ALONE, LOOK)
    _check(alone)


def compared(curves, scores):
    """What stands beside the curves of two networks."""
    return compare_pair(
        Pair(*NAMES),
        [by_seed(scores[run, TRAINED]) for run in NAMES],
        [curves[run] for run in NAMES],
    )


def stacked(curves):
    return pd.concat([table.assign(run=run) for run, table in curves.items()])


def test_the_twin_at_the_white_boxs_loss_stands_in_the_panel(made):
    curves = {"white": curve(0.6), "twin": curve(0.9)}
    table = compared(curves, made[0])
    figure, marks = draw_training(stacked(curves), table, BOTH, LOOK)
    by_loss, by_step = figure.axes
    star = next(line for line in by_loss.lines if line.get_marker() == "*")
    x, y = star.get_xdata()[0], star.get_ydata()[0]
    row = marks[marks["mark"] == LOSS].iloc[0]
    means = marks[(marks["mark"] == "mean") & (marks["run"] == "white") & (marks["step"] == 30)]
    assert x == pytest.approx(means["loss"].iloc[0])
    assert y == pytest.approx(means["score"].iloc[0] - row["score"])
    low, high = sorted(by_loss.get_xlim())
    assert low < x < high
    assert by_loss.xaxis_inverted()  # training goes to the right
    assert by_loss.get_ylim()[0] < y < by_loss.get_ylim()[1]
    last = marks[(marks["step"] == 30) & (marks["mark"] == "mean")]
    assert last["loss"].between(low, high).all()
    assert not marks[marks["step"] == 0]["loss"].between(low, high).any()  # the untrained
    said = " ".join(text.get_text() for text in by_loss.texts)
    assert "untrained, outside the panel" in said
    assert "white 0.510" in said
    floors = [line.get_ydata()[0] for line in by_step.lines if line.get_linestyle() == "--"]
    assert floors == pytest.approx([0.51, 0.51])


def test_a_twin_that_never_had_the_loss_has_no_star(made):
    curves = {"white": curve(0.9), "twin": curve(0.6)}
    figure, marks = draw_training(stacked(curves), compared(curves, made[0]), BOTH, LOOK)
    _check(figure)
    assert marks[marks["mark"] == LOSS]["score"].isna().all()
    assert "equal loss: not estimable" in " ".join(t.get_text() for t in figure.axes[0].texts)


def test_one_seed_can_be_drawn(made):
    curves = {"white": curve(0.6, seeds=1), "twin": curve(0.9, seeds=1)}
    table = compared(curves, {key: of[of["seed"] == 0] for key, of in made[0].items()})
    figure, _ = draw_training(stacked(curves), table, BOTH, LOOK)
    _check(figure)
    assert "[" not in figure.axes[0].texts[0].get_text()  # no interval


def test_what_may_lie_on_each_other_stands_side_by_side(made):
    figure, _ = draw_layers(made[1], BOTH, LOOK)
    marks = {
        (line.get_marker(), line.get_color()): line.get_xdata()[0]
        for line in figure.axes[0].lines
        if line.get_marker() in ("x", "+")
    }
    assert len(marks) == len(set(marks.values())) == 4


def test_explainers_tell_lengths_and_shares(made):
    scores, summary = made
    figure, marks = draw_explainers(
        summary, {run: scores[run, TRAINED] for run in NAMES}, BOTH, LOOK
    )
    _check(figure)
    own = marks[(marks["kind"] == "trained") & (marks["measure"] == "auprc")]
    assert set(own["length"]) == {12}
    shares = own.set_index(["run", "explainer"])["share_scored"]
    assert shares["white", "symbols"] == pytest.approx(19 / 20)
    assert shares["twin", "tree"] == pytest.approx(3 / 4)


def test_histograms_count_units_without_a_score(made):
    scores = made[0]
    figure, bars = draw_scores(scores, BOTH, LOOK)
    _check(figure)
    own = bars[(bars["run"] == "white") & (bars["condition"] == TRAINED)]
    own = own[own["protocol"] == "wide"]
    assert own["units"].sum() == 3 * 2 * 20
    assert own[own["low"].isna()]["units"].iloc[0] == 3 * 2
    assert own["share"].sum() == pytest.approx(1)


def test_histograms_share_their_axes_and_no_bar_reaches_the_words(made):
    figure, bars = draw_scores(made[0], BOTH, LOOK)
    with style():
        settle_layout(figure)
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    highest = bars[bars["low"].notna()]["share"].max()
    for axes in figure.axes:
        (words,) = axes.texts
        lowest = axes.transData.inverted().transform(words.get_window_extent())[0, 1]
        assert highest < lowest


def test_loss_stands_beside_what_is_known_of_units():
    rng = np.random.default_rng(0)
    units = pd.DataFrame(
        [
            {"seed": seed, "site": site, "active": rng.random(), "dead": False, "constant": False}
            for seed, site, _ in product(range(2), SITES, range(5))
        ]
    ).assign(token_share=0.7)
    keys = product(NAMES, (TRAINED, UNTRAINED))
    facts = summarise_facts(dict.fromkeys(keys, units))
    training = pd.DataFrame(
        [
            {"step": step, "seed": seed, "training_loss": 5 - step / 10, "loss": 6 - step / 10}
            for step, seed in product((0, 10, 20), range(2))
        ]
    )
    figure, marks = draw_loss(dict.fromkeys(NAMES, training), facts, BOTH, LOOK)
    _check(figure)
    assert len(marks)


def test_two_seeds_and_one_layer_can_be_drawn():
    scores, summary = study(seeds=2, sites=SITES[:1])
    for figure, _ in (
        draw_layers(summary, BOTH, LOOK),
        draw_layers(summary, ALONE, LOOK),
        draw_explainers(summary, {run: scores[run, TRAINED] for run in NAMES}, ALONE, LOOK),
        draw_scores(scores, ALONE, LOOK),
    ):
        _check(figure)


def test_steering_shows_means_over_targets():
    rows = [
        {
            "seed": seed,
            "kind": kind,
            "condition": condition,
            "strength": strength,
            "target": target,
            "kl": strength * (target + 1) * (2 if condition == "target" else 1),
        }
        for seed, kind, condition, strength, target in product(
            range(3), ("unit", "state"), ("target", "another"), (1.0, 4.0), range(2)
        )
    ]
    figure, marks = draw_steering({"white": pd.DataFrame(rows)}, LOOK)
    _check(figure)
    found = marks.set_index(["kind", "condition", "strength"])["mean"]
    assert found["unit", "target", 4.0] == pytest.approx(12)
    assert found["state", "another", 1.0] == pytest.approx(1.5)


def test_layers_are_named_by_number_where_that_tells_them_apart():
    assert layer_names(SITES) == {SITES[0]: "0", SITES[1]: "1"}
    both = ("blocks.0.mlp.hook_post", "blocks.0.hook_resid_post")
    assert layer_names(both) == {site: site for site in both}
    assert ALL not in layer_names(SITES)
