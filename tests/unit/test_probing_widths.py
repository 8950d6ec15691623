"""Networks of several widths: what one unit tells, all, and how many are needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probing_examples import SETTINGS, SITES, SOURCE, UNITS, write_probed

from chunkscope.probing.conditions import BALANCED, PROBE, ROTATED, UNTRAINED
from chunkscope.probing.narrowing import narrowed
from chunkscope.probing.scoring import Study
from chunkscope.probing.study import probe_run
from chunkscope.probing.terms import ALL, DENSE, NEEDED, UNIT
from chunkscope.probing.widths.claims import judge_widths, per_doubling
from chunkscope.probing.widths.settings import WidthsSettings
from chunkscope.probing.widths.study import member_means, probe_width
from chunkscope.store import ActivationStore

STUDY = Study(SETTINGS, 0, "example")


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder: Path = tmp_path_factory.mktemp("widths")
    paths = [write_probed(folder / f"{told}.zarr.zip", told) for told in (True, False)]
    with ActivationStore.open(paths[0]) as trained, ActivationStore.open(paths[1]) as untrained:
        found = probe_width(trained, untrained, STUDY, WidthsSettings(sizes=(4,)))
    return found.assign(width=UNITS)


def test_one_unit_is_the_best_of_all_and_not_the_first_of_a_ranking(scores):
    of = scores[(scores["kind"] == "word") & (scores["name"] == "abc") & (scores["size"] == 1)]
    at_site = of[(of["site"] == SITES[1]) & (of["prevalence"] == BALANCED)]
    f1 = at_site.groupby("condition")["f1"].mean()
    assert f1[PROBE] > 0.9
    assert f1[UNTRAINED] < 0.6
    assert f1[ROTATED] < f1[PROBE] - 0.1


def test_every_condition_has_the_sizes_that_it_stands_for(scores):
    sizes = scores.groupby("condition")["size"].agg(set)
    assert sizes[PROBE] == sizes[UNTRAINED] == {1, 4, UNITS}
    assert sizes[ROTATED] == {1}


def test_the_dense_probe_is_that_of_the_run_s_own_study(scores, tmp_path):
    paths = [write_probed(tmp_path / f"{told}.zarr.zip", told) for told in (True, False)]
    with ActivationStore.open(paths[0]) as trained, ActivationStore.open(paths[1]) as untrained:
        study = probe_run(trained, untrained, SOURCE, narrowed(STUDY, 2)).scores
    keys = ["kind", "name", "condition", "member", "site", "prevalence"]
    both = scores[scores["dense"]].merge(study[study["dense"].eq(True)], on=keys)
    assert len(both) == scores["dense"].sum()
    np.testing.assert_allclose(both["f1_x"], both["f1_y"], atol=1e-12)


def made(f1: dict[tuple[str, int], list[float]]) -> pd.DataFrame:
    """(condition, width) -> F1 of the best unit of every member."""
    rows = [
        {
            "kind": "word", "name": "a", "condition": condition, "member": member, "site": site,
            "size": size, "dense": size > 1, "prevalence": BALANCED, "width": width,
            "validation": value - (site == "worse"), "f1": value if site == "s" else 0.0,
            "chosen": size > 1 and site == "s", "units_needed": 3.0,
        }
        for (condition, width), values in f1.items()
        for member, value in enumerate(values)
        for site in ("s", "worse")
        for size in (1, width)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_site_is_the_one_that_validation_chose():
    table = made({(PROBE, 8): [0.5, 0.7], (ROTATED, 8): [0.4, 0.6]})
    means = member_means(table)
    unit = means[(means["measure"] == UNIT) & (means["condition"] == PROBE)]
    assert list(unit[unit["kind"] == "word"]["value"]) == [0.5, 0.7]
    assert set(means["kind"]) == {"word", ALL}
    assert set(means[means["condition"] == PROBE]["measure"]) == {UNIT, DENSE, NEEDED}
    assert NEEDED not in set(means[means["condition"] == ROTATED]["measure"])


def test_slopes_are_those_of_least_squares():
    table = pd.DataFrame([[0.1, 0.2, 0.4], [0.2, 0.2, 0.2]], columns=[8, 16, 64])
    doublings = np.array([3.0, 4.0, 6.0])
    expected = [
        np.linalg.lstsq(np.column_stack([doublings, np.ones(3)]), row, rcond=None)[0][0]
        for row in table.to_numpy()
    ]
    assert per_doubling(table).mean == pytest.approx(np.mean(expected))
    assert expected[1] == pytest.approx(0)


RISING, FLAT = {8: 0.5, 16: 0.6, 32: 0.7}, {8: 0.5, 16: 0.5, 32: 0.5}
FALLING = {8: 0.7, 16: 0.6, 32: 0.5}


@pytest.mark.parametrize(
    ("trained", "untrained", "noise", "verdicts"),
    [
        (RISING, FLAT, 0.001, ["reproduced", "reproduced"]),
        (RISING, RISING, 0.001, ["reproduced", "not reproduced"]),
        (RISING, FLAT, 0.5, ["direction only", "direction only"]),
        (FALLING, FLAT, 0.001, ["not reproduced", "not reproduced"]),
    ],
)
def test_claims_are_judged_by_the_slope_and_by_what_luck_gains(trained, untrained, noise, verdicts):
    jitter = noise * np.array([[1.0, -1, 0], [-1, 1, 0], [0, 0, 0], [0.5, 0, -0.5], [0, 0.5, 0]])
    f1 = {
        (condition, width): [value + row[at] * (condition == PROBE) for row in jitter]
        for condition, values in ((PROBE, trained), (UNTRAINED, untrained), (ROTATED, trained))
        for at, (width, value) in enumerate(values.items())
    }
    claims = list(judge_widths(made(f1)))
    assert [claim.verdict for claim in claims] == verdicts


def test_one_width_alone_is_not_judged():
    assert not list(judge_widths(made({(PROBE, 8): [0.5], (UNTRAINED, 8): [0.4]})))
