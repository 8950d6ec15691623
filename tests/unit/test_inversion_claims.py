"""The rules of the claims turn where they should: on tables that hold a claim, and on others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from chunkscope.inversion.claims import Tables, judge_inversion
from chunkscope.inversion.claims.shares import chosen_heads, kept, paired
from chunkscope.inversion.decoder.scores import QUALITY
from chunkscope.inversion.donors import COLUMNS as PATCHES
from chunkscope.inversion.learning import COLUMNS as LEARNING
from chunkscope.inversion.reading import BALLS
from chunkscope.statistics import Claim

ASKED = {"answers": 0.995, "excess": 0.05}
PRIOR = 0.2
HEADS = [f"blocks.0.attn.hook_result.{head}" for head in range(3)]


def balls_of(shares: dict[tuple[str, str, str], float], untrained: float = PRIOR) -> pd.DataFrame:
    """(point, site, feature) -> the share of every ball, a little different in each member."""
    rng, rows = np.random.default_rng(0), []
    for condition in ("trained", "untrained"):
        for member in range(3):
            for (point, site, feature), share in shares.items():
                for query in range(20):
                    mean = share if condition == "trained" else untrained
                    same = float(np.clip(mean + 0.002 * rng.standard_normal(), 0, 1))
                    rows.append((condition, member, point, site, query, 0.1, feature, same, PRIOR))
    return pd.DataFrame(rows, columns=list(BALLS))


def learning_of(right: float, nines: dict[int, tuple[float, float]] | None = None) -> pd.DataFrame:
    """Share of right answers at the end, and step -> those elsewhere and at nines."""
    rows = [(2000, member, "answers", "every", 0, right, 500) for member in range(3)]
    for step, shares in (nines or {}).items():
        for member in range(3):
            for value, share in enumerate(shares):
                mean = share + 0.001 * member * (1 + value)
                rows.append((step, member, "answers", "nine2", value, mean, 100))
    return pd.DataFrame(rows, columns=list(LEARNING))


def patches_of(inside: float, outside: float) -> pd.DataFrame:
    rng, rows = np.random.default_rng(1), []
    for member in range(3):
        for query in range(50):
            for within, share in ((True, inside), (False, outside)):
                for donor in range(10):
                    stays = bool(rng.random() < share)
                    rows.append((member, "s", query, donor, 0.1, 0.01, within, stays))
    return pd.DataFrame(rows, columns=list(PATCHES)).assign(point="colon")


def quality_of(coverage: float, valid: float = 0.99, inside: float = 0.8) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {
            "point": "colon", "site": "s", "query": np.arange(40), "valid": valid,
            "inside": inside, "precision": inside,
            "coverage_1000": coverage * 0.5 * (1 + 0.05 * rng.standard_normal(40)),
            "ideal_1000": 0.5, "search_1000": 0.05, "trusted": coverage >= 0.8,
        }
    )  # fmt: skip
    return table.reindex(columns=list(QUALITY))


def cuts_of(carried: float, size: int = 1, alike: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "member": range(3), "circuit": "count", "sites": "a", "size": size, "heads": 2,
            "found": 1.0, "carried": carried, "carried_low": 0.9, "carried_high": 1.0, "n": 64,
            "next_sites": "b", "next_carried": 0.1, "alike_kept": alike, "enough": carried >= 0.95,
        }
    )  # fmt: skip


def judged(task: str = "words", **changed: object) -> dict[str, Claim]:
    tables = {
        "task": task, "learning": learning_of(1.0), "balls": balls_of({}),
        "patches": patches_of(1, 0.4), "quality": quality_of(0.9), "cuts": None,
    }  # fmt: skip
    claims: Iterator[Claim] = judge_inversion({"run": Tables(**{**tables, **changed})}, ASKED)
    return {claim.id.removeprefix("inversion-").removesuffix("-run"): claim for claim in claims}


def counting(first: float, second: float, last: float, letter: float) -> pd.DataFrame:
    target, colon = "target", "colon"
    return balls_of(
        {
            (target, "blocks.0.hook_attn_out", "count"): first,
            (target, "blocks.0.hook_mlp_out", "count"): second,
            (colon, "blocks.1.hook_attn_out", "count"): last,
            (target, "blocks.0.hook_attn_out", "letter"): 1.0,
            (target, "blocks.0.hook_mlp_out", "letter"): 1.0,
            (colon, "blocks.1.hook_attn_out", "letter"): letter,
        }
    )


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [((0.4, 0.7, 0.99), "reproduced"), ((0.7, 0.4, 0.99), "direction only"),
     ((0.99, 0.9, 0.8), "not reproduced")],
)  # fmt: skip
def test_the_count_becomes_precise(shares: tuple[float, float, float], verdict: str) -> None:
    claim = judged("counting", balls=counting(*shares, letter=PRIOR))["count-precise"]
    assert claim.verdict == verdict
    assert claim.value.mean == pytest.approx(shares[2] - shares[0], abs=0.01)


@pytest.mark.parametrize(
    ("letter", "count", "verdict"),
    [(PRIOR, 0.99, "reproduced"), (PRIOR, 0.6, "direction only"), (0.6, 0.99, "direction only"),
     (1.0, 0.99, "not reproduced")],
)  # fmt: skip
def test_the_answer_forgets_the_letter(letter: float, count: float, verdict: str) -> None:
    assert (
        judged("counting", balls=counting(0.4, 0.7, count, letter))["forgets-letter"].verdict
        == verdict
    )


def addition(carry: float, pair: float, digit: float) -> pd.DataFrame:
    shares = {}
    for site, (held, told, read) in zip(
        HEADS, ((carry, pair, PRIOR), (PRIOR, PRIOR, digit), (PRIOR, PRIOR, PRIOR)), strict=True
    ):
        shares |= {
            ("equals", site, "carry2"): held, ("equals", site, "pair2"): told,
            ("equals", site, "f1"): read,
        }  # fmt: skip
    return balls_of(shares)


@pytest.mark.parametrize(
    ("carry", "pair", "verdict"),
    [(1.0, 0.4, "reproduced"), (1.0, 0.9, "direction only"), (0.8, 0.3, "direction only"),
     (0.4, 0.3, "not reproduced")],
)  # fmt: skip
def test_a_head_holds_the_carry(carry: float, pair: float, verdict: str) -> None:
    claim = judged("addition", balls=addition(carry, pair, PRIOR))["carry-head"]
    assert claim.verdict == verdict
    assert "0.0 (carry2)" in claim.control


@pytest.mark.parametrize(
    ("digit", "verdict"), [(1.0, "reproduced"), (0.8, "direction only"), (0.3, "not reproduced")]
)
def test_a_head_holds_a_digit(digit: float, verdict: str) -> None:
    claim = judged("addition", balls=addition(PRIOR, PRIOR, digit))["digit-head"]
    assert claim.verdict == verdict
    assert "0.1 (f1)" in claim.control


@pytest.mark.parametrize(
    ("nines", "verdict"),
    [({400: (0.5, 0.1), 800: (0.96, 0.6)}, "reproduced"), ({800: (0.95, 0.93)}, "direction only"),
     ({800: (0.95, 0.99)}, "not reproduced"), ({400: (0.5, 0.1)}, "not estimable")],
)  # fmt: skip
def test_errors_ripple_early_in_training(
    nines: dict[int, tuple[float, float]], verdict: str
) -> None:
    assert judged("addition", learning=learning_of(1.0, nines))["ripples"].verdict == verdict


@pytest.mark.parametrize(
    ("state", "path", "untrained", "verdict"),
    [(1.0, 0.4, 1.0, "reproduced"), (1.0, 0.8, 1.0, "direction only"),
     (1.0, 0.4, 0.9, "direction only"), (0.95, 0.4, 1.0, "not reproduced"),
     (1.0, 1.0, 0.9, "not reproduced")],
)  # fmt: skip
def test_a_trained_grammar_network_keeps_the_state_and_forgets_the_path(
    state: float, path: float, untrained: float, verdict: str
) -> None:
    place = ("last", "layers.0.hook_h")
    shares = {(*place, "causal"): state, (*place, "last 3 symbols"): path}
    claim = judged(balls=balls_of(shares, untrained))["state"]
    assert claim.value.mean == pytest.approx(untrained - path, abs=0.01)
    assert claim.verdict == verdict


def test_what_an_untrained_head_holds_too_is_no_claim() -> None:
    table = addition(1.0, 0.3, 1.0)
    untrained = table[table["condition"] == "trained"].assign(condition="untrained")
    both = pd.concat([table[table["condition"] == "trained"], untrained])
    found = judged("addition", balls=both)
    assert {found[name].verdict for name in ("carry-head", "digit-head")} == {"not reproduced"}


def test_what_holds_of_every_run() -> None:
    names = ("learned", "donors", "draws", "circuit")
    found = judged(cuts=cuts_of(1.0))
    assert {found[name].verdict for name in names} == {"reproduced"}
    poor = judged(
        learning=learning_of(0.7), patches=patches_of(0.5, 0.5), quality=quality_of(0.05),
        cuts=cuts_of(0.2),
    )  # fmt: skip
    assert {poor[name].verdict for name in names} == {"not reproduced"}
    some = judged(patches=patches_of(0.9, 0.4), quality=quality_of(0.7), cuts=cuts_of(0.8))
    assert {some[name].verdict for name in names[1:]} == {"direction only"}
    assert judged(quality=quality_of(0.95, inside=0.4))["draws"].verdict == "direction only"


def test_what_a_control_does_as_well_is_not_reproduced() -> None:
    assert judged(patches=patches_of(1.0, 1.0))["donors"].verdict == "not reproduced"
    assert judged(cuts=cuts_of(1.0, size=2))["circuit"].verdict == "direction only"
    assert judged(cuts=cuts_of(1.0, alike=0.5))["circuit"].verdict == "direction only"


def test_donors_count_by_what_they_stand_for() -> None:
    patches = patches_of(1.0, 0.0)
    far = ~patches["inside"] & (patches["donor"] == 0)
    patches.loc[far, "weight"], patches.loc[far, "kept"] = 0.09, True
    assert "0.500" in judged(patches=patches)["donors"].control


@pytest.mark.parametrize(
    ("task", "claims"),
    [("counting", {"count-precise", "forgets-letter"}),
     ("addition", {"carry-head", "digit-head", "ripples"}), ("words", {"state"})],
)  # fmt: skip
def test_a_run_that_has_not_learned_is_not_estimable(task: str, claims: set[str]) -> None:
    found = judged(
        task,
        learning=learning_of(0.3), balls=pd.DataFrame(columns=list(BALLS)),
        patches=patches_of(1, 1).iloc[:0], quality=quality_of(1).iloc[:0], cuts=cuts_of(1).iloc[:0],
    )  # fmt: skip
    assert found.pop("learned").verdict == "not reproduced"
    assert set(found) == {*claims, "donors", "draws", "circuit"}
    assert {claim.verdict for claim in found.values()} == {"not estimable"}


def test_a_member_without_balls_is_not_paired_with_another() -> None:
    patches = patches_of(1.0, 0.4)
    lacking = patches[~(patches["inside"] & (patches["member"] == 1))]
    assert judged(patches=lacking)["donors"].value.n == 2
    first, second = pd.Series([1.0, 2.0], [0, 1]), pd.Series([0.5, 0.7], [1, 2])
    assert paired(first, second).mean == 1.5


def test_errors_without_a_ripple_are_not_estimable() -> None:
    table = learning_of(1.0, {800: (0.95, 0.7)})
    assert judged("addition", learning=table[table["value"] == 0])["ripples"].verdict == (
        "not estimable"
    )


def test_a_cut_of_no_site_is_said() -> None:
    none = cuts_of(0.0).assign(sites=np.nan, size=0)
    assert "member 0: none of 2 heads" in judged(cuts=none)["circuit"].control


def test_heads_are_chosen_on_other_queries_than_they_are_judged_on() -> None:
    table = balls_of({("equals", head, "f1"): 0.5 for head in HEADS})
    even = table["query"] % 2 == 0
    table.loc[even & (table["site"] == HEADS[1]), "same"] = 1.0
    table.loc[~even & (table["site"] == HEADS[1]), "same"] = PRIOR
    chosen = chosen_heads(table, ["f1"])
    assert chosen["site"].tolist() == [HEADS[1]] * 3
    np.testing.assert_allclose(chosen["kept"], 0, atol=1e-9)


def test_shares_beyond_chance() -> None:
    table = balls_of({("p", "s", "f"): 0.6})
    np.testing.assert_allclose(kept(table, "f", "p", "s"), (0.6 - PRIOR) / (1 - PRIOR), atol=0.01)
