"""Means over units, layers and seeds; white boxes beside their twins; what may be said of them."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chunkscope.neurons.comparison import LOSS, STEPS, Pair, compare_pair
from chunkscope.neurons.controls import OWN
from chunkscope.neurons.labels import LABEL
from chunkscope.neurons.study import EVERYTHING, SCORES
from chunkscope.neurons.summary import (
    ALL,
    AS_ZERO,
    SCORED,
    TRAINED,
    by_seed,
    summarise_facts,
    summarise_units,
)
from chunkscope.neurons.wording import (
    LESS,
    MORE,
    SAME,
    UNKNOWN,
    headline_rows,
    sentence_of,
    word_of,
)

PAIR = Pair("white", "twin")


def scores(values):
    """A score table of ``values`` (seed, site) -> units; all scores are equal."""
    rows = [
        {"seed": seed, "site": site, "unit": unit, **dict.fromkeys(SCORES, value)}
        for (seed, site), units in values.items()
        for unit, value in enumerate(units)
    ]
    named = {"protocol": "wide", "explainer": "symbols", "control": OWN, "length": 1}
    return pd.DataFrame(rows).assign(**named)


def curve(losses, values, sites=("first", "last")):
    """Losses and scores (seed, checkpoint); the last site scores twice as much."""
    rows = [
        {
            "step": 10 * step,
            "seed": seed,
            "site": site,
            "loss": losses[seed][step],
            "measure": "pearson",
            "as_zero": (1 + (site == "last")) * values[seed][step],
            "scored": (1 + (site == "last")) * values[seed][step],
            "units": 40,
            "n_scored": 30 + step,
        }
        for seed in range(len(losses))
        for step in range(len(losses[seed]))
        for site in sites
    ]
    return pd.DataFrame(rows)


def test_units_without_a_score_count_as_zero_or_are_left_out():
    table = by_seed(scores({(0, "a"): [0.8, np.nan, 0.4], (0, "b"): [0.2, 0.2, 0.2]}))
    found = table[table["measure"] == "pearson"].set_index(["site", "policy"])["value"]
    assert found["a", AS_ZERO] == pytest.approx(0.4)
    assert found["a", SCORED] == pytest.approx(0.6)
    assert found[ALL, AS_ZERO] == pytest.approx(0.3)  # the last layer counts as the first
    assert found[ALL, SCORED] == pytest.approx(0.4)
    counts = table[table["measure"] == "pearson"].set_index(["site", "policy"])["units"]
    assert counts["a", AS_ZERO] == 3
    assert counts["a", SCORED] == 2
    assert counts[ALL, SCORED] == 5


def test_intervals_over_units_are_those_of_all_units_of_all_seeds():
    rng = np.random.default_rng(0)
    units = {(seed, "a"): rng.normal(seed, 1, 40) for seed in range(3)}
    units[1, "a"][:5] = np.nan
    means = by_seed(scores(units))
    found = summarise_units({("run", TRAINED): means}).set_index(["site", "measure", "policy"])
    row = found.loc["a", "pearson", SCORED]
    pooled = np.concatenate(list(units.values()))
    pooled = pooled[np.isfinite(pooled)]
    half = 1.96 * pooled.std(ddof=1) / np.sqrt(len(pooled))
    assert row["units"] == len(pooled)
    assert row["units_low"] == pytest.approx(pooled.mean() - half)
    assert row["units_high"] == pytest.approx(pooled.mean() + half)
    seeds = [np.nanmean(values) for values in units.values()]
    low, high = stats.t.interval(0.95, 2, np.mean(seeds), stats.sem(seeds))
    assert row["n"] == 3
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx([low, high])


def test_intervals_over_the_units_of_all_layers_are_those_of_a_mean_of_means():
    rng = np.random.default_rng(1)
    units = {
        (seed, site): rng.normal(at, 1 + at, 30 + 40 * at)
        for seed in range(3)
        for at, site in enumerate("ab")
    }
    found = summarise_units({("run", TRAINED): by_seed(scores(units))})
    row = found[(found["site"] == ALL) & (found["measure"] == "pearson")].iloc[0]
    layers = [np.concatenate([units[seed, site] for seed in range(3)]) for site in "ab"]
    centre = np.mean([layer.mean() for layer in layers])
    half = 1.96 * np.sqrt(sum(layer.var(ddof=1) / len(layer) for layer in layers)) / 2
    assert row["units"] == 3 * (30 + 70)
    assert row["units_low"] == pytest.approx(centre - half)
    assert row["units_high"] == pytest.approx(centre + half)


def test_without_a_score_a_balanced_accuracy_is_that_of_chance():
    table = by_seed(scores({(0, "a"): [0.8, np.nan]})).set_index(["site", "measure", "policy"])
    for measure, expected in (("auprc", 0.4), ("detection", 0.65), ("fuzzing", 0.65)):
        assert table.loc[("a", measure, AS_ZERO), "value"] == pytest.approx(expected)


def test_what_was_never_scored_is_no_zero():
    labels = scores({(0, "a"): [0.8, 0.4]}).assign(explainer=LABEL)
    table = by_seed(labels.assign(r2=np.nan, auprc=np.nan, detection=np.nan, fuzzing=np.nan))
    assert set(table["measure"]) == {"pearson"}


def test_facts_are_shares_of_units_and_a_median():
    units = pd.DataFrame(
        {
            "seed": 0,
            "site": "a",
            "active": [0.0, 0.5, 1.0, 0.1],
            "dead": [True, False, False, False],
            "constant": [True, False, True, False],
            "token_share": [np.nan, 0.9, np.nan, -50.0],
        }
    )
    found = summarise_facts({("run", TRAINED): units}).set_index("fact")["mean"]
    assert found["active"] == pytest.approx(0.4)
    assert found["dead"] == pytest.approx(0.25)
    assert found["constant"] == pytest.approx(0.5)
    assert found["token_share"] == pytest.approx((0.9 - 50) / 2)


def compared(ours, theirs, *curves):
    tables = [by_seed(scores(values)) for values in (ours, theirs)]
    return compare_pair(PAIR, tables, curves)


def rows_of(table, at, protocol, site=ALL):
    chosen = (table["at"] == at) & (table["protocol"] == protocol) & (table["site"] == site)
    pearson = (table["measure"] == "pearson") & (table["policy"] == AS_ZERO)
    return table[chosen & pearson].iloc[0]


OURS = {(seed, "a"): [0.6 + 0.01 * seed] for seed in range(3)}
THEIRS = {(seed, "a"): [0.5] for seed in range(3)}


def test_at_equal_steps_ends_are_compared():
    white = curve([[6, 4.0]] * 3, [[0, 0.30], [0, 0.32], [0, 0.31]])
    twin = curve([[6, 4.0, 3.0]] * 3, [[0, 0.4, 0.20]] * 3)
    table = compared(OURS, THEIRS, white, twin)
    own = rows_of(table, STEPS, "wide")
    assert own["difference"] == pytest.approx(0.11)
    assert own["white_box_loss"] == pytest.approx(4)
    assert own["twin_loss"] == pytest.approx(3)
    along = rows_of(table, STEPS, EVERYTHING)
    assert along["difference"] == pytest.approx(1.5 * (0.31 - 0.20))  # the mean over both layers
    assert along["ci_low"] > 0
    last = rows_of(table, STEPS, EVERYTHING, "last")
    assert last["difference"] == pytest.approx(2 * (0.31 - 0.20))


def test_at_equal_loss_the_twin_is_read_between_its_checkpoints():
    white = curve([[6, 3.5]] * 3, [[0, 0.30], [0, 0.32], [0, 0.31]])
    twin = curve([[6, 4.0, 3.0]] * 3, [[0, 0.4, 0.2]] * 3)
    found = rows_of(compared(OURS, THEIRS, white, twin), LOSS, EVERYTHING, "first")
    assert found["twin_mean"] == pytest.approx(0.3)  # halfway from 4.0 to 3.0
    assert found["difference"] == pytest.approx(0.01)
    assert found["twin_loss"] == found["white_box_loss"] == pytest.approx(3.5)


def test_seeds_that_never_came_so_far_are_out_of_every_mean():
    white = curve([[6, 3.5], [6, 3.5], [6, 2.0]], [[0, 0.30], [0, 0.32], [0, 0.9]])
    twin = curve([[6, 4.0, 3.0]] * 3, [[0, 0.4, 0.2]] * 3)
    table = compared(OURS, THEIRS, white, twin)
    found = rows_of(table, LOSS, EVERYTHING, "first")
    assert found["n"] == 2
    assert found["white_box_mean"] == pytest.approx(0.31)
    assert found["difference"] == pytest.approx(found["white_box_mean"] - found["twin_mean"])
    assert found["white_box_loss"] == found["twin_loss"] == pytest.approx(3.5)
    assert (found["white_box_units"], found["twin_units"]) == (80, 80)
    chosen = (table["at"] == LOSS) & (table["policy"] == SCORED) & (table["site"] == ALL)
    (scored,) = table[chosen].to_dict("records")
    assert (scored["white_box_units"], scored["twin_units"]) == (4 * 31, 4 * 31)


def test_a_twin_that_never_came_so_far_is_not_estimable():
    white = curve([[6, 2.5]] * 3, [[0, 0.30]] * 3)
    twin = curve([[6, 4.0, 3.0]] * 3, [[0, 0.4, 0.2]] * 3)
    table = compared(OURS, THEIRS, white, twin)
    found = rows_of(table, LOSS, EVERYTHING)
    assert np.isnan(found["difference"])
    assert found["n"] == 0
    said = sentence_of(PAIR, table)
    assert "at equal loss not estimable (n = 0)" in said
    assert "not at equal loss" not in said


def test_more_interpretable_is_said_only_where_the_interval_excludes_zero():
    row = {"difference": 0.1, "n": 3}
    words = {(0.05, 0.15): MORE, (-0.01, 0.2): SAME, (-0.2, -0.1): LESS, (np.nan, np.nan): UNKNOWN}
    for (low, high), word in words.items():
        assert word_of(pd.Series({**row, "ci_low": low, "ci_high": high})) == word


def test_other_explainers_of_everything_are_not_the_headline():
    white = curve([[6, 3.5]] * 3, [[0, 0.30], [0, 0.32], [0, 0.31]])
    twin = curve([[6, 4.0, 3.0]] * 3, [[0, 0.4, 0.2]] * 3)
    tables = [
        by_seed(scores(values).assign(protocol=EVERYTHING, explainer="label"))
        for values in (OURS, THEIRS)
    ]
    table = compare_pair(PAIR, tables, [white, twin])
    rows = headline_rows(table, STEPS)
    assert rows["explainer"].tolist() == ["symbols"]
    assert rows["difference"].iloc[0] == pytest.approx(1.5 * (0.31 - 0.20))


def test_the_sentence_says_where_a_gain_does_not_hold():
    white = curve([[6, 3.5]] * 3, [[0, 0.30], [0, 0.32], [0, 0.31]])
    twin = curve([[6, 4.0, 3.0]] * 3, [[0, 0.5, 0.2]] * 3)
    said = sentence_of(PAIR, compared(OURS, THEIRS, white, twin))
    assert said.startswith("white beside twin: more interpretable at equal steps")
    assert "not at equal loss: less interpretable" in said
    better = curve([[6, 4.0, 3.0]] * 3, [[0, 0.1, 0.1]] * 3)
    said = sentence_of(PAIR, compared(OURS, THEIRS, white, better))
    assert "at equal loss more interpretable" in said


def test_comparing_and_judging_import_neither_torch_nor_sklearn():
    rooms = ("claims", "comparison", "showing", "summary", "wording")
    imports = "; ".join(f"import chunkscope.neurons.{room}" for room in rooms)
    code = f"import sys; {imports}; print(*{{'torch', 'sklearn'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
