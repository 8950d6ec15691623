"""Probes through training follow a feature from unit to unit, on the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probing_examples import SEEDS, SETTINGS, SITES, TELLS, UNITS, Change, write_probed

from chunkscope.probing.conditions import BALANCED
from chunkscope.probing.scoring import Study
from chunkscope.probing.terms import ALL, DENSE, FEW, FINAL, SAME, UNIT
from chunkscope.probing.tracing.claims import judge_tracing
from chunkscope.probing.tracing.settings import TracingSettings
from chunkscope.probing.tracing.study import summary_of_tracing, trace_run
from chunkscope.store import ActivationStore

EARLIER = 2
"""The unit that tells the word at the checkpoint, before :data:`TELLS` does at the end."""


def moved(drawn, activity) -> None:
    for seed in SEEDS:
        activity[seed, SITES[1]][..., EARLIER] += 4 * (drawn.labels["word"] == 0)


CHANGES: dict[int, tuple[bool, Change | None]] = {
    0: (False, None),
    5: (False, moved),
    9: (True, None),
}
"""Step -> whether :data:`TELLS` tells, and what else does."""


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, ActivationStore]]:
    folder: Path = tmp_path_factory.mktemp("tracing")
    with ExitStack() as opened:
        yield {
            step: opened.enter_context(
                ActivationStore.open(write_probed(folder / f"{step}.zarr.zip", *change))
            )
            for step, change in CHANGES.items()
        }


@pytest.fixture(scope="module")
def traced(stores: dict[int, ActivationStore]) -> pd.DataFrame:
    return trace_run(stores, Study(SETTINGS, 0, "example"), TracingSettings())


@pytest.fixture(scope="module")
def told(traced: pd.DataFrame) -> pd.DataFrame:
    """The word that a unit tells, at its site."""
    of = (traced["kind"] == "word") & (traced["name"] == "abc") & (traced["site"] == SITES[1])
    return traced[of & (traced["prevalence"] == BALANCED)]


def test_the_best_unit_of_every_step_is_the_one_that_tells(told):
    best = told[told["reads"] == UNIT].groupby("step")
    assert set(best.get_group(5)["unit"]) == {EARLIER}
    assert set(best.get_group(9)["unit"]) == {TELLS}
    assert (best["f1"].mean()[[5, 9]] > 0.9).all()
    assert best["f1"].mean()[0] < 0.6


def test_the_unit_of_the_end_is_followed_back_to_where_it_told_nothing(told):
    final = told[told["reads"] == FINAL]
    assert set(final["unit"]) == {TELLS}
    f1 = final.groupby("step")["f1"].mean()
    assert f1[9] > 0.9
    assert f1[[0, 5]].max() < 0.6


def test_the_end_is_its_own_best(traced):
    end = traced[traced["step"] == 9]
    best, final = (
        end[end["reads"] == reads].drop(columns="reads").reset_index(drop=True)
        for reads in (UNIT, FINAL)
    )
    pd.testing.assert_frame_equal(best, final)


def test_few_and_all_units_have_their_sizes(traced):
    assert set(traced[traced["reads"] == FEW]["size"]) == {4}
    assert set(traced[traced["reads"] == DENSE]["size"]) == {UNITS}
    assert traced[traced["reads"].isin([FEW, DENSE])]["unit"].isna().all()


def test_steps_are_independent_but_for_the_unit_of_the_end(stores, traced):
    """Leaving a checkpoint out, or naming them in another order, changes nothing of the others."""
    study = Study(SETTINGS, 0, "example")
    fewer = trace_run({9: stores[9], 0: stores[0]}, study, TracingSettings())
    rest = traced[traced["step"] != 5]
    pd.testing.assert_frame_equal(fewer, rest.reset_index(drop=True))


def test_the_summary_is_the_mean_over_features_then_members(traced):
    summary = summary_of_tracing(traced)
    row = summary.query(f"kind == '{ALL}' and measure == '{DENSE}' and step == 0")
    row = row[row["prevalence"] == BALANCED].iloc[0]
    of = traced.query(f"reads == '{DENSE}' and step == 0 and prevalence == '{BALANCED}'")
    assert row["mean"] == pytest.approx(of.groupby("member")["f1"].mean().mean())
    assert row["n"] == len(SEEDS)
    same = summary.query(f"measure == '{SAME}' and step == 9")
    assert (same["mean"] == 1).all()


def table(f1: dict[int, list[float]], units: dict[int, list[int]]) -> pd.DataFrame:
    """Step -> F1 of the best unit, and which it is, of every member; unit 0 at the end."""
    rows = [
        {
            "kind": "word", "name": "a", "site": "s", "prevalence": BALANCED, "member": member,
            "step": step, "reads": reads, "f1": value, "units": 10,
            "unit": {UNIT: units[step][member], FINAL: 0}.get(reads, np.nan),
        }
        for step, values in f1.items()
        for member, value in enumerate(values)
        for reads in (UNIT, FINAL, FEW, DENSE)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("end", "units", "verdicts"),
    [
        ([0.8, 0.81, 0.82], [0, 0, 0], ["reproduced", "reproduced"]),
        ([0.8, 0.5, 0.45], [1, 2, 3], ["direction only", "not reproduced"]),
        ([0.3, 0.31, 0.32], [1, 0, 0], ["not reproduced", "not reproduced"]),
        ([0.8], [0], ["not estimable", "not estimable"]),
    ],
)
def test_claims_are_judged_by_their_rules(end, units, verdicts):
    n = len(end)
    f1 = {0: [0.4, 0.41, 0.42][:n], 5: [0.5] * n, 9: end}
    scores = table(f1, {0: [5] * n, 5: units, 9: [0] * n})
    claims = list(judge_tracing({"r": scores}))
    assert [claim.verdict for claim in claims] == verdicts
    assert claims[0].value.mean == pytest.approx(np.mean(end) - np.mean(f1[0]))
    assert claims[1].value.mean == pytest.approx(np.mean([unit == 0 for unit in units]))
