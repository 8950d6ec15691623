"""Learning rules until they are followed: an ensemble whose members stop one by one.

Every member draws trials of its own and starts each from the zero state. The loss is the mean
cross-entropy over steps, those of the decision counted more (``DecisionTrials.scored``). A member
that follows every rule on fresh trials leaves the ensemble with the weights it then has, and the
others go on without it: what it learns hangs on its own weights and trials alone, but for rounding,
since products of more members at once may add up in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Adam

from chunkscope.dynamics.tasks.settings import TaskTraining
from chunkscope.errors import NetworkError
from chunkscope.grammars.decisions import DECISION, DecisionSettings, DecisionTrials, Rule
from chunkscope.networks.network import Network
from chunkscope.networks.progress import StepReport
from chunkscope.networks.residual import Residual
from chunkscope.networks.training import clip_members, cross_entropy

Random = Callable[[str], Sequence[np.random.Generator]]
Progress = Callable[[int, float], None]
Weights = dict[str, Tensor]

TRIALS_PER_PASS = 64  # of an evaluation, which bounds its memory


@dataclass(frozen=True)
class Course:
    """How the members of an ensemble learned.

    Attributes:
        updates: (member,) updates of each.
        accuracy: (member, rule) share of the steps of the decision answered right, when it stopped.
        learned: (member,) whether that reached the criterion for every rule.
        networks: share in percent -> the ensemble, every member after that share of its own
            updates, or as near to it as weights were kept.
    """

    updates: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    learned: NDArray[np.bool_]
    networks: dict[int, Network]


def learn(
    network: Network,
    rules: Sequence[Rule],
    decisions: DecisionSettings,
    training: TaskTraining,
    random: Random,
    frozen: bool = False,
    shares: Sequence[int] = (100,),
    progress: Progress | None = None,
) -> Course:
    """Train a copy of ``network`` by a fresh Adam on trials of ``rules``, mixed.

    Args:
        random: "training" or "validation" -> a generator per member, of its trials.
        frozen: whether :func:`input_weight` alone learns.
        shares: percentages of a member's updates at which its weights are kept.
        progress: called after every update with the updates done and the mean loss of those that
            still learn; if None, a :class:`~chunkscope.networks.progress.StepReport` on standard
            error.

    Raises:
        NetworkError: a loss is not finite.
    """
    report = progress or StepReport(training.updates)
    drawing, validating = random("training"), random("validation")
    accuracy = np.zeros((len(network.seeds), len(rules)))
    kept: list[dict[int, Weights]] = [{} for _ in network.seeds]  # updates -> weights, per member
    running = _Running.begin(network, training, frozen)
    for done in range(training.updates + 1):
        now = running.members
        looked = done % training.evaluate_every == 0 or done == training.updates
        if looked or done % training.keep_every == 0:
            for row, member in enumerate(now):
                kept[member][done] = running.learning(row)
        if looked:
            for place, rule in enumerate(rules):
                fresh = [decisions.draw(validating[m], training.validation, [rule]) for m in now]
                accuracy[now, place] = decision_accuracy(running.network, fresh)
            going = np.flatnonzero(accuracy[now].min(1) < training.criterion)
            if done == training.updates or not len(going):
                break
            if len(going) < len(now):
                running = running.take(going.tolist())
        trials = [decisions.draw(drawing[m], training.batch, rules) for m in running.members]
        report(done + 1, running.update(trials, done + 1))
    return Course(
        updates=np.array([max(states) for states in kept]),
        accuracy=accuracy,
        learned=accuracy.min(1) >= training.criterion,
        networks={share: _after(network, kept, share) for share in shares},
    )


@torch.no_grad()
def decision_accuracy(network: Network, trials: Sequence[DecisionTrials]) -> NDArray[np.float64]:
    """(member,) share of the steps of the decision answered right, every member on its own trials.

    Trials of all members are as many, and padded to the same length.
    """
    inputs, targets = _stack(trials, "inputs"), _stack(trials, "targets")
    parts = [network(part).logits.argmax(-1) for part in inputs.split(TRIALS_PER_PASS, 1)]
    decided = _stack(trials, "period") == DECISION
    right = (torch.cat(parts, 1) == targets) & decided
    return (right.sum((1, 2)) / decided.sum((1, 2))).double().numpy()


def input_weight(network: Network) -> str:
    """The weight that the channels, those of the rules included, come in by."""
    return "embed.weight" if isinstance(network, Residual) else "layers.0.weight_ih"


@dataclass
class _Running:
    """The members that still learn.

    Attributes:
        members: their places among all.
        network: the ensemble of them.
        adam: its optimizer, of the weights that learn.
        training: how they learn.
    """

    members: list[int]
    network: Network
    adam: Adam
    training: TaskTraining

    @classmethod
    def begin(cls, network: Network, training: TaskTraining, frozen: bool) -> _Running:
        """All members, from the weights of ``network``, which stay as they are."""
        members = list(range(len(network.seeds)))
        copied = network.select(members)
        for name, weight in copied.named_parameters():
            weight.requires_grad_(not frozen or name == input_weight(network))
        return cls(members, copied, _adam(copied, training), training)

    def take(self, rows: Sequence[int]) -> _Running:
        """Some of them, which go on as they would have with the others."""
        network = self.network.select(rows)
        for new, old in zip(network.parameters(), self.network.parameters(), strict=True):
            new.requires_grad_(old.requires_grad)
        adam, state = _adam(network, self.training), self.adam.state_dict()
        for moments in state["state"].values():
            moments |= {name: moments[name][rows] for name in ("exp_avg", "exp_avg_sq")}
        adam.load_state_dict(state)
        return _Running([self.members[row] for row in rows], network, adam, self.training)

    def update(self, trials: Sequence[DecisionTrials], count: int) -> float:
        """Update ``count``, on trials of each; the mean loss."""
        weights = _stack(trials, "scored")
        nats = cross_entropy(
            self.network(_stack(trials, "inputs")).logits, _stack(trials, "targets")
        )
        losses = (nats * weights).sum((1, 2)) / weights.sum((1, 2))
        for seed, loss in zip(self.network.seeds, losses.tolist(), strict=True):
            if not np.isfinite(loss):
                raise NetworkError(
                    f"tasks: the loss of seed {seed} is {loss} in update {count}; lower "
                    "training.learning_rate or training.gradient_clip"
                )
        self.adam.zero_grad()
        losses.sum().backward()
        clip_members(self.network, self.training.gradient_clip)
        self.adam.step()
        return float(losses.detach().mean())

    def learning(self, row: int) -> Weights:
        """A copy of those weights of one member that learn."""
        named = self.network.named_parameters()
        return {name: w[row].detach().clone() for name, w in named if w.requires_grad}


def _adam(network: Network, training: TaskTraining) -> Adam:
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    return Adam(learning, training.learning_rate, fused=True)


def _after(network: Network, kept: Sequence[dict[int, Weights]], share: int) -> Network:
    """The ensemble, every member after about ``share`` percent of its updates."""
    states = []
    for of_member in kept:
        aim = max(of_member) * share / 100
        states.append(of_member[min(of_member, key=lambda done: abs(done - aim))])
    learned = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    weights = network.state_dict() | learned
    return type(network)(
        network.settings, network.symbols, network.seeds, weights, network.channels
    )


def _stack(trials: Sequence[DecisionTrials], attribute: str) -> Tensor:
    """An attribute of every member's trials: (member, trial, ...)."""
    return torch.from_numpy(np.stack([getattr(one, attribute) for one in trials]))
