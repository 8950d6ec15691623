"""Networks that learn rules: what moves, when they stop, and that none hangs on another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from chunkscope.dynamics.tasks.groups import GROUPS
from chunkscope.dynamics.tasks.learning import Course, decision_accuracy, input_weight, learn
from chunkscope.dynamics.tasks.settings import TaskStudySettings, TaskTraining
from chunkscope.dynamics.tasks.study import (
    TaskStudy,
    draw_probe,
    draw_test,
    record_probe,
    run_tasks,
)
from chunkscope.errors import DynamicsError, NetworkError
from chunkscope.grammars.decisions import (
    ANSWERS,
    CHANNELS,
    MASTER,
    RULES,
    DecisionSettings,
    ProbeSettings,
    Rule,
)
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import (
    GRUSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
)
from chunkscope.randomness import stream

SEEDS = (3, 1, 4)
LEAKY = TanhSettings(hidden=16, leak=0.5)
CELLS = [LEAKY, GRUSettings(hidden=6), MinGRUSettings(hidden=6), SSMSettings(hidden=4, state=2)]
DECISIONS = DecisionSettings(
    fixation=(1, 1),
    stimulus=(3, 5),
    delay=(1, 2),
    decision=(2, 2),
    coherence=(51.2,),
    probe=ProbeSettings(trials=7, fixation=2, stimulus=6, delay=1, decision=1),
)
TRAINING = TaskTraining(
    batch=16, learning_rate=0.02, updates=10, evaluate_every=5, keep_every=1, validation=16
)

each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.architecture)


def untrained(cell: NetworkSettings = LEAKY, seeds: Sequence[int] = SEEDS) -> Network:
    return build(cell, len(ANSWERS), seeds, ANSWERS, CHANNELS)


def course(
    network: Network,
    rules: Sequence[Rule] = ("pro",),
    frozen: bool = False,
    shares: Sequence[int] = (0, 100),
    **training: object,
) -> Course:
    """How a network learns the tiny task; a member's trials are those of its seed."""
    return learn(
        network,
        rules,
        DECISIONS,
        TRAINING.model_copy(update=training),
        lambda purpose: [stream(0, purpose, seed) for seed in network.seeds],
        frozen,
        shares,
        progress=lambda done, loss: None,
    )


def same(first: Network, second: Network) -> bool:
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return all(torch.equal(one, two) for one, two in pairs)


@each_cell
def test_frozen_networks_learn_by_their_input_weights_alone(cell: NetworkSettings) -> None:
    start = untrained(cell)
    before = {name: weight.clone() for name, weight in start.state_dict().items()}
    frozen = course(start, frozen=True, criterion=1.0).networks[100].state_dict()
    free = course(start, criterion=1.0).networks[100].state_dict()
    name = input_weight(start)
    assert before[name].shape[-1] == len(CHANNELS)
    assert (frozen[name] != before[name]).flatten(1).any(1).all()
    for other in before.keys() - {name}:
        assert torch.equal(frozen[other], before[other]), other
        assert (free[other] != before[other]).flatten(1).any(1).all(), other
    assert all(torch.equal(start.state_dict()[name], before[name]) for name in before)


@each_cell
@pytest.mark.parametrize("frozen", [False, True])
def test_a_members_course_does_not_depend_on_the_others(
    cell: NetworkSettings, frozen: bool
) -> None:
    network = untrained(cell)
    together = course(network, frozen=frozen, criterion=0.6, updates=30)
    assert len(set(together.updates)) > 1
    for member in range(len(SEEDS)):
        alone = course(network.select([member]), frozen=frozen, criterion=0.6, updates=30)
        assert alone.updates[0] == together.updates[member]
        assert alone.learned[0] == together.learned[member]
        for ours, theirs in zip(
            together.networks[100].parameters(), alone.networks[100].parameters(), strict=True
        ):
            torch.testing.assert_close(ours[member], theirs[0], rtol=1e-5, atol=1e-5)


def test_members_stop_where_they_first_reach_the_criterion() -> None:
    rules: tuple[Rule, ...] = ("pro", "anti")
    network, criterion, every = untrained(), 0.8, 20
    looks = {"criterion": criterion, "updates": 200, "evaluate_every": every, "keep_every": every}
    found = course(network, rules, shares=range(101), **looks)
    assert len(set(found.updates)) > 1
    assert np.array_equal(found.learned, found.accuracy.min(1) >= criterion)
    assert (found.updates[~found.learned] == 200).all()
    for member, seed in enumerate(SEEDS):
        validation, last = stream(0, "validation", seed), int(found.updates[member])
        for done in range(0, last + 1, every):
            then = found.networks[round(100 * done / last)].select([member])
            fresh = [DECISIONS.draw(validation, TRAINING.validation, [rule]) for rule in rules]
            accuracy = [decision_accuracy(then, [trials])[0] for trials in fresh]
            assert (min(accuracy) >= criterion) == (done == last and found.learned[member])
        assert accuracy == found.accuracy[member].tolist()


def test_weights_are_kept_at_shares_of_a_members_own_updates() -> None:
    network, shares = untrained(), (0, 40, 100)
    whole = course(network, shares=shares, criterion=1.0, updates=10, evaluate_every=10)
    assert whole.updates.tolist() == [10, 10, 10]
    part = course(network, criterion=1.0, updates=4, evaluate_every=10)
    assert tuple(whole.networks) == shares
    assert same(whole.networks[0], network)
    assert same(whole.networks[40], part.networks[100])
    assert not same(whole.networks[40], whole.networks[100])
    assert whole.networks[40].channels == CHANNELS


def test_learning_twice_gives_the_same_bytes_and_leaves_the_start_as_it_was() -> None:
    network, fresh = untrained(), untrained()
    first, again = course(network), course(network)
    assert same(first.networks[100], again.networks[100])
    assert np.array_equal(first.accuracy, again.accuracy)
    assert same(network, fresh)


def test_the_master_rule_is_learned() -> None:
    network = untrained()
    test = DECISIONS.draw(np.random.default_rng(0), 200, [MASTER])
    found = course(network, [MASTER], updates=200, evaluate_every=20, validation=64)
    before = decision_accuracy(network, [test] * len(SEEDS))
    after = decision_accuracy(found.networks[100], [test] * len(SEEDS))
    assert before.max() < 0.6
    assert after.min() > 0.9
    assert found.learned.all()


def test_accuracy_is_of_the_decision_and_of_each_members_own_trials() -> None:
    network = untrained()
    rngs = [np.random.default_rng(seed) for seed in SEEDS]
    trials = [DECISIONS.draw(rng, 90, RULES) for rng in rngs]
    found = decision_accuracy(network, trials)
    for member, own in enumerate(trials):
        logits = network.select([member])(torch.from_numpy(own.inputs)).logits[0]
        right = total = 0
        for trial, step in zip(*np.nonzero(own.scored == DECISIONS.decision_weight), strict=True):
            right += int(logits[trial, step].argmax()) == own.choice[trial]
            total += 1
        assert found[member] == pytest.approx(right / total)


def test_a_loss_that_is_not_finite_is_refused_by_the_name_of_its_seed() -> None:
    network = untrained()
    with torch.no_grad():
        network.readout.bias[1] = float("nan")
    with pytest.raises(NetworkError, match=r"the loss of seed 1 is nan in update 1; lower"):
        course(network)


def test_groups_are_those_that_were_published() -> None:
    found = {group.name: (group.pretrained, group.learning, group.share) for group in GROUPS}
    parts = ("pro", "anti", "delay")
    assert found == {
        "master": ((), "all", 0),
        "pretrain_frozen": (parts, "inputs", 1),
        "pretrain_unfrozen": (parts, "all", 1),
        "partial_frozen_A": (("pro",), "inputs", 1 / 3),
        "partial_frozen_B": (("anti",), "inputs", 1 / 3),
        "partial_frozen_C": (("delay",), "inputs", 1 / 3),
        "partial_frozen_AB": (("pro", "anti"), "inputs", 2 / 3),
        "partial_frozen_AC": (("pro", "delay"), "inputs", 2 / 3),
        "partial_frozen_BC": (("anti", "delay"), "inputs", 2 / 3),
        "master_frozen": ((), "inputs", 0),
        "untrained": ((), "none", 0),
    }


def study(seeds: int = 2, seed: int = 0) -> TaskStudy:
    settings = TaskStudySettings(
        decisions=DECISIONS,
        cells={"tiny": LEAKY},
        seeds=seeds,
        training=TRAINING.model_copy(update={"updates": 5}),
        shares=(0, 60, 100),
        test=20,
    )
    return run_tasks(settings, "tiny", seed, progress=lambda done, loss: None)


@pytest.fixture(scope="module")
def found() -> TaskStudy:
    return study()


def test_groups_share_what_they_begin_from(found: TaskStudy) -> None:
    networks = found.networks
    assert set(networks) == {group.name for group in GROUPS}
    assert all(tuple(shares) == (0, 60, 100) for shares in networks.values())
    initial = networks["untrained"][100]
    assert same(networks["untrained"][0], initial)
    for name in ("master", "master_frozen"):
        assert same(networks[name][0], initial)
        assert not same(networks[name][100], initial)
    frozen, unfrozen = networks["pretrain_frozen"], networks["pretrain_unfrozen"]
    assert same(frozen[0], unfrozen[0])
    assert not same(frozen[0], initial)
    assert not same(frozen[0], networks["partial_frozen_AB"][0])
    recurrent = "layers.0.weight_hh"
    before, after, free = (
        network.state_dict()[recurrent] for network in (frozen[0], frozen[100], unfrozen[100])
    )
    assert torch.equal(before, after)
    assert not torch.equal(before, free)


def test_table_has_every_phase_of_every_group(found: TaskStudy) -> None:
    table = found.table
    columns = ["group", "phase", "seed", "updates", "learned", "pro", "anti", "delay", "delay_anti"]
    assert list(table.columns) == columns
    for group in GROUPS:
        rows = table[table.group == group.name]
        phases = ["pretraining"] * 2 * bool(group.pretrained) + ["master"] * 2
        assert rows.phase.tolist() == phases
        assert rows.seed.tolist() == [0, 1] * (len(phases) // 2)
    untrained_rows = table[table.group == "untrained"]
    assert (untrained_rows.updates == 0).all()
    assert not untrained_rows.learned.any()
    settings = TaskStudySettings(decisions=DECISIONS, cells={"tiny": LEAKY}, test=20)
    test = dict(zip(RULES, draw_test(settings, 0), strict=True))
    ends = table[table.phase == "master"].set_index(["group", "seed"])
    for rule, trials in test.items():
        accuracy = decision_accuracy(found.networks["master"][100], [trials] * 2)
        assert ends.loc["master"][rule].tolist() == accuracy.tolist()


def test_studies_repeat(found: TaskStudy) -> None:
    again = study()
    assert found.table.equals(again.table)
    for group, shares in found.networks.items():
        assert all(same(network, again.networks[group][at]) for at, network in shares.items())


def test_more_seeds_change_none_and_another_root_changes_all(found: TaskStudy) -> None:
    more, other = study(seeds=3), study(seed=1)
    for group, shares in found.networks.items():
        for share, network in shares.items():
            pairs = zip(network.parameters(), more.networks[group][share].parameters(), strict=True)
            for ours, theirs in pairs:
                torch.testing.assert_close(ours, theirs[:2], rtol=1e-5, atol=1e-5)
    assert not same(found.networks["untrained"][0], other.networks["untrained"][0])


@each_cell
def test_probe_is_recorded_while_the_stimulus_is_on(cell: NetworkSettings) -> None:
    settings = TaskStudySettings(decisions=DECISIONS, cells={"tiny": LEAKY})
    probe = draw_probe(settings, 0)
    assert probe.ids == draw_probe(settings, 0).ids
    network, site = untrained(cell), "layers.0.hook_h"
    activity = record_probe(network, probe, site)
    assert activity.dtype == np.float32
    assert activity.shape == (len(SEEDS), 7, 6, network.width(site))
    before = network(torch.from_numpy(probe.inputs[:, :2]))
    during = network(torch.from_numpy(probe.inputs[:, 2:8]), before.state, record=[site])
    expected = during.activations[site].detach().numpy()
    np.testing.assert_allclose(activity, expected, rtol=1e-5, atol=1e-6)


def test_probe_trials_of_several_lengths_are_refused() -> None:
    trials = DECISIONS.draw(np.random.default_rng(0), 9, [MASTER])
    with pytest.raises(DynamicsError, match="give trials of one length, as draw_probe does"):
        record_probe(untrained(), trials, "layers.0.hook_h")


@pytest.mark.parametrize("shares", [(0, 50), (50, 0, 100), (0, 0, 100), ()])
def test_shares_that_do_not_rise_to_the_end_are_refused(shares: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        TaskStudySettings(shares=shares)


def test_cells_that_read_symbols_alone_are_refused() -> None:
    with pytest.raises(ValidationError, match="affine"):
        TaskStudySettings(cells={"plain": {"architecture": "affine", "hidden": 4}})
    assert TaskStudySettings(cells={"plain": {"architecture": "lstm", "hidden": 4}})
