"""The claims about chunks get the verdicts that their rules give."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from chunkscope.chunks.claims import Reflection, judge_chunks
from chunkscope.statistics.claims import OWN

SEEDS = range(4)
JITTER = (-0.001, 0.001, 0.0005, -0.0005)


def spread(value: float) -> list[float]:
    """A value per seed, with a little spread around it."""
    return [value + jitter for jitter in JITTER]


def training(accuracy: float) -> pd.DataFrame:
    rows = [
        {"step": step, "seed": seed, "accuracy": value, "bayes_accuracy": 0.93}
        for step, values in ((0, spread(0.2)), (400, spread(accuracy)))
        for seed, value in zip(SEEDS, values, strict=True)
    ]
    return pd.DataFrame(rows)


def recall(share: float) -> pd.DataFrame:
    rows = [
        {"step": step, "seed": seed, "word": "ABCD", "recalled": value}
        for step, values in ((0, spread(0.1)), (400, spread(share)))
        for seed, value in zip(SEEDS, values, strict=True)
    ]
    return pd.DataFrame(rows)


def decoding(accuracy: float, seen: float) -> pd.DataFrame:
    rows = []
    for seed, value in zip(SEEDS, spread(accuracy), strict=True):
        shared = {"seed": seed, "chance": 0.68}
        rows += [
            {"states": "strings", "steps": 100, "accuracy": value, "coverage": value, **shared},
            {"states": "strings", "steps": 1000, "accuracy": 1.0, "coverage": 1.0, **shared},
            {"states": "dictionary", "steps": 9999, "accuracy": 0.0, "coverage": 0.0, **shared},
        ]
    return pd.DataFrame(rows).assign(accuracy_seen=[seen + j for j in JITTER for _ in range(3)])


def effects(target: float, random: float) -> pd.DataFrame:
    """Grafts whose target is C; lag 1 cannot show them, and other kinds are not the claim."""
    common = {"kind": "graft", "units": "all", "mode": "forced", "strength": 1.0}
    common |= {"reads": "A", "symbol": "C"}
    rows = []
    for seed, jitter in zip(SEEDS, JITTER, strict=True):
        for control, success in (
            ("target", target),
            ("random observed state", random),
            ("wrong donor", 0.0),
        ):
            row = {**common, "seed": seed, "control": control, "success": success + jitter}
            rows += [
                {**row, "lag": 2, "visible": True},
                {**row, "lag": 1, "visible": False, "success": 0.5},
                {**row, "lag": 3, "visible": True, "success": 0.5},
                {**row, "lag": 2, "visible": True, "mode": "free", "success": 0.5},
                {**row, "lag": 2, "visible": True, "kind": "steer", "success": 0.5},
                {**row, "lag": 2, "visible": True, "units": "constrained", "success": 0.5},
                {**row, "lag": 2, "visible": True, "reads": "X", "success": 0.5},
            ]
    return pd.DataFrame(rows)


def scores(f1: float, recall: float, untrained: float) -> pd.DataFrame:
    rows = []
    for row, measure, value in (
        ("density", "boundary_f1", f1),
        ("density", "word_recall", recall),
        ("density", "boundary_f1_every_step", 0.5),
        ("untrained", "boundary_f1", untrained),
        ("byte_pairs", "boundary_f1", 0.1),
    ):
        values = spread(value) if measure == "boundary_f1" else [value] * 4
        rows += [
            {"row": row, "seed": seed, "measure": measure, "value": v}
            for seed, v in zip(SEEDS, values, strict=True)
        ]
    return pd.DataFrame(rows)


GOOD = Reflection(training(0.925), recall(0.99), decoding(0.91, 1.0), effects(1.0, 0.08))


def verdict(claim_id: str, reflection: Reflection | None = GOOD, **others: pd.DataFrame) -> str:
    claims = {claim.id: claim for claim in judge_chunks(reflection, others)}
    return claims[claim_id].verdict


def test_what_the_paper_says_is_reproduced_by_numbers_like_its_own():
    for claim in ("learns", "recall", "decode", "decode-seen", "graft-A"):
        assert verdict(f"chunks-{claim}") == "reproduced", claim


@pytest.mark.parametrize(
    ("claim", "worse", "expected"),
    [
        ("learns", {"training": training(0.9)}, "direction only"),
        ("learns", {"training": training(0.1)}, "not reproduced"),
        ("recall", {"recall": recall(0.5)}, "direction only"),
        ("recall", {"recall": recall(0.05)}, "not reproduced"),
        ("decode", {"decoding": decoding(0.82, 1.0)}, "direction only"),
        ("decode", {"decoding": decoding(0.98, 1.0)}, "direction only"),
        ("decode", {"decoding": decoding(0.5, 1.0)}, "not reproduced"),
        ("decode-seen", {"decoding": decoding(0.91, 0.9)}, "direction only"),
        ("graft-A", {"effects": effects(1.0, 0.8)}, "direction only"),
        ("graft-A", {"effects": effects(0.7, 0.1)}, "direction only"),
        ("graft-A", {"effects": effects(0.3, 0.6)}, "not reproduced"),
    ],
)
def test_worse_numbers_get_the_verdict_of_the_rule(claim, worse, expected):
    assert verdict(f"chunks-{claim}", replace(GOOD, **worse)) == expected


def test_a_graft_that_no_donor_stands_for_is_not_estimable():
    assert verdict("chunks-graft-B") == "not estimable"


def test_no_published_claim_is_judged_on_another_experiment():
    claims = judge_chunks(None, {"own": scores(0.99, 1.0, 0.6)})
    assert [claim.paper for claim in claims] == [OWN]


def test_a_run_without_interventions_makes_no_claim_about_grafts():
    claims = judge_chunks(replace(GOOD, effects=None), {})
    assert not [claim for claim in claims if "graft" in claim.id]


def test_a_seed_without_chunks_is_not_passed_over():
    table = scores(0.99, 1.0, 0.6)
    table.loc[(table["row"] == "density") & (table["seed"] == 3), "value"] = float("nan")
    assert verdict("chunks-words-own", own=table) == "direction only"


@pytest.mark.parametrize(
    ("f1", "found", "untrained", "expected"),
    [
        (0.99, 1.0, 0.6, "reproduced"),
        (0.9, 1.0, 0.6, "direction only"),
        (0.99, 0.9, 0.6, "direction only"),
        (0.99, 1.0, 0.995, "not reproduced"),
    ],
)
def test_words_need_the_boundaries_every_word_and_training(f1, found, untrained, expected):
    assert verdict("chunks-words-own", own=scores(f1, found, untrained)) == expected
