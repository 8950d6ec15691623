"""What all recurrent architectures share: the step loop.

Inside, activity is laid out (seed, time, batch, unit); what goes out is (seed, batch, time, unit).

The loop runs layer by layer, since nothing flows down. ``drive`` gives what of each step does not
need the state: for a symbol, which is one-hot, a column of the input weights, looked up as the
loop comes by (to write them all down first costs memory and gains nothing); for channels and for
the states of the layer below, one product for all steps beforehand. ``step`` turns a step's drive
and the last state into the next state, and passes each activity through ``tap(hook, activity)`` as
soon as it is known: there it is edited and recorded. Time is split with ``unbind`` and the states
are stacked once: indexing ``x[:, t]`` in the loop has a backward pass quadratic in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import NetworkError
from chunkscope.networks.edits import BoundEdit, Edit
from chunkscope.networks.network import (
    Network,
    Output,
    Weights,
    initial_state,
    linear,
    weights_under,
)
from chunkscope.networks.settings import RecurrentSettings
from chunkscope.networks.sites import match_sites


class Tap:
    """Edits and records the activity of one layer as the step loop computes it."""

    def __init__(
        self, prefix: str, edits: Sequence[BoundEdit], record: Sequence[str], before: Tensor
    ) -> None:
        """A tap of the sites that begin with ``prefix``; ``before`` is zeros as a state is."""
        self.step = 0
        self.edits: defaultdict[str, list[BoundEdit]] = defaultdict(list)
        for edit in edits:
            if edit.site.startswith(prefix):
                self.edits[edit.site.removeprefix(prefix)].append(edit)
        self.records: dict[str, list[Tensor]] = {
            site.removeprefix(prefix): [] for site in record if site.startswith(prefix)
        }
        self.before = dict.fromkeys(self.edits, before)
        self._idle = not self.edits and not self.records

    def __call__(self, hook: str, activity: Tensor) -> Tensor:
        """The activity (seed, batch, unit) of ``hook`` at this step, after edits."""
        if self._idle:
            return activity
        if hook in self.edits:
            for edit in self.edits[hook]:
                activity = edit(activity, self.before[hook], self.step)
            self.before[hook] = activity
        if hook in self.records:
            self.records[hook].append(activity)
        return activity


class Layer(Weights):
    """One recurrent layer; an architecture says how it makes a step."""

    states: ClassVar[tuple[str, ...]] = ("hook_h",)
    gates: ClassVar[tuple[str, ...]] = ()

    weight_ih: Tensor
    weight_hh: Tensor

    def drive(self, inputs: Tensor) -> Iterable[Tensor]:
        """What of each step needs no state: (seed, batch, gates * unit), step by step.

        ``inputs`` are symbols (seed, time, batch), or numbers (seed, time, batch, unit): channels,
        or the states of the layer below.
        """
        raise NotImplementedError

    def step(
        self, drive: Tensor, state: tuple[Tensor, ...], weight: Tensor, tap: Tap
    ) -> tuple[Tensor, ...]:
        """The next states (seed, batch, unit), in the order of ``states``.

        ``weight`` is the recurrent weight, turned (seed, unit, gates * unit).
        """
        raise NotImplementedError

    def forward(
        self, inputs: Tensor, state: tuple[Tensor, ...], tap: Tap
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """All hidden states (seed, time, batch, unit), and the last states."""
        weight = self.weight_hh.mT
        hidden = []
        for tap.step, drive in enumerate(self.drive(inputs)):
            state = self.step(drive, state, weight, tap)
            hidden.append(state[0])
        return torch.stack(hidden, 1), state


class Readout(Weights):
    """Logits from hidden states: ``V h_t + c``."""

    weight: Tensor
    bias: Tensor

    def forward(self, inputs: Tensor, initial: Tensor, hidden: Tensor) -> Tensor:
        """Logits (seed, vocabulary, time, batch).

        Args:
            inputs: symbols (seed, time, batch), or channels (seed, time, batch, channel).
            initial: (seed, batch, unit), the hidden state before the first step.
            hidden: (seed, time, batch, unit), the hidden states after each step.
        """
        return read(hidden, self.weight, self.bias.unsqueeze(2))


class Recurrent(Network):
    """An ensemble of recurrent networks; see the module for the loop."""

    layer_type: ClassVar[type[Layer]]
    readout_type: ClassVar[type[Weights]] = Readout
    reads_channels = True

    settings: RecurrentSettings

    def assemble(self, weights: Mapping[str, Tensor]) -> None:
        """The layers, and the readout."""
        self.layers = nn.ModuleList(
            self.make_layer(weights_under(weights, f"layers.{index}."))
            for index in range(self.settings.layers)
        )
        self.readout = self.readout_type(weights_under(weights, "readout."))

    def make_layer(self, weights: Mapping[str, Tensor]) -> Layer:
        """The layer that holds ``weights``."""
        return self.layer_type(weights)

    def forward(
        self,
        inputs: Tensor,
        state: Mapping[str, Tensor] | None = None,
        intervene: Sequence[Edit] = (),
        record: Sequence[str] = (),
    ) -> Output:
        """Runs all members over ``inputs``; see :meth:`Network.forward`.

        ``state`` is site -> (seed, batch, unit); zeros if None.
        """
        inputs = self.check_inputs(inputs).transpose(1, 2)  # (seed, time, batch) or (.., channel)
        time, batch = inputs.shape[1:3]
        edits = self.bind(intervene, batch, time)
        states = initial_state(self, state, batch)
        recorded = match_sites(record, self.sites)

        last: dict[str, Tensor] = {}
        activations: dict[str, Tensor] = {}
        below = inputs
        for index, layer in enumerate(self.layers):
            prefix = f"layers.{index}."
            initial = tuple(states[prefix + hook] for hook in self.layer_type.states)
            tap = Tap(prefix, edits, recorded, torch.zeros_like(initial[0]))
            tap.before |= {h: states[prefix + h] for h in tap.before if prefix + h in states}
            below, final = layer(below, initial, tap)
            last |= {prefix + hook: value for hook, value in tap.before.items()}
            last |= {prefix + h: v for h, v in zip(self.layer_type.states, final, strict=True)}
            activations |= {
                prefix + hook: torch.stack(steps, 2) for hook, steps in tap.records.items()
            }
        logits = self.readout(inputs, initial[0], below).permute(0, 3, 2, 1)
        return Output(logits, last, activations, tuple(edit.fired for edit in edits))

    def read_out(self, inputs: Tensor, hidden: Tensor) -> Tensor:
        """Logits (seed, batch, time, vocabulary) of given hidden states; the recurrence stands.

        Args:
            inputs: as in :meth:`forward`.
            hidden: (seed, batch, time, unit), activity at ``hook_h`` of the last layer, from the
                start on. As recorded, it gives the logits of the pass; changed, what the readout
                makes of the change.

        Raises:
            NetworkError: inputs or hidden states do not fit this network.
        """
        inputs = self.check_inputs(inputs).transpose(1, 2)
        seeds, time, batch = inputs.shape[:3]
        shape = (seeds, batch, time, self.settings.hidden)
        if hidden.shape != shape:
            raise NetworkError(
                f"hidden: got shape {tuple(hidden.shape)}; must be (seed, batch, time, unit) = "
                f"{shape}"
            )
        states = hidden.to(next(self.parameters())).transpose(1, 2)
        initial = torch.zeros_like(states[:, 0])
        return self.readout(inputs, initial, states).permute(0, 3, 2, 1)


def project(inputs: Tensor, weight: Tensor, bias: Tensor) -> Iterable[Tensor]:
    """``W x_t + b`` of every member: (seed, batch, unit), step by step.

    Args:
        inputs: activity (seed, time, batch, input), or symbols (seed, time, batch), whose one-hot
            product is a column of ``weight``.
        weight: (seed, unit, input).
        bias: (seed, unit).
    """
    if inputs.is_floating_point():
        return linear(inputs, weight, bias).unbind(1)
    members, _, vocabulary = weight.shape
    columns = (weight.mT + bias.unsqueeze(1)).flatten(0, 1)
    offset = vocabulary * torch.arange(members, device=inputs.device).view(-1, 1, 1)
    return (functional.embedding(rows, columns) for rows in (inputs + offset).unbind(1))


def read(inputs: Tensor, weight: Tensor, added: Tensor) -> Tensor:
    """``V x + c`` of every member: logits (seed, vocabulary, time, batch).

    The vocabulary comes before time and batch because a softmax over a short last axis runs
    number by number: over 13 symbols, forward and backward together take 11 times as long.

    Args:
        inputs: activity (seed, time, batch, input).
        weight: (seed, vocabulary, input).
        added: (seed, vocabulary, 1), c, or (seed, vocabulary, time * batch) where steps differ.
    """
    flat = torch.baddbmm(added, weight, inputs.flatten(1, 2).mT)
    return flat.unflatten(2, inputs.shape[1:3])


def stock_weights(rnn: nn.RNNBase, readout: nn.Linear) -> dict[str, Tensor]:
    """The weights of a stock recurrence and its readout, named as ours, as an ensemble of one."""
    weights: dict[str, Tensor] = {stock_name(k): v for k, v in rnn.named_parameters()}
    weights |= {"readout.weight": readout.weight, "readout.bias": readout.bias}
    return {name: value.detach().unsqueeze(0) for name, value in weights.items()}


def stock_name(name: str) -> str:
    """Our name of a stock recurrence's weight: ``layers.0.bias_hh`` for ``bias_hh_l0``."""
    kind, layer = name.rsplit("_l", 1)
    return f"layers.{layer}.{kind}"
