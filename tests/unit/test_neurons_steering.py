"""Steering by units and states: closed forms, one by one, matched lengths, out-of-sample picks."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from chunkscope.errors import NeuronError, SiteError
from chunkscope.interventions.conditions import TARGET
from chunkscope.networks.building import build
from chunkscope.networks.edits import Edit
from chunkscope.networks.settings import CRATESettings, GPTSettings
from chunkscope.neurons.steering import study
from chunkscope.neurons.steering.effects import consistency, effects
from chunkscope.neurons.steering.settings import SteeringSettings
from chunkscope.neurons.steering.study import COLUMNS, draw_prompts, steer
from chunkscope.neurons.steering.targets import (
    ANOTHER,
    CONDITIONS,
    DIRECTION,
    ZERO,
    Target,
    conditions,
    spread_over_ranks,
    state_targets,
    unit_targets,
)

VOCABULARY, WIDTH, HIDDEN, PROMPTS, TIME = 12, 8, 32, 8, 6
SIZE = {"width": WIDTH, "heads": 2, "context": 16, "positions": "learned"}
UNIT, SYMBOL = 3, 7
SETTINGS = SteeringSettings(prompts=PROMPTS, prompt=TIME, promoted=2)


def last_site(network):
    return f"blocks.{network.settings.layers - 1}.mlp.hook_post"


def draw_network(model, seeds=(0,)):
    """Weights large enough for activity to show in the predictions."""
    network = build(model, VOCABULARY, seeds)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return network


def gpt(layers=1):
    return draw_network(GPTSettings(layers=layers, activation="relu", **SIZE))


def crate(layers=1):
    return draw_network(CRATESettings(layers=layers, **SIZE))


def draw_tokens(rows=PROMPTS):
    return np.random.default_rng(2).integers(VOCABULARY, size=(rows, TIME)).astype(np.int32)


@torch.no_grad()
def activity(network, tokens, site):
    return network(torch.from_numpy(tokens), record=[site]).activations[site][0].numpy()


def some_targets(network, site):
    values = activity(network, draw_tokens(), site)
    live = np.flatnonzero((values > 0).any((0, 1)))
    prototypes = values.reshape(-1, HIDDEN)[:20].reshape(2, 10, HIDDEN).mean(1)
    return unit_targets(site, values, live[:2]) + state_targets(site, prototypes, [0, 1])


def steered(network, targets, settings=SETTINGS, seed=0):
    observed = activity(network, draw_tokens(), targets[0].site).reshape(-1, HIDDEN)
    rng = np.random.default_rng(seed)
    return steer(network, draw_tokens(), targets, observed, settings, rng)


def row_of(table, condition, strength, kind="unit"):
    chosen = (table["condition"] == condition) & (table["strength"] == strength)
    return table[chosen & (table["kind"] == kind)].iloc[0]


@torch.no_grad()
def read_out(network, stream):
    """The last norm and the tied readout in NumPy: log-probabilities of (prompt, unit)."""
    weights = {name: value[0].double().numpy() for name, value in network.state_dict().items()}
    centred = stream - stream.mean(-1, keepdims=True)
    normal = centred / np.sqrt(np.square(centred).mean(-1, keepdims=True) + 1e-5)
    normal = normal * weights["ln_final.weight"] + weights["ln_final.bias"]
    logits = normal @ weights["embed.weight"].T
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def assert_measures(row, before, after, picked):
    """The measures of a row, written out for log-probabilities (prompt, symbol)."""
    half = len(before) // 2
    rise = (after - before)[half:][:, picked]
    assert row["kl"] == pytest.approx((np.exp(after) * (after - before)).sum(1).mean(), abs=1e-5)
    assert row["log_rise"] == pytest.approx(rise.mean(), abs=1e-4)
    for name, logs in (("probability", after), ("probability_before", before)):
        total = np.exp(logs[half:])[:, picked].sum(1).mean()
        assert row[name] == pytest.approx(total, abs=1e-5)


def test_a_unit_that_writes_a_symbol_promotes_it_as_much_as_the_closed_form_says():
    network, site = gpt(), "blocks.0.mlp.hook_post"
    with torch.no_grad():
        embedding = network.embed.weight[0]
        direction = embedding[SYMBOL] - embedding.mean(0)
        network.blocks[0].mlp.weight_out[0, :, UNIT] = 20 * direction / direction.norm()
    tokens = draw_tokens()
    did = activity(network, tokens, site)[:, -1].astype(np.float64)
    stream = activity(network, tokens, "blocks.0.hook_resid_post")[:, -1].astype(np.float64)
    writes = network.blocks[0].mlp.weight_out[0].detach().double().numpy()
    mask = np.arange(HIDDEN) == UNIT
    target = Target("unit", UNIT, site, mask, np.where(mask, 1.5, 0).astype(np.float32))
    table = steered(network, [target])
    before = read_out(network, stream)
    for condition, strength, value in [
        *((TARGET, s, 1.5 * s) for s in SETTINGS.strengths),
        (ZERO, 1.0, 0.0),
    ]:
        row = row_of(table, condition, strength)
        change = np.outer(value - did[:, UNIT], writes[:, UNIT])
        after = read_out(network, stream + change)
        picked = np.argsort(-(after - before)[: PROMPTS // 2].mean(0))[:2]
        assert json.loads(row["promoted"]) == [str(symbol) for symbol in picked]
        assert_measures(row, before, after, picked)
        if condition == TARGET:
            assert picked[0] == SYMBOL
    of_target, of_others = (
        table[table["condition"] == condition] for condition in (TARGET, ANOTHER)
    )
    assert (of_target["log_rise"] > 1).all()
    assert not set(of_target["promoted"]) & set(of_others["promoted"])


def test_a_code_led_the_whole_way_to_a_state_says_that_state_in_every_context():
    """Nothing is added to what a CRATE's code says, so the last block's stream is D p."""
    network = crate()
    site = last_site(network)
    prototype = activity(network, draw_tokens(), site)[:, 2].mean(0)
    tokens = draw_tokens()
    stream = activity(network, tokens, "blocks.0.hook_resid_post")[:, -1].astype(np.float64)
    dictionary = network.blocks[0].mlp.dictionary[0].detach().double().numpy()
    own = activity(network, tokens, site)[:, -1].astype(np.float64)
    table = steered(network, state_targets(site, prototype[None], [0]))
    before = read_out(network, stream)
    for strength in SETTINGS.strengths:
        row = row_of(table, TARGET, strength, "state")
        after = read_out(network, (own + strength * (prototype - own)) @ dictionary.T)
        picked = np.argsort(-(after - before)[: PROMPTS // 2].mean(0))[:2]
        assert_measures(row, before, after, picked)
        spread = np.ptp(after, axis=0).max()  # away from strength 1 the context still shows
        assert spread < 1e-9 if strength == 1 else spread > 0.01


def test_held_at_the_value_that_it_has_anyway_a_unit_changes_nothing():
    network = gpt(layers=2)
    site = "blocks.0.mlp.hook_post"
    with torch.no_grad():
        network.blocks[0].mlp.weight_in[0, UNIT] = 0
        network.blocks[0].mlp.bias_in[0, UNIT] = 0.75
    values = activity(network, draw_tokens(), site)
    table = steered(network, unit_targets(site, values, [UNIT]))
    same = table[table["condition"].isin([TARGET, DIRECTION]) & (table["strength"] == 1)]
    assert len(same) == 2
    np.testing.assert_allclose(same[["kl", "log_rise"]].to_numpy(float), 0, atol=1e-6)
    assert same["consistency"].isna().all()
    assert (same["fired"] == PROMPTS * TIME).all()
    others = table.drop(same.index)
    assert (others["kl"] > 1e-6).all()


def test_no_step_towards_a_state_changes_nothing():
    network = gpt()
    target = state_targets(last_site(network), np.ones((1, HIDDEN), np.float32), [0])[0]
    nothing = target.led(0.0, TIME)
    said, _ = study._predictions(network, draw_tokens(), [(), nothing])
    measures, _ = effects(said[0], said[1:], 2)
    assert measures["kl"][0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("draw", [gpt, crate])
@torch.no_grad()
def test_it_equals_edits_of_one_prompt_at_a_time(draw):
    network = draw(layers=2)
    site = "blocks.0.mlp.hook_post"
    targets, tokens = some_targets(network, site), draw_tokens()
    table = steered(network, targets)
    for target in targets:
        for strength in SETTINGS.strengths:
            keep = 0.0 if target.kind == "unit" else 1 - strength
            kls = []
            for prompt in torch.from_numpy(tokens):
                edit = Edit(
                    site,
                    when=np.ones((1, TIME), bool),
                    units=target.units[None],
                    keep=np.array([keep]),
                    hold=np.zeros(1),
                    value=strength * target.value[None],
                )
                p, q = (
                    torch.softmax(network(prompt[None], intervene=edits).logits[0, 0, -1], -1)
                    .double()
                    .numpy()
                    for edits in ([edit], [])
                )
                kls.append((p * np.log(p / q)).sum())
            chosen = (table["kind"] == target.kind) & (table["target"] == target.index)
            row = row_of(table[chosen], TARGET, strength, target.kind)
            assert row["kl"] == pytest.approx(np.mean(kls), abs=1e-6)
            assert np.mean(kls) > 1e-5


def test_blocks_of_any_size_give_the_same_table(monkeypatch):
    network = crate(layers=2)
    targets = some_targets(network, "blocks.0.mlp.hook_post")
    whole = steered(network, targets)
    monkeypatch.setattr(study, "NUMBERS_PER_PASS", 1)
    one_by_one = steered(network, targets)
    pd.testing.assert_frame_equal(whole, one_by_one, rtol=0, atol=1e-6)


def test_the_same_grid_for_units_and_states_and_the_same_stream_gives_the_same_table():
    network = gpt()
    targets = some_targets(network, last_site(network))
    table = steered(network, targets)
    assert tuple(table.columns) == COLUMNS
    pd.testing.assert_frame_equal(table, steered(network, targets))
    assert not table.equals(steered(network, targets, seed=1))
    cells = ["condition", "strength"]
    unit, state = (table[table["kind"] == kind].value_counts(cells) for kind in ("unit", "state"))
    assert unit.to_dict() == state.to_dict()
    assert set(table["condition"]) == set(CONDITIONS)
    assert (table["fired"] == PROMPTS * TIME).all()
    assert (table["n"] == PROMPTS).all()


def test_no_targets_give_an_empty_table():
    table = steer(gpt(), draw_tokens(), [], np.zeros((1, HIDDEN)), SETTINGS, None)
    assert tuple(table.columns) == COLUMNS
    assert table.empty


def changed(change, own):
    """(prompt, time, unit) after a combination, by the formula of interventions."""
    after = own.astype(np.float64)
    for one in change:
        units = np.ones(HIDDEN, bool) if one.units is None else one.units
        value = np.zeros(HIDDEN) if one.value is None else one.value
        for step in one.when:
            led = one.keep * after[:, step] + one.strength * value
            after[:, step] = np.where(units, led, after[:, step])
    return after


@pytest.mark.parametrize("kind", ["unit", "state"])
def test_a_random_direction_is_as_long_as_the_target_at_every_step(kind):
    rng = np.random.default_rng(0)
    own = rng.exponential(size=(PROMPTS, TIME, HIDDEN)).astype(np.float32)
    observed = own.reshape(-1, HIDDEN)
    make = {
        "unit": lambda: unit_targets("site", own, [UNIT])[0],
        "state": lambda: state_targets("site", observed[:27].reshape(9, 3, HIDDEN).mean(1), [8])[0],
    }
    target = make[kind]()
    tried = dict(conditions(target, SETTINGS.strengths, own, observed, rng))
    assert tuple(tried) == CONDITIONS
    bases = []
    for (strength, meant), (_, turned) in zip(tried[TARGET], tried[DIRECTION], strict=True):
        step, other = (changed(change, own) - own for change in (meant, turned))
        lengths = [np.linalg.norm(x, axis=-1) for x in (step, other)]
        np.testing.assert_allclose(*lengths, rtol=1e-5)
        assert np.abs((step * other).sum(-1) / lengths[0] ** 2).max() < 0.9
        bases.append(other / strength if kind == "state" else other[..., 0] / step[..., UNIT])
    if kind == "state":  # the same turn at every strength
        np.testing.assert_allclose(bases[0], bases[2], atol=1e-5)
    else:  # one direction at all steps and strengths
        np.testing.assert_allclose(bases, bases[0][0, 0], atol=1e-5)
    (strength, zero), *none_left = tried[ZERO]
    assert not none_left
    assert strength == 1
    np.testing.assert_allclose(changed(zero, own)[..., target.units], 0)
    np.testing.assert_allclose(changed(zero, own)[..., ~target.units], own[..., ~target.units])


def test_another_unit_is_held_at_the_same_value_and_another_state_was_seen():
    rng = np.random.default_rng(0)
    own = rng.exponential(size=(PROMPTS, TIME, HIDDEN)).astype(np.float32)
    observed = own.reshape(-1, HIDDEN)
    unit, state = unit_targets("site", own, [UNIT])[0], state_targets("site", observed, [4])[0]
    seen = set()
    for _ in range(200):
        (change,) = dict(conditions(unit, [2.0], own, observed, rng))[ANOTHER][0][1]
        (other,) = np.flatnonzero(change.units)
        assert change.value[other] == 2 * unit.value[UNIT]
        seen.add(int(other))
    assert seen == set(range(HIDDEN)) - {UNIT}
    (change,) = dict(conditions(state, [1.0], own, observed, rng))[ANOTHER][0][1]
    assert (observed == change.value).all(1).any()


def softmax(logits):
    e = np.exp(logits)
    return e / e.sum(-1, keepdims=True)


def test_what_noise_promotes_on_one_half_does_not_rise_on_the_other():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(40, 100))
    noise = rng.normal(size=(300, 40, 100))
    before, after = softmax(logits), softmax(logits + noise)
    measures, picked = effects(before, after, 5)
    change = np.log(after) - np.log(before)
    anywhere = change.mean()  # below 0: noise takes away from what is sure
    on_their_half = np.take_along_axis(change[:, :20].mean(1), picked, 1)
    assert on_their_half.mean() > anywhere + 0.3
    error = measures["log_rise"].std() / np.sqrt(300)
    assert abs(measures["log_rise"].mean() - anywhere) < 4 * error < 0.1
    assert abs(measures["consistency"].mean()) < 0.005


def test_a_planted_symbol_is_named_first_and_rises_on_the_other_half():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(40, 100))
    raised = logits + 3 * (np.arange(100) == 42)
    before, after = softmax(logits), softmax(raised)
    measures, picked = effects(before, after[None], 1)
    assert picked.tolist() == [[42]]
    rise = (np.log(after) - np.log(before))[20:, 42].mean()
    assert measures["log_rise"][0] == pytest.approx(rise)
    assert measures["probability"][0] == pytest.approx(after[20:, 42].mean())
    assert measures["probability_before"][0] == pytest.approx(before[20:, 42].mean())
    assert measures["consistency"][0] == pytest.approx(1)


def test_consistency_is_the_mean_correlation_over_pairs():
    rng = np.random.default_rng(0)
    change = rng.normal(size=(6, 30)) + rng.normal(size=30)
    pairs = [np.corrcoef(change[a], change[b])[0, 1] for a, b in combinations(range(6), 2)]
    assert consistency(change) == pytest.approx(np.mean(pairs))
    shifted = change * rng.uniform(1, 2, (6, 1)) + rng.normal(size=(6, 1))
    assert consistency(shifted) == pytest.approx(np.mean(pairs))
    assert consistency(np.vstack([change, np.full(30, -0.2)])) == pytest.approx(np.mean(pairs))
    assert np.isnan(consistency(np.vstack([change[0], np.zeros(30)])))


def test_prompts_that_promote_a_symbol_each_are_not_alike_though_all_others_fall():
    logits = np.zeros((10, 50))
    before, after = softmax(logits), softmax(logits + 8 * np.eye(10, 50))
    measures, _ = effects(before, after[None], 5)
    assert measures["consistency"][0] == pytest.approx(-1 / 49, abs=1e-6)


def test_strength_1_of_a_unit_is_what_it_does_where_it_is_very_active():
    values = np.zeros((2, 500, 2), np.float32)
    values[0, :100, 0] = np.arange(1, 101)  # active at a tenth of the steps
    (target,) = unit_targets("site", values, [0])
    assert target.value.tolist() == pytest.approx([np.percentile(np.arange(1, 101), 99), 0])
    assert target.units.tolist() == [True, False]
    with pytest.raises(NeuronError, match="unit 1, which is never above 0 in the 1000 steps"):
        unit_targets("site", values, [1])


def test_units_and_states_are_spread_over_ranks():
    scores = [0.1, np.nan, 0.5, 0.3, 0.9, 0.2]
    assert spread_over_ranks(scores, 3).tolist() == [4, 3, 0]
    assert spread_over_ranks(scores, 9).tolist() == [4, 2, 3, 5, 0]
    assert spread_over_ranks(scores, 1).tolist() == [4]
    assert spread_over_ranks([np.nan], 3).tolist() == []
    assert spread_over_ranks(scores, 0).tolist() == []


def test_prompts_are_stretches_of_sequences_that_do_not_overlap():
    tokens = np.arange(5 * 20).reshape(5, 20)
    settings = SteeringSettings(prompts=12, prompt=6)
    prompts = draw_prompts(tokens, settings, np.random.default_rng(0))
    assert prompts.shape == (12, 6)
    assert len(np.unique(prompts)) == prompts.size
    assert (np.diff(prompts, axis=1) == 1).all()
    sequences = prompts // 20
    assert (sequences == sequences[:, :1]).all()
    assert (np.diff(sequences[:, 0]) >= 0).all()
    assert len(set(sequences[:6, 0]) & set(sequences[6:, 0])) <= 1


def test_what_cannot_be_steered_is_refused():
    network = gpt()
    site, rng = last_site(network), np.random.default_rng(0)
    targets = some_targets(network, site)
    observed = np.ones((3, HIDDEN), np.float32)
    values = np.ones((2, 3, HIDDEN), np.float32)

    def refused(match, network=network, rows=PROMPTS, targets=targets, seen=observed, **settings):
        how = SETTINGS.model_copy(update=settings)
        with pytest.raises(NeuronError, match=match):
            steer(network, draw_tokens()[:rows], targets, seen, how, rng)

    refused("ensemble of 2", draw_network(GPTSettings(layers=1, **SIZE), (0, 1)))
    refused("3 prompts; must be at least 4", rows=3)
    refused("12 of a vocabulary of 12", promoted=12)
    refused("observed states of shape", seen=observed[:, 1:])
    refused("this one site", targets=[*targets, *unit_targets("elsewhere", values, [0])])
    with pytest.raises(SiteError):
        steer(network, draw_tokens(), unit_targets("nowhere", values, [0]), observed, SETTINGS, rng)
    with pytest.raises(NeuronError, match=rf"unit {HIDDEN}; must be one of 0..{HIDDEN - 1}"):
        unit_targets(site, values, [HIDDEN])
    with pytest.raises(NeuronError, match=r"state -1; must be one of 0..2"):
        state_targets(site, observed, [-1])
    with pytest.raises(NeuronError, match="got 6 for sequences of 5 symbols"):
        draw_prompts(np.zeros((9, 5), int), SETTINGS, rng)
    with pytest.raises(NeuronError, match="3 sequences of 13 symbols hold 6 of 6"):
        draw_prompts(np.zeros((3, 13), int), SETTINGS, rng)


def test_settings_are_checked():
    assert SteeringSettings(strengths=(2, 1, 1)).strengths == (1, 2)
    for wrong in ({"strengths": (0.0,)}, {"strengths": ()}, {"prompts": 3}, {"promoted": 0}):
        with pytest.raises(ValidationError):
            SteeringSettings(**wrong)
