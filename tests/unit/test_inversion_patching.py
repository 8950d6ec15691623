"""Patching: a site that all goes through carries the answer; one's own activity changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chunkscope.errors import InversionError
from chunkscope.grammars import Counting, Inputs
from chunkscope.inversion.patching import (
    Patch,
    answers,
    cumulative,
    functional_radius,
    smallest_cut,
)
from chunkscope.networks import passes
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import GPTSettings

INPUTS = Counting(letters=3, distinct=2, most=2).inputs()
MODEL = GPTSettings(layers=2, width=16, heads=2, context=10, initial_sd=2.0, embedding_sd=0.3)
LAST = "blocks.1.hook_resid_post"


@pytest.fixture
def network() -> Network:
    return build(MODEL, len(INPUTS.symbols), [3], INPUTS.symbols)


@pytest.fixture(autouse=True)
def passes_of_a_few_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SYMBOLS_PER_PASS", 200)


@torch.no_grad()
def activity(network: Network, site: str, point: str, inputs: Inputs = INPUTS) -> np.ndarray:
    recorded = network(torch.from_numpy(inputs.tokens.astype(np.int64)), record=[site])
    return recorded.activations[site][0].numpy()[np.arange(len(inputs)), inputs.points[point]]


@torch.no_grad()
def test_without_a_patch_it_is_the_networks_own_answer(network: Network) -> None:
    logits = network(torch.from_numpy(INPUTS.tokens.astype(np.int64))).logits[0].numpy()
    expected = logits[np.arange(len(INPUTS)), INPUTS.points["colon"]].argmax(-1)
    found = answers(network, INPUTS, "colon")
    np.testing.assert_array_equal(found, expected)
    assert len(set(found.tolist())) > 1


@pytest.mark.parametrize("site", [LAST, "blocks.0.attn.hook_result.1", "blocks.0.hook_mlp_out"])
@pytest.mark.parametrize("point", ["target", "colon"])
def test_its_own_activity_changes_nothing(network: Network, site: str, point: str) -> None:
    own = Patch(site, point, activity(network, site, point))
    plain = answers(network, INPUTS, "colon")
    np.testing.assert_array_equal(answers(network, INPUTS, "colon", [own]), plain)


def test_where_all_goes_through_the_answer_is_the_donors(network: Network) -> None:
    donor = np.random.default_rng(0).permutation(len(INPUTS))
    plain = answers(network, INPUTS, "colon")
    there = Patch(LAST, "colon", activity(network, LAST, "colon")[donor])
    np.testing.assert_array_equal(answers(network, INPUTS, "colon", [there]), plain[donor])
    nowhere = Patch(LAST, "target", activity(network, LAST, "target")[donor])
    np.testing.assert_array_equal(answers(network, INPUTS, "colon", [nowhere]), plain)


def test_two_patches_that_add_up_to_all_carry_what_one_does_not(network: Network) -> None:
    donor = np.random.default_rng(0).permutation(len(INPUTS))
    plain = answers(network, INPUTS, "colon")
    parts = [
        Patch(site, "colon", activity(network, site, "colon")[donor])
        for site in ("blocks.1.hook_resid_mid", "blocks.1.hook_mlp_out")
    ]
    together = answers(network, INPUTS, "colon", parts)
    np.testing.assert_array_equal(together, plain[donor])
    alone = answers(network, INPUTS, "colon", parts[1:])
    assert (alone != plain[donor]).any()


def test_several_members_are_refused() -> None:
    several = build(MODEL, len(INPUTS.symbols), [0, 1], INPUTS.symbols)
    with pytest.raises(InversionError, match="got 2 members; patches are of one: select it"):
        answers(several, INPUTS, "colon")


def test_the_functional_radius_holds_enough_and_so_do_all_before_it() -> None:
    rng = np.random.default_rng(0)
    for least in (1, 6):
        for _ in range(200):
            distance = rng.integers(1, 12, 30) / 10
            kept = rng.random(30) < np.exp(-distance / 2)
            radius = functional_radius(distance, kept, share=0.8, least=least)
            tried = np.unique(distance)
            enough = np.array([kept[distance <= r].mean() >= 0.8 for r in tried])
            counted = np.array([(distance <= r).sum() >= least for r in tried])
            failed = np.flatnonzero(~enough & counted)
            before = np.arange(len(tried)) < (failed[0] if len(failed) else len(tried))
            expected = tried[enough & before]
            np.testing.assert_equal(radius, expected[-1] if len(expected) else np.nan)
    assert functional_radius(np.array([1.0, 2.0, 3.0]), np.array([True, True, True])) == 3
    assert np.isnan(functional_radius(np.array([1.0, 2.0]), np.array([False, False])))


def test_a_donor_counts_as_often_as_the_members_it_stands_for() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        distance, kept = rng.random(12), rng.random(12) < 0.9
        times = rng.integers(1, 5, 12)
        expected = functional_radius(np.repeat(distance, times), np.repeat(kept, times))
        found = functional_radius(distance, kept, times / times.sum())
        np.testing.assert_equal(found, expected)


def test_the_smallest_cut_is_found_by_trying() -> None:
    effect = {("b",): 0.4, ("a", "c"): 0.97, ("b", "c"): 0.96}
    tried = []

    def carried(together: tuple[str, ...]) -> float:
        tried.append(together)
        return effect.get(together, 0.1)

    found = smallest_cut("abc", carried, 0.95, most=3)
    assert found == [(("a", "c"), 0.97), (("b", "c"), 0.96), (("a", "b"), 0.1)]
    assert ("a", "b", "c") not in tried
    assert smallest_cut("abc", carried, 0.95, most=1)[0] == (("b",), 0.4)
    assert len(smallest_cut("ab", carried, 0.95, most=3)) == 1


def test_both_orders_begin_with_none_and_end_with_all() -> None:
    sets = list(cumulative(["x", "y", "z"]))
    assert sets[:4] == [
        ("forward", ()), ("forward", ("x",)), ("forward", ("x", "y")), ("forward", ("x", "y", "z"))
    ]  # fmt: skip
    assert [together for order, together in sets if order == "backward"] == [
        (), ("z",), ("z", "y"), ("z", "y", "x")
    ]  # fmt: skip
