"""Interventions in one pass: against a loop that runs every prefix again, and exact cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from intervention_examples import SITE, clock, corpus, record

from chunkscope.errors import InterventionError, SiteError
from chunkscope.interventions.intervene import intervene
from chunkscope.interventions.intervention import KINDS, Intervention, Kind
from chunkscope.networks.building import build
from chunkscope.networks.edits import Edit
from chunkscope.networks.recurrent import Recurrent
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    NetworkSettings,
    TanhSettings,
)

VOCABULARY, HIDDEN, SEQUENCES, TIME, AT, STEPS = 5, 6, 3, 10, 5, 4
MODELS: dict[str, NetworkSettings] = {
    "affine": AffineSettings(hidden=HIDDEN),
    "tanh": TanhSettings(hidden=HIDDEN, layers=2),
    "gru": GRUSettings(hidden=HIDDEN, layers=2),
    "lstm": LSTMSettings(hidden=HIDDEN, layers=2),
}
each_model = pytest.mark.parametrize("architecture", MODELS)
each_mode = pytest.mark.parametrize("free", [False, True])


def network_of(architecture: str) -> Recurrent:
    """Untrained, but with weights large enough for a state to show in the predictions."""
    network = build(MODELS[architecture], VOCABULARY, [7, 8])
    network.load_state_dict({name: 2 * value for name, value in network.state_dict().items()})
    return network


def draw_tokens() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(VOCABULARY, (SEQUENCES, TIME), generator=generator)


def draw_intervention(kind: Kind, site: str, rng: np.random.Generator) -> Intervention:
    per_sequence = bool(rng.integers(2))
    shape = (SEQUENCES, HIDDEN) if per_sequence else (HIDDEN,)
    value = (
        None if kind == "freeze" or (kind == "ablate" and per_sequence) else rng.normal(size=shape)
    )
    units = rng.random(shape) < 0.7
    units[..., 0] = True
    when = ((0,), (0, 1), (1, 3))[rng.integers(3)]
    return Intervention(kind, site, units, value, when, float(rng.uniform(0.2, 1)))


def run_cached(
    network: Recurrent, combinations: list[tuple[Intervention, ...]], free: bool
) -> np.ndarray:
    """From the activity recorded one step before, as a study does it."""
    tokens = draw_tokens()
    with torch.no_grad():
        stored = network(tokens, record=["*"]).activations
    state = {site: activity[:, :, AT - 1] for site, activity in stored.items()}
    read = tokens[:, AT : AT + STEPS]
    return intervene(network, read, combinations, state, free).probabilities


@torch.no_grad()
def run_loop(
    network: Recurrent, combination: tuple[Intervention, ...], sequence: int, free: bool
) -> np.ndarray:
    """One sequence under one combination from its first symbol on, each word fed back by hand."""
    tokens = draw_tokens()[sequence : sequence + 1].expand(2, 1, -1)
    read = tokens[:, :, : AT + (1 if free else STEPS)]
    while True:
        edits = [edit_of(i, sequence, read.shape[-1]) for i in combination]
        logits = network(read, intervene=edits).logits
        if read.shape[-1] == AT + STEPS:
            return torch.softmax(logits[:, 0, AT:], -1).numpy()
        read = torch.cat([read, logits[:, :, -1:].argmax(-1)], -1)


def edit_of(intervention: Intervention, sequence: int, length: int) -> Edit:
    """The formulas of the module, written out for one sequence."""
    s = intervention.strength
    units = intervention.units if intervention.units.ndim == 1 else intervention.units[sequence]
    value = np.zeros(HIDDEN) if intervention.value is None else intervention.value
    value = value if value.ndim == 1 else value[sequence]
    keep, hold, add = {
        "graft": (1 - s, 0, s * value),
        "steer": (1, 0, s * value),
        "ablate": (1 - s, 0, s * value),
        "freeze": (1 - s, s, 0 * value),
    }[intervention.kind]
    when = np.zeros((1, length), bool)
    when[0, [AT + step for step in intervention.when if AT + step < length]] = True
    return Edit(
        intervention.site,
        when,
        units[None],
        np.array([float(keep)]),
        np.array([float(hold)]),
        add[None],
    )


@each_mode
@each_model
@pytest.mark.parametrize("kind", KINDS)
def test_one_pass_equals_the_loop_that_reruns_prefixes(
    kind: Kind, architecture: str, free: bool
) -> None:
    network, rng = network_of(architecture), np.random.default_rng(3)
    alone = [(draw_intervention(kind, site, rng),) for site in network.sites]
    kinds = ("graft", "freeze", "steer")
    joint = tuple(draw_intervention(k, network.sites[0], rng) for k in kinds)
    joint += (draw_intervention(kind, network.sites[-1], rng),)
    combinations = [(), *alone, joint, joint[::-1]]
    together = run_cached(network, combinations, free)
    for index, combination in enumerate(combinations):
        for sequence in range(SEQUENCES):
            expected = run_loop(network, combination, sequence, free)
            np.testing.assert_allclose(together[:, index, sequence], expected, atol=1e-6)
            if combination and architecture != "affine":
                changed = np.abs(together[:, index, sequence] - together[:, 0, sequence])
                assert changed.max() > 1e-5


@each_mode
@each_model
@pytest.mark.parametrize("kind", KINDS)
def test_strength_0_changes_nothing(kind: Kind, architecture: str, free: bool) -> None:
    network = network_of(architecture)
    value = None if kind == "freeze" else np.full(HIDDEN, 3.0)
    nothing = Intervention(kind, SITE, value=value, strength=0.0)
    none, with_nothing = np.moveaxis(run_cached(network, [(), (nothing,)], free), 1, 0)
    np.testing.assert_allclose(with_nothing, none, atol=1e-6)


@each_model
def test_all_units_as_a_subset_equal_the_whole(architecture: str) -> None:
    network, value = network_of(architecture), np.linspace(-1, 1, HIDDEN)
    whole = Intervention("graft", SITE, value=value)
    subset = Intervention("graft", SITE, units=np.ones(HIDDEN, bool), value=value)
    some = Intervention("graft", SITE, units=np.arange(HIDDEN) < 3, value=value)
    runs = run_cached(network, [(whole,), (subset,), (some,)], free=False)
    np.testing.assert_allclose(runs[:, 0], runs[:, 1], atol=1e-6)
    assert np.abs(runs[:, 0] - runs[:, 2]).max() > 1e-4


@each_mode
@torch.no_grad()
def test_an_lstm_grafted_at_both_states_goes_on_as_the_donor(free: bool) -> None:
    network = build(LSTMSettings(hidden=HIDDEN), VOCABULARY, [7])
    network.readout.weight.mul_(20)  # so that predictions differ between states
    tokens = draw_tokens()
    donor = network(tokens[1:2, :4]).state
    both = tuple(Intervention("graft", site, value=v[0, 0].numpy()) for site, v in donor.items())
    read = tokens[:1, AT : AT + STEPS]
    before = {site: value.numpy() for site, value in network(tokens[:1, :AT]).state.items()}
    grafted, hidden_only = intervene(network, read, [both, both[:1]], before, free).probabilities[
        0, :, 0
    ]
    spoken = torch.from_numpy(grafted.argmax(-1)[None, :-1])
    later = network(spoken if free else read[:, 1:], donor).logits[0, 0]
    first = network(tokens[1:2, :4]).logits[0, 0, -1:]
    expected = torch.softmax(torch.cat([first, later]), -1)
    np.testing.assert_allclose(grafted, expected, atol=1e-6)
    assert np.abs(grafted - hidden_only).max() > 1e-3


@pytest.mark.parametrize(("donor", "said"), [("A", "BCDE"), ("B", "CDEE"), ("D", "EEEE")])
def test_the_clock_goes_on_from_the_state_it_is_given(donor: str, said: str) -> None:
    network, tokens = clock(), corpus(4)
    recording = record(network, tokens)
    steps = recording.activations[SITE][tokens == "ABCDE".index(donor)]
    recipients = np.argwhere(tokens[:, :30] == 4)[5:]
    graft = Intervention("graft", SITE, value=steps.mean(0))
    response = recording.run(network, recipients, [(graft,)], 4, "free")
    words = {"".join("ABCDE"[s] for s in row) for row in response.probabilities[0, 0].argmax(-1)}
    assert words == {said}


def test_fired_counts_steps_and_sites_of_each_sequence() -> None:
    network = build(LSTMSettings(hidden=HIDDEN), VOCABULARY, [7])
    units = np.zeros((SEQUENCES, HIDDEN), bool)
    units[1, 2] = True
    twice = Intervention("ablate", SITE, when=(0, 2))
    once = Intervention("freeze", "layers.0.hook_c", units=units, when=(1,))
    response = intervene(network, draw_tokens(), [(), (twice,), (twice, once)])
    np.testing.assert_array_equal(response.fired, [[0, 0, 0], [2, 2, 2], [2, 3, 2]])


@pytest.mark.parametrize(
    ("intervention", "message"),
    [
        (Intervention("freeze", SITE, when=()), "combination 1: freeze at .* never fires"),
        (Intervention("ablate", SITE, units=np.zeros(HIDDEN, bool)), "never fires"),
        (Intervention("ablate", SITE, when=(0, TIME)), rf"when: got \[{TIME}\]"),
        (Intervention("ablate", SITE, when=(-1,)), r"when: got \[-1\]"),
        (Intervention("ablate", SITE, units=np.ones(HIDDEN)), "units: got float64 of shape"),
        (Intervention("ablate", SITE, units=np.ones(HIDDEN + 1, bool)), "units: got bool of"),
        (Intervention("graft", SITE, value=np.ones((2, HIDDEN))), "value: got float64 of shape"),
    ],
)
def test_what_cannot_act_is_refused(intervention: Intervention, message: str) -> None:
    with pytest.raises(InterventionError, match=message):
        intervene(network_of("tanh"), draw_tokens(), [(), (intervention,)])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "grafts"}, "did you mean graft"),
        ({"kind": "graft"}, "a graft needs one"),
        ({"kind": "steer"}, "a steer needs one"),
        ({"kind": "freeze", "value": np.ones(HIDDEN)}, "a freeze holds the site's own"),
        ({"kind": "graft", "value": np.full(HIDDEN, np.nan)}, "NaN or infinite"),
        ({"kind": "ablate", "strength": -0.1}, "strength: got -0.1"),
        ({"kind": "ablate", "strength": np.nan}, "strength: got nan"),
    ],
)
def test_an_intervention_is_checked_when_made(fields: dict, message: str) -> None:
    with pytest.raises(InterventionError, match=message):
        Intervention(site=SITE, **fields)


def test_an_unknown_site_is_refused() -> None:
    ablate = Intervention("ablate", "layers.0.hook_c")
    with pytest.raises(SiteError, match="did you mean"):
        intervene(network_of("tanh"), draw_tokens(), [(ablate,)])


def test_no_combination_is_refused() -> None:
    with pytest.raises(InterventionError, match="0 combinations"):
        intervene(network_of("tanh"), draw_tokens(), [])
