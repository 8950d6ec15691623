"""What networks share whose gates read the input alone: a stream, and layers that add to it.

    s_0 = E x_t + e,    s_l = s_{l-1} + P_l y_l + p_l,    logits_t = V s_L + c

Layer ``l`` reads the normalised stream (root mean square: Zhang and Sennrich, arXiv 1910.07467) and
gives y_l of its state h_t = a_t h_{t-1} + b_t. Since a_t and b_t do not hang on the state, all
steps of a pass run at once (:mod:`chunkscope.networks.gated_scan`); where the state itself is
edited, they run one by one. Activity is (seed, batch, time, unit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.networks.edits import Edit
from chunkscope.networks.gated_scan import gated_scan
from chunkscope.networks.network import (
    Network,
    Output,
    Weights,
    initial_state,
    linear,
    one_hot,
    weights_under,
)
from chunkscope.networks.recurrent import read
from chunkscope.networks.settings import ResidualSettings
from chunkscope.networks.sites import match_sites
from chunkscope.networks.taps import PassTap

NORM_EPSILON = 1e-5  # added to the mean square


class ResidualLayer(Weights):
    """One layer; an architecture says what it makes of its input."""

    gain: Tensor
    weight_out: Tensor
    bias_out: Tensor

    @classmethod
    def draw(cls, settings: Any) -> dict[str, Tensor]:
        """Initial weights of one layer of one member, by name."""
        raise NotImplementedError

    def run(self, inputs: Tensor, initial: Tensor, tap: PassTap, at: str) -> tuple[Tensor, Tensor]:
        """What the layer says, and all its states, both (seed, batch, time, unit).

        Args:
            inputs: (seed, batch, time, unit), the normalised stream.
            initial: (seed, batch, unit), the state before the first step.
            at: what stands before the layer's sites.
        """
        raise NotImplementedError

    def forward(
        self, stream: Tensor, initial: Tensor, tap: PassTap, at: str
    ) -> tuple[Tensor, Tensor]:
        """The stream that leaves the layer, and the last state."""
        normal = functional.rms_norm(stream, stream.shape[-1:], eps=NORM_EPSILON)
        said, hidden = self.run(normal * per_member(self.gain), initial, tap, at)
        stream = stream + linear(said, self.weight_out, self.bias_out)
        return tap(f"{at}hook_resid_post", stream), hidden[:, :, -1]


class Embedding(Weights):
    """What comes in, as a stream: ``E x_t + e``."""

    weight: Tensor
    bias: Tensor

    def forward(self, inputs: Tensor) -> Tensor:
        """The stream (seed, batch, time, unit) of symbols (seed, batch, time) or channels."""
        numbers = inputs if inputs.is_floating_point() else one_hot(inputs, self.weight)
        return linear(numbers, self.weight, self.bias)


class Readout(Weights):
    """What goes out: ``V s + c``."""

    weight: Tensor
    bias: Tensor

    def forward(self, stream: Tensor) -> Tensor:
        """Logits (seed, batch, time, vocabulary), laid out as :func:`read` does."""
        return read(stream.transpose(1, 2), self.weight, self.bias.unsqueeze(2)).permute(0, 3, 2, 1)


class Residual(Network):
    """An ensemble of such networks; see the module."""

    layer_type: ClassVar[type[ResidualLayer]]
    reads_channels = True

    settings: ResidualSettings

    @classmethod
    def draw(cls, settings: ResidualSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """A default ``nn.Linear`` wherever there is a map, from the input to the logits."""
        embed = nn.Linear(inputs, settings.hidden)
        weights: dict[str, Tensor] = {"embed.weight": embed.weight, "embed.bias": embed.bias}
        for layer in range(settings.layers):
            drawn = cls.layer_type.draw(settings)
            weights |= {f"layers.{layer}.{name}": value for name, value in drawn.items()}
        readout = nn.Linear(settings.hidden, vocabulary)
        weights |= {"readout.weight": readout.weight, "readout.bias": readout.bias}
        return {name: value.detach().unsqueeze(0) for name, value in weights.items()}

    def assemble(self, weights: Mapping[str, Tensor]) -> None:
        """The embedding, the layers and the readout."""
        self.embed = Embedding(weights_under(weights, "embed."))
        self.layers = nn.ModuleList(
            self.layer_type(weights_under(weights, f"layers.{index}."))
            for index in range(self.settings.layers)
        )
        self.readout = Readout(weights_under(weights, "readout."))

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
        inputs = self.check_inputs(inputs)
        batch, time = inputs.shape[1:3]
        states = initial_state(self, state, batch)
        edits = self.bind(intervene, batch, time)
        tap = PassTap(edits, match_sites(record, self.sites), states)

        stream = self.embed(inputs)
        last: dict[str, Tensor] = {}
        for index, layer in enumerate(self.layers):
            at = f"layers.{index}."
            site = f"{at}hook_h"
            stream, last[site] = layer(stream, states[site], tap, at)
        fired = tuple(edit.fired for edit in edits)
        return Output(self.readout(stream), last | tap.last, tap.activations, fired)


def recur(keep: Tensor, drive: Tensor, initial: Tensor, tap: PassTap, site: str) -> Tensor:
    """All states of ``h_t = a_t h_{t-1} + b_t`` at ``site``, after edits, as :func:`gated_scan`."""
    if site not in tap.edits:
        return tap(site, gated_scan(keep, drive, initial))
    states, state = [], initial
    for step, (gate, added) in enumerate(zip(keep.unbind(2), drive.unbind(2), strict=True)):
        before, state = state, torch.addcmul(added, gate, state)
        for edit in tap.edits[site]:
            state = edit(state, before, step)
        states.append(state)
    return tap.note(site, torch.stack(states, 2))


def per_member(vector: Tensor) -> Tensor:
    """A vector of every member (seed, unit), as it meets activity (seed, batch, time, unit)."""
    return vector.unsqueeze(1).unsqueeze(1)


def map_weights(name: str, outputs: int, inputs: int) -> dict[str, Tensor]:
    """A default ``nn.Linear``: ``weight_{name}`` and ``bias_{name}``."""
    stock = nn.Linear(inputs, outputs)
    return {f"weight_{name}": stock.weight, f"bias_{name}": stock.bias}
