"""What all recurrent architectures share: weights with a seed axis, and the step loop.

An ensemble is one module: every weight has a leading axis of members (one per seed), so that a
batched matrix product steps all members at once. Inside, activity is laid out
(seed, time, batch, unit); what goes out is (seed, batch, time, unit).

The loop runs layer by layer, since nothing flows down. ``drive`` gives what of each step does not
need the state: for a symbol, which is one-hot, a column of the input weights, looked up as the
loop comes by (to write them all down first costs memory and gains nothing); for the states of the
layer below, one product for all steps beforehand. ``step`` turns a step's drive and the last
state into the next state, and passes each activity through ``tap(hook, activity)`` as soon as it
is known: there it is edited and recorded. Time is split with ``unbind`` and the states are
stacked once: indexing ``x[:, t]`` in the loop has a backward pass quadratic in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import NetworkError, SiteError
from chunkscope.networks.edits import BoundEdit, Edit
from chunkscope.networks.settings import NetworkSettings
from chunkscope.networks.sites import match_sites, unknown_site


@dataclass(frozen=True)
class Output:
    """What a pass gives.

    Attributes:
        logits: (seed, batch, time, vocabulary) of the next symbol.
        state: site -> (seed, batch, unit), the last hidden (and cell) states, and the last
            activity of every edited gate; given back as ``state=`` it continues the pass exactly.
        activations: recorded site -> (seed, batch, time, unit), after edits.
        fired: per edit, the (batch, time) cells in which it acted.
    """

    logits: Tensor
    state: dict[str, Tensor]
    activations: dict[str, Tensor]
    fired: tuple[int, ...]


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


class Weights(nn.Module):
    """Parameters in the order of their names, each with a leading axis of members."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name in sorted(weights):
            self.register_parameter(name, nn.Parameter(weights[name].clone()))


class Layer(Weights):
    """One recurrent layer; an architecture says how it makes a step."""

    states: ClassVar[tuple[str, ...]] = ("hook_h",)
    gates: ClassVar[tuple[str, ...]] = ()

    weight_ih: Tensor
    weight_hh: Tensor

    def drive(self, inputs: Tensor) -> Iterable[Tensor]:
        """What of each step needs no state: (seed, batch, gates * unit), step by step.

        ``inputs`` are symbols (seed, time, batch) or the states (seed, time, batch, unit) below.
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

    def forward(self, symbols: Tensor, initial: Tensor, hidden: Tensor) -> Tensor:
        """Logits (seed, vocabulary, time, batch).

        Args:
            symbols: (seed, time, batch), the input.
            initial: (seed, batch, unit), the hidden state before the first step.
            hidden: (seed, time, batch, unit), the hidden states after each step.
        """
        return read(hidden, self.weight, self.bias)


class Recurrent(nn.Module):
    """An ensemble of recurrent networks over one vocabulary; see the module for the loop.

    Attributes:
        settings: the architecture's settings.
        symbols: names of the symbols, in the order of the logits.
        seeds: the seed of each member's initial weights.
    """

    layer_type: ClassVar[type[Layer]]
    readout_type: ClassVar[type[Weights]] = Readout

    def __init__(
        self,
        settings: NetworkSettings,
        symbols: Sequence[str],
        seeds: Sequence[int],
        weights: Mapping[str, Tensor],
    ) -> None:
        """An ensemble with the given ``weights``: state-dict name -> (seed, ...)."""
        super().__init__()
        self.settings = settings
        self.symbols = tuple(symbols)
        self.seeds = tuple(seeds)
        self.layers = nn.ModuleList(
            self.layer_type(_part(weights, f"layers.{index}.")) for index in range(settings.layers)
        )
        self.readout = self.readout_type(_part(weights, "readout."))

    @classmethod
    def draw(cls, settings: NetworkSettings, vocabulary: int) -> dict[str, Tensor]:
        """Initial weights of an ensemble of one, drawn as the stock modules draw theirs."""
        raise NotImplementedError

    @property
    def vocabulary(self) -> int:
        """Number of symbols."""
        return len(self.symbols)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of all sites; each has ``settings.hidden`` units."""
        return self._named(self.layer_type.states + self.layer_type.gates)

    @property
    def state_sites(self) -> tuple[str, ...]:
        """The sites that a state holds."""
        return self._named(self.layer_type.states)

    def _named(self, hooks: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"layers.{index}.{h}" for index in range(len(self.layers)) for h in hooks)

    def select(self, members: Sequence[int]) -> Self:
        """The ensemble of these members (indices into ``seeds``)."""
        outside = [index for index in members if not 0 <= index < len(self.seeds)]
        if outside or not members:
            raise NetworkError(
                f"select: got members {list(members)}; must be one or more of "
                f"0..{len(self.seeds) - 1}"
            )
        index = torch.tensor(list(members))
        weights = {
            name: value.index_select(0, index.to(value.device))
            for name, value in self.state_dict().items()
        }
        return type(self)(self.settings, self.symbols, [self.seeds[m] for m in members], weights)

    def forward(
        self,
        tokens: Tensor,
        state: Mapping[str, Tensor] | None = None,
        intervene: Sequence[Edit] = (),
        record: Sequence[str] = (),
    ) -> Output:
        """Runs all members over ``tokens``.

        Args:
            tokens: symbols (batch, time), the same for every member, or (seed, batch, time).
            state: where to go on from: an earlier output's ``state``; zeros if None.
            intervene: edits, applied in order; ``when`` counts the steps of this pass.
            record: fnmatch patterns of the sites to record.

        Raises:
            NetworkError: tokens or state do not fit this network.
            SiteError: an edit's site or a record pattern that this network does not have.
            InterventionError: an edit's fields do not fit the pass.
        """
        symbols = self._symbols(tokens)
        edits = self._bind(intervene, symbols)
        states = self._initial(state, symbols)
        recorded = match_sites(record, self.sites)

        last: dict[str, Tensor] = {}
        activations: dict[str, Tensor] = {}
        inputs = symbols
        for index, layer in enumerate(self.layers):
            prefix = f"layers.{index}."
            initial = tuple(states[prefix + hook] for hook in self.layer_type.states)
            tap = Tap(prefix, edits, recorded, torch.zeros_like(initial[0]))
            tap.before |= {h: states[prefix + h] for h in tap.before if prefix + h in states}
            inputs, final = layer(inputs, initial, tap)
            last |= {prefix + hook: value for hook, value in tap.before.items()}
            last |= {prefix + h: v for h, v in zip(self.layer_type.states, final, strict=True)}
            activations |= {
                prefix + hook: torch.stack(steps, 2) for hook, steps in tap.records.items()
            }
        logits = self.readout(symbols, initial[0], inputs).permute(0, 3, 2, 1)
        return Output(logits, last, activations, tuple(edit.fired for edit in edits))

    def _symbols(self, tokens: Tensor) -> Tensor:
        """Checked tokens as (seed, time, batch) on the network's device."""
        members, tokens = len(self.seeds), torch.as_tensor(tokens)
        fits = tokens.ndim == 2 or (tokens.ndim == 3 and tokens.shape[0] == members)
        if not fits or tokens.is_floating_point() or 0 in tokens.shape:
            raise NetworkError(
                f"tokens: got {str(tokens.dtype).removeprefix('torch.')} of shape "
                f"{tuple(tokens.shape)}; must be integers of shape (batch, time) or "
                f"({members} seeds, batch, time), none of them 0"
            )
        low, high = tokens.min().item(), tokens.max().item()
        if low < 0 or high >= self.vocabulary:
            raise NetworkError(
                f"tokens: got {low}..{high}; must lie in 0..{self.vocabulary - 1}, "
                "the vocabulary of this network"
            )
        device = next(self.parameters()).device
        return tokens.long().transpose(-1, -2).expand(members, -1, -1).to(device)

    def _initial(self, state: Mapping[str, Tensor] | None, symbols: Tensor) -> dict[str, Tensor]:
        """The state to go on from, checked, or zeros."""
        like = next(self.parameters())
        shape = (symbols.shape[0], symbols.shape[2], self.settings.hidden)
        if state is None:
            return dict.fromkeys(self.state_sites, like.new_zeros(shape))
        for site in state:
            if site not in self.sites:
                raise unknown_site(site, self.sites)
        for site in self.state_sites:
            if site not in state:
                raise SiteError(f"state: {site} is missing; give {', '.join(self.state_sites)}")
        for site, value in state.items():
            if value.shape != shape:
                raise NetworkError(
                    f"state: {site}: got shape {tuple(value.shape)}; must be (seed, batch, unit) "
                    f"= {shape}"
                )
        return {site: value.to(like) for site, value in state.items()}

    def _bind(self, edits: Sequence[Edit], symbols: Tensor) -> list[BoundEdit]:
        seeds, time, batch = symbols.shape
        for edit in edits:
            if edit.site not in self.sites:
                raise unknown_site(edit.site, self.sites)
        shape = (seeds, batch, time, self.settings.hidden)
        return [BoundEdit(edit, shape, next(self.parameters())) for edit in edits]


def project(inputs: Tensor, weight: Tensor, bias: Tensor) -> Iterable[Tensor]:
    """``W x_t + b`` of every member: (seed, batch, unit), step by step.

    Args:
        inputs: activity (seed, time, batch, input), or symbols (seed, time, batch), whose one-hot
            product is a column of ``weight``.
        weight: (seed, unit, input).
        bias: (seed, unit).
    """
    if inputs.is_floating_point():
        flat = torch.baddbmm(bias.unsqueeze(1), inputs.flatten(1, 2), weight.mT)
        return flat.unflatten(1, inputs.shape[1:3]).unbind(1)
    members, _, vocabulary = weight.shape
    columns = (weight.mT + bias.unsqueeze(1)).flatten(0, 1)
    offset = vocabulary * torch.arange(members, device=inputs.device).view(-1, 1, 1)
    return (functional.embedding(rows, columns) for rows in (inputs + offset).unbind(1))


def read(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``V x + c`` of every member: logits (seed, vocabulary, time, batch).

    The vocabulary comes before time and batch because a softmax over a short last axis runs
    number by number: over 13 symbols, forward and backward together take 11 times as long.

    Args:
        inputs: activity (seed, time, batch, input).
        weight: (seed, vocabulary, input).
        bias: (seed, vocabulary).
    """
    flat = torch.baddbmm(bias.unsqueeze(2), weight, inputs.flatten(1, 2).mT)
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


def _part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
