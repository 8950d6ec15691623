"""The transfer experiment: grafts act at the cue alone, arms are paired, and answers are known."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from chunkscope.chunks.extractors.levels import level_centres
from chunkscope.errors import ExtractionError, InterventionError, NetworkError
from chunkscope.experiments.transfer.arms import (
    CONTROL,
    FADING,
    GRAFT,
    INTENDED,
    RANDOM,
    UNTRAINED,
    Arm,
    arms_of,
)
from chunkscope.experiments.transfer.curves import first_reaching, smooth
from chunkscope.experiments.transfer.donors import find_states
from chunkscope.experiments.transfer.draws import Draws
from chunkscope.experiments.transfer.grafting import Graft, run_grafted
from chunkscope.experiments.transfer.learning import Learned, evaluate_grafted, learn
from chunkscope.experiments.transfer.measures import bounds, learning_measures, summarise_outcomes
from chunkscope.experiments.transfer.settings import TransferNetwork, TransferSettings, Trials
from chunkscope.experiments.transfer.study import (
    Transfer,
    join,
    learn_arms,
    run_transfer,
    strengths,
)
from chunkscope.figures.chunks_transfer import TransferTables, draw_transfer
from chunkscope.figures.settings import FigureSettings
from chunkscope.networks.affine import Affine
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    RecurrentSettings,
    TanhSettings,
    TrainingSettings,
)
from chunkscope.networks.training import draw_windows, train

VOCABULARY, CUE, STAND_IN = 5, 3, 1
MODELS = [
    AffineSettings(hidden=4),
    TanhSettings(hidden=4, layers=2),
    GRUSettings(hidden=4),
    LSTMSettings(hidden=4, layers=2),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture)


def silent(step: int, loss: float) -> None:
    """Reports nothing."""


def example(model: RecurrentSettings, members: int = 3) -> tuple[Network, Tensor, Graft]:
    """An ensemble, symbols in which every member's cues stand elsewhere, and grafts."""
    generator = torch.Generator().manual_seed(0)
    network = build(model, VOCABULARY, range(members))
    symbols = torch.randint(VOCABULARY, (members, 2, 30), generator=generator)
    symbols[0, 0, 0] = symbols[0, 1, -1] = CUE  # at either end too
    symbols[-1][symbols[-1] == CUE] = 0  # and nowhere
    values = {
        site: torch.randn(members, network.width(site), generator=generator)
        for site in network.state_sites
    }
    reads = torch.full((members,), CUE)
    reads[1] = STAND_IN
    return network, symbols, Graft(CUE, values, reads)


def step_by_step(network: Network, symbols: Tensor, graft: Graft, strength: Tensor) -> Tensor:
    """Logits of a pass that replaces the state by hand before each cue."""
    members, batch, _ = symbols.shape
    state = {site: torch.zeros(members, batch, network.width(site)) for site in network.state_sites}
    said = []
    for read in symbols.unbind(-1):
        here = (read == graft.cue) & (strength > 0).view(-1, 1)
        s = strength.view(-1, 1, 1)
        for site, value in graft.values.items():
            mixed = (1 - s) * state[site] + s * value.unsqueeze(1)
            state[site] = torch.where(here.unsqueeze(-1), mixed, state[site])
        read = torch.where(here, graft.reads.view(-1, 1), read)
        output = network(read.unsqueeze(-1), state)
        state = {site: output.state[site] for site in network.state_sites}
        said.append(output.logits[:, :, 0])
    return torch.stack(said, 2)


@each_model
@pytest.mark.parametrize("strength", [(1.0, 1.0, 1.0), (0.25, 1.0, 0.5), (0.0, 0.7, 1.0)])
def test_a_graft_replaces_the_incoming_state_at_the_cue_and_nowhere_else(
    model: RecurrentSettings, strength: tuple[float, ...]
) -> None:
    network, symbols, graft = example(model)
    run = run_grafted(network, symbols, graft, torch.tensor(strength))
    expected = step_by_step(network, symbols, graft, torch.tensor(strength))
    torch.testing.assert_close(run.logits, expected, atol=1e-5, rtol=1e-5)
    cues = (symbols == CUE).sum((1, 2)) * (torch.tensor(strength) > 0)
    assert run.fired.tolist() == cues.tolist()


@each_model
def test_the_prediction_of_the_cue_itself_does_not_move(model: RecurrentSettings) -> None:
    network, symbols, graft = example(model)
    symbols[symbols == CUE] = 0
    symbols[:, :, 12] = CUE
    plain = network(symbols).logits
    run = run_grafted(network, symbols, graft, torch.ones(3)).logits
    torch.testing.assert_close(run[:, :, :12], plain[:, :, :12], atol=1e-5, rtol=1e-5)
    assert (run[:, :, 12] - plain[:, :, 12]).abs().amax((1, 2)).min() > 1e-3


@each_model
def test_a_graft_is_trained_through(model: RecurrentSettings) -> None:
    """The whole state is replaced, so what came before the cue gets no gradient from after it."""
    network, symbols, graft = example(model)
    symbols[:] = torch.tensor([0, 0, CUE, 2, 2])[torch.arange(30).clamp(max=4)]
    run_grafted(network, symbols, graft, torch.ones(3)).logits[:, :, 3:].sum().backward()
    gradient = network.state_dict(keep_vars=True)["layers.0.weight_ih"].grad
    assert gradient is not None
    assert gradient[:, :, 0].abs().max() == 0  # symbol 0 is read before the cue alone
    assert gradient[:, :, 2].abs().max() > 0


def echo_network(symbols: str, follows: dict[str, str], members: int = 2) -> Affine:
    """h_t is x_t, one-hot; what follows symbol s is known from the incoming state alone."""
    size = len(symbols)
    readout = torch.zeros(size, size)
    for before, after in follows.items():
        readout[symbols.index(after), symbols.index(before)] = 20.0
    weights = {
        "layers.0.weight_ih": torch.eye(size),
        "layers.0.weight_hh": torch.zeros(size, size),
        "layers.0.bias": torch.zeros(size),
        "readout.weight_ih": torch.zeros(size, size),
        "readout.weight_hh": readout,
        "readout.bias": torch.zeros(size),
    }
    stacked = {name: value.expand(members, *value.shape) for name, value in weights.items()}
    return Affine(AffineSettings(hidden=size), tuple(symbols), range(members), stacked)


def test_the_answer_of_a_hand_made_network() -> None:
    """After C it says E at D, after J it says L: a graft of J's state gives ABCDL, K's does not."""
    symbols = "ABCDEJKL"
    network = echo_network(symbols, {"C": "E", "J": "L", "K": "A"})
    tokens = np.array([[symbols.index(s) for s in "ABCDEJKLE" * 20]] * 2)
    found = find_states(network, tokens, levels=2, remembered=100)
    assert found[0].decoding()["accuracy"] == 1
    donors = [found[n].donor(symbols.index(s), s) for n, s in enumerate("JK")]
    np.testing.assert_array_equal(donors[0], np.eye(8)[symbols.index("J")])
    sequence = torch.tensor([[symbols.index(s) for s in "ABCDLABCDL"]])
    cue = symbols.index("D")
    graft = Graft(cue, {"layers.0.hook_h": torch.tensor(np.stack(donors))}, torch.full((2,), cue))
    on, off = (evaluate_grafted(network, sequence, graft, torch.full((2,), s)) for s in (1.0, 0.0))
    assert on.link.tolist() == [1, 0]
    assert off.link.tolist() == [0, 0]
    assert on.link_probability[0] > 0.999 > 0.001 > on.link_probability[1]
    np.testing.assert_array_equal(on.elsewhere, off.elsewhere)


def test_the_donor_is_the_commonest_state_decoded_as_its_symbol() -> None:
    network = echo_network("ABCD", {})
    with torch.no_grad():  # h_t = x_t + h_{t-1} / 2
        network.layers[0].weight_hh.copy_(0.5 * torch.eye(4))
    tokens = np.random.default_rng(0).choice(3, p=[0.8, 0.1, 0.1], size=(2, 400))
    found = find_states(network, tokens, levels=3, remembered=300)
    states = np.zeros((300, 4))
    for t, token in enumerate(tokens[0, :300]):
        states[t] = np.eye(4)[token] + states[t - 1] / 2 * (t > 0)
    centres = level_centres(states, 3)
    levels = np.nanargmin(abs(states[:, :, None] - centres), axis=-1)
    strings = [tuple(row) for row in levels.tolist()]
    read = {string: Counter() for string in strings}
    for string, token in zip(strings, tokens[0], strict=False):
        read[string][int(token)] += 1
    of_b = {s: n.total() for s, n in read.items() if n.most_common(1)[0][0] == 1}
    assert len(of_b) > 1  # several states are decoded as B
    best = max(of_b, key=lambda string: of_b[string])
    donor = found[0].donor(1, "B")
    np.testing.assert_allclose(donor, centres[np.arange(4), best], rtol=1e-5)
    with pytest.raises(ExtractionError, match="no state of network 1 is decoded as 'D' in 300"):
        found[1].donor(3, "D")


SMALL = TransferSettings(
    length=400,
    sequences=10,
    early=4,
    smoothing=3,
    networks={
        "small": TransferNetwork(
            network=AffineSettings(hidden=8),
            seeds=3,
            pretraining=TrainingSettings(steps=20, batch=1, window=60, gradient_clip=None),
            trials=Trials(count=6, window=40),
        )
    },
)


def graft_at_cue(network: Network, settings: TransferSettings) -> Graft:
    cue = settings.alphabet.index(settings.cue)
    generator = torch.Generator().manual_seed(1)
    members = len(network.seeds)
    values = {
        s: torch.randn(members, network.width(s), generator=generator) for s in network.state_sites
    }
    return Graft(cue, values, torch.full((members,), cue))


def test_arms_without_a_graft_are_equal_and_a_graft_makes_the_difference() -> None:
    draws, arms = Draws(SMALL, "small", 0), (Arm(CONTROL), Arm("same"), Arm("grafted", "J"))
    ensemble = join([draws.untrained()] * 3)
    learned = learn_arms(ensemble, arms, graft_at_cue(ensemble, SMALL), draws, silent)
    control, same, grafted = learned.accuracy.reshape(3, 3, -1)
    np.testing.assert_array_equal(control, same)
    assert (control != grafted).any()
    assert (learned.fired.reshape(3, 3) > 0).tolist() == [[False] * 3, [False] * 3, [True] * 3]
    for value in ensemble.state_dict().values():
        assert torch.equal(value[:3], value[3:6])
        assert not torch.equal(value[:3], value[6:])


@each_model
def test_the_control_is_plain_training_on_the_same_windows(model: RecurrentSettings) -> None:
    tokens = np.random.default_rng(0).integers(VOCABULARY, size=(2, 1, 300))
    plain, other = (build(model, VOCABULARY, (3, 4)) for _ in range(2))
    settings = TrainingSettings(steps=8, batch=2, window=30, learning_rate=0.01, gradient_clip=None)
    train(plain, tokens, settings, (5, 6), progress=silent)
    learn(
        other,
        lambda trial: torch.from_numpy(draw_windows(tokens, settings, (5, 6), trial)),
        Graft(CUE, {}, torch.full((2,), CUE)),
        lambda trial: torch.zeros(2),
        Trials(count=8, batch=2, window=30, learning_rate=0.01),
        silent,
    )
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value, atol=1e-5, rtol=1e-4)


def test_a_graft_that_never_fires_and_a_loss_that_is_not_finite_are_told() -> None:
    small = SMALL.networks["small"]
    brief = small.model_copy(update={"trials": Trials(count=2, window=3)})
    settings = SMALL.model_copy(update={"networks": {"small": brief}, "sequences": 1})
    draws, arms = Draws(settings, "small", 0), (Arm(CONTROL), Arm(GRAFT, "J"))
    ensemble = join([draws.untrained()] * 2)
    graft = graft_at_cue(ensemble, SMALL)
    with pytest.raises(InterventionError, match=r"arm 'donor' never fired in network \d, which"):
        learn_arms(ensemble, arms, graft, draws, silent)
    with pytest.raises(InterventionError, match="'D' is read nowhere in 1 fresh sequences of 3"):
        evaluate_grafted(ensemble, torch.zeros(1, 3, dtype=torch.long), graft, torch.ones(6))
    with torch.no_grad():
        ensemble.readout.bias[1, 0] = np.nan
    with pytest.raises(NetworkError, match=r"loss is not finite in trial 1; lower"):
        learn_arms(ensemble, arms, graft, draws, silent)


def test_strengths_fall_to_nothing_where_they_fade() -> None:
    arms = (Arm(CONTROL), Arm(GRAFT, "J"), Arm(FADING, "J", fades=True))
    assert strengths(arms, 2, 0.25).tolist() == [0, 0, 1, 1, 0.25, 0.25]
    assert strengths(arms, 2, 0.0).tolist() == [0, 0, 1, 1, 0, 0]


def test_accuracy_is_measured_before_the_update() -> None:
    network, symbols, graft = example(MODELS[2])
    expected = (network(symbols[..., :-1]).logits.argmax(-1) == symbols[..., 1:]).double()
    learned = learn(
        network, lambda trial: symbols, graft, lambda trial: torch.zeros(3), Trials(count=2), silent
    )
    np.testing.assert_allclose(learned.accuracy[:, 0], expected.mean((1, 2)))


def test_smoothing_and_criterion() -> None:
    curve = np.array([0.0, 0.5, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(smooth(curve, 3), np.convolve(curve, np.ones(3) / 3, "valid"))
    curves = smooth(np.array([curve, curve * 0.5]), 3)
    assert first_reaching(curves, 0.8).tolist() == [2, np.inf]
    assert first_reaching(np.full((1, 4), 0.1 + 0.2), 0.3).tolist() == [1]


def test_a_seed_that_never_gets_there_counts_as_one_trial_too_late() -> None:
    accuracy = np.array([[0.0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]])
    measures = learning_measures(Learned(accuracy, np.array([4, 0])), SMALL)
    assert measures["trials_to_criterion"].tolist() == [2, 5]  # of four possible starts
    assert measures["reached"].tolist() == [1, 0]
    np.testing.assert_allclose(measures["start_accuracy"], [2 / 3, 0])
    np.testing.assert_allclose(measures["early_accuracy"], [3 / 4, 0])
    assert measures["grafts"].tolist() == [4, 0]


def test_bounds_are_those_of_the_corpus() -> None:
    rng = np.random.default_rng(0)
    pretraining, transfer = (g.sample(rng, 50, 60) for g in (SMALL.pretraining, SMALL.transfer))
    found = bounds(pretraining, transfer, "D")
    text = [transfer.text(row) for row in range(50)]
    targets = "".join(row[1:] for row in text)
    assert found["accuracy_on"] == found["early_accuracy"]
    np.testing.assert_allclose(
        found["accuracy_off"], (targets.count("E") / len(targets), transfer.bayes_accuracy)
    )
    assert found["link_off"] == (0, 1)  # always L, never the commonest symbol
    share = targets.count("L") / len(targets)
    np.testing.assert_allclose(found["link_probability_on"], (share, 1))
    floor, ceiling = found["elsewhere_on"]
    cues = sum(row[:-1].count("D") for row in text)
    np.testing.assert_allclose(floor, targets.count("E") / (len(targets) - cues))
    assert ceiling < transfer.bayes_accuracy
    np.testing.assert_allclose(found["pretraining_accuracy"][1], pretraining.bayes_accuracy)


def test_differences_with_the_control_are_paired() -> None:
    values = {CONTROL: [0.1, 0.5, 0.9], GRAFT: [0.2, 0.6, 1.0]}
    outcomes = pd.DataFrame(
        {"arm": arm, "seed": seed, "measure": "link_on", "value": value}
        for arm, of_arm in values.items()
        for seed, value in enumerate(of_arm)
    ).sample(frac=1, random_state=0)
    summary = summarise_outcomes(outcomes, {"link_on": (0.0, 1.0)}).set_index("arm")
    row = summary.loc[GRAFT]
    np.testing.assert_allclose(row[["difference", "difference_low"]].astype(float), 0.1)
    assert row["ci_high"] - row["ci_low"] > 0.5
    assert (row["floor"], row["ceiling"], row["n"]) == (0, 1, 3)
    assert summary.loc[CONTROL, "difference"] == 0


@cache
def affine(seed: int = 0) -> Transfer:
    """The paper's network, three seeds, all trials."""
    paper = TransferSettings()
    few = paper.networks["affine12"].model_copy(update={"seeds": 3})
    return run_transfer(paper.model_copy(update={"networks": {"few": few}}), "few", seed, silent)


def value_of(measure: str, arm: str) -> float:
    summary = affine().summary
    row = summary[(summary["measure"] == measure) & (summary["arm"] == arm)]
    return float(row["mean"].iloc[0])


def test_what_is_known_of_the_papers_network_is_seen_again() -> None:
    assert value_of("early_accuracy", GRAFT) > value_of("early_accuracy", CONTROL) + 0.03
    assert value_of("accuracy_off", CONTROL) > 0.92
    assert value_of("link_off", CONTROL) == value_of("link_on", CONTROL) > 0.95
    assert value_of("link_off_before", CONTROL) < 0.1
    assert value_of("link_off", GRAFT) < 0.1 < 0.9 < value_of("link_on", GRAFT)
    assert value_of("link_off", FADING) > 0.9
    assert value_of("early_accuracy", RANDOM) < value_of("early_accuracy", GRAFT) - 0.03
    assert value_of("early_accuracy", UNTRAINED) < value_of("early_accuracy", CONTROL) - 0.1
    assert value_of("grafts", CONTROL) == 0 < value_of("grafts", FADING)
    assert value_of("grafts", FADING) < value_of("grafts", GRAFT) == value_of("grafts", INTENDED)


def test_the_tables_are_whole_and_the_same_each_time() -> None:
    arms = [arm.name for arm in arms_of(TransferSettings())]
    tables = affine()
    assert list(tables.trials.columns) == ["arm", "seed", "trial", "accuracy"]
    assert len(tables.trials) == len(arms) * 3 * 100
    assert list(tables.outcomes["arm"].unique()) == ["pretrained", *arms]
    assert not tables.outcomes.duplicated(["arm", "seed", "measure"]).any()
    assert np.isfinite(tables.outcomes["value"]).all()
    first, again, other = (run_transfer(SMALL, "small", seed, silent) for seed in (7, 7, 8))
    for name in ("trials", "outcomes", "summary"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name), check_exact=True)
        assert not getattr(first, name).equals(getattr(other, name))


def test_a_networks_draws_do_not_depend_on_how_many_there_are() -> None:
    paper = TransferSettings()
    few, more = (
        Draws(
            TransferSettings(
                networks={"a": paper.networks["affine12"].model_copy(update={"seeds": seeds})}
            ),
            "a",
            0,
        )
        for seeds in (2, 3)
    )
    sequences = [draws.sequences(paper.transfer, "transfer", 50) for draws in (few, more)]
    np.testing.assert_array_equal(sequences[0], sequences[1][:2])
    assert not np.array_equal(*sequences[0])
    assert few.seeds("weights") == more.seeds("weights")[:2]


def test_figure_draws_every_arm() -> None:
    tables = TransferTables(*(getattr(affine(), k) for k in ("trials", "outcomes", "summary")))
    settings = TransferSettings()
    figure, data = draw_transfer({"a": tables, "b": tables}, settings, FigureSettings(dpi=50))
    figure.draw_without_rendering()
    arms = [arm.name for arm in arms_of(settings)]
    curves = data[data["panel"] == "curves"]
    assert curves.groupby("arm", sort=False).size().to_dict() == dict.fromkeys(arms, 91)
    trials = tables.trials.query("arm == @GRAFT and trial <= 10")["accuracy"]
    first = curves[(curves["arm"] == GRAFT) & (curves["trial"] == 1)]
    np.testing.assert_allclose(first["mean"], trials.mean())
    reached = data[data["panel"] == "reached"].groupby("arm")["mean"]
    assert (
        reached.last()
        == tables.outcomes.query("measure == 'reached'").groupby("arm")["value"].mean()
    ).all()
    assert set(data.loc[data["panel"] == "networks", "network"]) == {"a", "b"}
