"""Grafts on generation: what is changed, what is left alone, and what is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from chunkscope.chunks.concepts import speech
from chunkscope.chunks.concepts.grafting import (
    Prototypes,
    build_changes,
    build_edits,
    depths,
    graft_concepts,
)
from chunkscope.chunks.concepts.settings import GraftSettings
from chunkscope.chunks.concepts.speech import Listener, Prompts, draw_prompts, say, surprise
from chunkscope.chunks.concepts.summary import (
    CONDITIONS,
    NARROW,
    NONE,
    OTHERS,
    TARGET,
    summarise_grafts,
)
from chunkscope.errors import ExtractionError, InterventionError
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.rollouts import rollout
from chunkscope.networks.settings import GPTSettings, TanhSettings

SYMBOLS = (" cat", " dog", " the", "s", ".")
SETTINGS = GraftSettings(prompts=6, prompt=5, steps=8, positions=2, offsets=(0,))


def decode(tokens: np.ndarray) -> str:
    return "".join(SYMBOLS[token] for token in tokens)


LISTENER = Listener(("cat", "dog"), decode)


def gpt() -> Network:
    return build(GPTSettings(layers=3, width=16, heads=2, context=16), 5, [0], SYMBOLS)


def parrot() -> Network:
    """A tanh network that says " cat" while unit 0 is on, " dog" while unit 1 is, else "."."""
    network = build(TanhSettings(hidden=8), 5, [0], SYMBOLS)
    weights = {name: torch.zeros_like(value) for name, value in network.state_dict().items()}
    for unit in range(2):
        weights["layers.0.weight_hh"][0, unit, unit] = 5
        weights["readout.weight"][0, unit, unit] = 40
    weights["readout.bias"][0, 4] = 20
    network.load_state_dict(weights)
    return network


def prompts_of(sites: dict[str, int], settings: GraftSettings = SETTINGS) -> Prompts:
    rng = np.random.default_rng(0)
    activity = {site: rng.normal(size=(20, 9, n)).astype(np.float32) for site, n in sites.items()}
    return draw_prompts(rng.integers(5, size=(20, 9)), activity, settings, rng)


def prototypes_of(sites: dict[str, int], units: int = 3) -> Prototypes:
    """Concept 0 holds the first ``units`` units, concept 1 the unit after the first."""
    rng = np.random.default_rng(1)
    masks = {site: np.stack([np.arange(n) < units, np.arange(n) == 1]) for site, n in sites.items()}
    means = {site: rng.normal(size=(2, n)).astype(np.float32) for site, n in sites.items()}
    observed = {site: rng.normal(size=(30, n)).astype(np.float32) for site, n in sites.items()}
    return Prototypes(("cat", "dog"), means, masks, observed)


RESIDUAL = {f"blocks.{layer}.hook_resid_post": 16 for layer in range(3)}


def run(network: Network, sites: dict[str, int], **changed: Any):
    settings = SETTINGS.model_copy(update=changed)
    prompts, prototypes = prompts_of(sites, settings), prototypes_of(sites)
    return graft_concepts(
        network, prompts, prototypes, LISTENER, settings, np.random.default_rng(2)
    )


@torch.no_grad()
def test_grafted_units_hold_the_prototype_and_others_are_untouched() -> None:
    network, site = gpt(), "blocks.2.hook_resid_post"
    prompts, prototypes = prompts_of(RESIDUAL), prototypes_of(RESIDUAL)
    target, *_ = build_changes(prompts, prototypes, [site], np.random.default_rng(0))
    (edit,) = build_edits([target], prototypes, [site], SETTINGS)
    tokens = torch.from_numpy(np.tile(prompts.tokens, (2, 1)))
    edit = type(edit)(edit.site, edit.when[:, :5], *(getattr(edit, f) for f in FIELDS))
    natural = network(tokens, record=[site]).activations[site][0].numpy()
    changed = network(tokens, intervene=[edit], record=[site]).activations[site][0].numpy()
    assert np.array_equal(changed[:, :3], natural[:, :3])  # before the last two positions
    for row in range(12):
        units, mean = prototypes.units[site][row // 6], prototypes.means[site][row // 6]
        np.testing.assert_array_equal(changed[row, 3:, units].T, np.tile(mean[units], (2, 1)))
        np.testing.assert_array_equal(changed[row, 3:, ~units], natural[row, 3:, ~units])


FIELDS = ("units", "keep", "hold", "value")


def test_controls_act_on_as_many_units_and_as_far() -> None:
    prompts, prototypes = prompts_of(RESIDUAL), prototypes_of(RESIDUAL)
    sites = list(RESIDUAL)[:2]
    changes = build_changes(prompts, prototypes, sites, np.random.default_rng(0))
    by_name = {change.condition: change for change in changes}
    target, turned = by_name[TARGET], by_name["random direction"]
    centre = np.concatenate([prototypes.observed[site].mean(axis=0) for site in sites])
    lengths = [
        np.linalg.norm(np.where(each.units, each.value - centre, 0), axis=1)
        for each in (target, turned)
    ]
    np.testing.assert_allclose(*lengths, rtol=1e-4)
    assert not np.allclose(target.value, turned.value)
    other = by_name["random units"]
    assert not (other.units & target.units).any()
    assert np.array_equal(other.units.sum(axis=1), target.units.sum(axis=1))
    assert (by_name["zero"].value == 0).all()


def test_at_strength_zero_every_condition_is_none() -> None:
    table = run(gpt(), RESIDUAL, strength=0.0)
    measured = ["contains", "rate", "first", "nll"]
    for _, rows in table[~table["condition"].isin([OTHERS, NARROW])].groupby(["depth", "concept"]):
        for name in measured:
            expected = rows[name].iloc[0]
            np.testing.assert_allclose(rows[name], expected, rtol=1e-6)


def test_at_full_strength_conditions_differ() -> None:
    table = run(gpt(), RESIDUAL)
    assert set(table["condition"]) == set(CONDITIONS)
    assert set(table["depth"]) == {"early", "middle", "late", "all"}
    nll = table[table["depth"] == "all"].groupby("condition")["nll"].mean()
    assert nll[TARGET] != nll[NONE]
    assert nll.nunique() > 2
    fired = table.set_index(["depth", "condition", "concept"])["fired"]
    assert fired["early", TARGET, "cat"] == 6 * 2  # prompts x positions x one site
    assert fired["all", TARGET, "cat"] == 6 * 2 * 3
    assert fired["all", NONE, "cat"] == 0


def test_a_network_that_says_the_concept_is_heard() -> None:
    site = {"layers.0.hook_h": 8}
    prompts = prompts_of(site)
    on = np.zeros((2, 8), np.float32)
    on[[0, 1], [0, 1]] = 1
    prototypes = Prototypes(
        ("cat", "dog"),
        {"layers.0.hook_h": on},
        {"layers.0.hook_h": on > 0},
        {"layers.0.hook_h": np.zeros((4, 8), np.float32)},
    )
    table = graft_concepts(
        parrot(), prompts, prototypes, LISTENER, SETTINGS, np.random.default_rng(0)
    )
    table = table.set_index(["condition", "concept"])
    for concept in ("cat", "dog"):
        assert table.loc[(TARGET, concept), ["contains", "rate", "first"]].tolist() == [1, 1, 1]
        for control in (NONE, OTHERS, "zero", NARROW, "random units"):
            assert table.loc[(control, concept), "contains"] == 0, control
        assert np.isnan(table.loc[(NONE, concept), "first"])
        assert table.loc[(TARGET, concept), "nll"] > 5 > 1 > table.loc[(NONE, concept), "nll"]


def test_only_whole_words_that_begin_after_the_prompt_are_heard() -> None:
    tokens = {symbol: index for index, symbol in enumerate(SYMBOLS)}

    def heard(prompt: str, *said: str) -> list[tuple[str, int]]:
        return list(LISTENER.heard(np.array([tokens[prompt]]), np.array([tokens[s] for s in said])))

    assert heard(" the", " cat", ".", " dog") == [("cat", 1), ("dog", 3)]
    assert heard(" the", " cat", "s") == []
    assert heard(" cat", "s", " cat") == [("cat", 2)]
    assert heard(" cat", ".") == []


def test_the_same_random_numbers_say_the_same() -> None:
    prompts = prompts_of(RESIDUAL)
    rows = np.array([0, 1, 0, 1])
    said = say(gpt(), prompts, rows, (), LISTENER, 1.0, 0.9)
    assert np.array_equal(said.count[:2], said.count[2:])
    np.testing.assert_allclose(said.nll[:2], said.nll[2:], rtol=1e-5)


def test_blocks_of_rows_say_what_all_rows_together_say(monkeypatch) -> None:
    prompts, prototypes = prompts_of(RESIDUAL), prototypes_of(RESIDUAL)
    changes = build_changes(prompts, prototypes, list(RESIDUAL), np.random.default_rng(0))
    edits = build_edits(changes, prototypes, list(RESIDUAL), SETTINGS)
    rows = np.tile(np.arange(6), 2 * len(changes))
    whole = say(gpt(), prompts, rows, edits, LISTENER, 1.0, 0.9)
    spoken = []

    def noted(network: Network, tokens: torch.Tensor, *arguments: Any):
        spoken.append(len(tokens))
        return rollout(network, tokens, *arguments)

    monkeypatch.setattr(speech, "rollout", noted)
    monkeypatch.setattr(speech, "CELLS", 7 * 13 * 5)  # seven rows of 13 steps and 5 symbols
    blocks = say(gpt(), prompts, rows, edits, LISTENER, 1.0, 0.9)
    np.testing.assert_array_equal(blocks.count, whole.count)
    np.testing.assert_allclose(blocks.nll, whole.nll, rtol=1e-5)
    assert blocks.fired == whole.fired
    assert max(spoken) <= 7 < len(rows) == sum(spoken)


@torch.no_grad()
def test_surprise_is_that_of_the_network_token_by_token() -> None:
    network = gpt()
    tokens = torch.from_numpy(np.random.default_rng(0).integers(5, size=(3, 9)))
    expected = []
    for row in tokens:
        nats = [
            -torch.log_softmax(network(row[None, :at]).logits[0, 0, -1], -1)[row[at]].item()
            for at in range(4, 9)
        ]
        expected.append(np.mean(nats))
    np.testing.assert_allclose(surprise(network, tokens[:, :4], tokens[:, 4:]), expected, rtol=1e-5)


def test_depths_are_thirds_in_order_and_all() -> None:
    assert depths(list("abcde")) == {
        "early": ["a", "b"],
        "middle": ["c", "d"],
        "late": ["e"],
        "all": list("abcde"),
    }
    assert depths(["a", "b"]) == {"all": ["a", "b"]}


def test_a_summary_pairs_by_concept() -> None:
    table = run(gpt(), RESIDUAL).assign(seed=0, offset=0)
    table.loc[table["condition"] == TARGET, "rate"] = 0.5
    table.loc[table["condition"] == NONE, "rate"] = [0.1, 0.3] * 4
    summary = summarise_grafts(table).set_index(["depth", "offset", "condition", "measure"])
    row = summary.loc[("early", 0, NONE, "nll")]
    assert row["n"] == 1  # one number for all words has no interval over words
    assert np.isnan(row["ci_low"])
    row = summary.loc[("early", 0, NONE, "rate")]
    assert row[["mean", "difference", "n"]].tolist() == pytest.approx([0.2, 0.3, 2])


def test_what_cannot_be_grafted_is_one_sentence() -> None:
    prototypes = prototypes_of(RESIDUAL)
    nowhere = Prototypes(
        prototypes.names,
        prototypes.means,
        {site: np.zeros_like(units) for site, units in prototypes.units.items()},
        prototypes.observed,
    )
    with pytest.raises(InterventionError, match=r"no graft fires at blocks\.0"):
        graft_concepts(
            gpt(), prompts_of(RESIDUAL), nowhere, LISTENER, SETTINGS, np.random.default_rng(0)
        )
    with pytest.raises(ExtractionError, match="the test split has 20 sequences of 9"):
        prompts_of(RESIDUAL, GraftSettings(prompts=30, prompt=5))
    with pytest.raises(ValueError, match="at most 4, the tokens of a prompt"):
        GraftSettings(prompt=4, positions=5)
