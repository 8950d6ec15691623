"""What every network of this project offers: members, sites, and a pass that can be changed.

An ensemble is one module: every weight has a leading axis of members (one per seed), so that a
batched matrix product runs all members at once. Activity goes out as (seed, batch, time, unit).
An architecture says how it holds its weights (:meth:`Network.assemble`), how it draws them
(:meth:`Network.draw`) and how it runs (:meth:`Network.forward`); its sites and their widths stand
in :mod:`chunkscope.networks.sites`, where they can be read without torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from chunkscope.errors import NetworkError, SiteError
from chunkscope.networks.edits import BoundEdit, Edit
from chunkscope.networks.sites import site_widths, state_sites, unknown_site


@dataclass(frozen=True)
class Output:
    """What a pass gives.

    Attributes:
        logits: (seed, batch, time, vocabulary) of the next symbol.
        state: name -> (seed, batch, ...), what the network carries over to the next step, and the
            last activity of every edited site; given back as ``state=`` it continues the pass
            exactly. Of a recurrent network it is site -> (seed, batch, unit).
        activations: recorded site -> (seed, batch, time, unit), after edits.
        fired: per edit, the cells in which it acted: (batch, time), or (seed, batch, time) where
            its ``when`` has a seed axis.
    """

    logits: Tensor
    state: dict[str, Tensor]
    activations: dict[str, Tensor]
    fired: tuple[int, ...]


class Network(nn.Module):
    """An ensemble of networks over one vocabulary.

    Attributes:
        settings: the architecture's settings.
        symbols: names of the symbols, in the order of the logits.
        seeds: the seed of each member's initial weights.
        channels: names of the real numbers that it reads at every step; None where it reads its
            symbols.
        predicts: whether it predicts the next symbol; an encoder does not.
        reads_channels: whether networks of this architecture can read channels.
    """

    settings: Any  # one class of settings per architecture; see NetworkSettings
    symbols: tuple[str, ...]
    seeds: tuple[int, ...]
    channels: tuple[str, ...] | None = None
    predicts: bool = True
    reads_channels: ClassVar[bool] = False

    def __init__(
        self,
        settings: Any,
        symbols: Sequence[str],
        seeds: Sequence[int],
        weights: Mapping[str, Tensor],
        channels: Sequence[str] | None = None,
    ) -> None:
        """An ensemble with the given ``weights``: state-dict name -> (seed, ...)."""
        super().__init__()
        self.settings = settings
        self.symbols = tuple(symbols)
        self.seeds = tuple(seeds)
        self.channels = None if channels is None else tuple(channels)
        self.assemble(weights)

    @classmethod
    def draw(cls, settings: Any, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """Initial weights of an ensemble of one, from torch's default generator.

        Args:
            inputs: numbers read at a step: the symbols, one of which is 1, or the channels.
            vocabulary: symbols that have a logit.
        """
        raise NotImplementedError

    @classmethod
    def check_channels(cls, channels: Sequence[str] | None) -> None:
        """Checks that networks of this architecture can read ``channels``.

        Raises:
            NetworkError: they cannot, there are none, or two have one name.
        """
        if channels is None:
            return
        if not cls.reads_channels:
            raise NetworkError(
                f"channels: got {list(channels)} for a {cls.__name__}, which reads symbols alone; "
                "leave them out, or choose a recurrent architecture such as gru"
            )
        if not channels or len(set(channels)) != len(channels):
            raise NetworkError(
                f"channels: got {list(channels)}; must be at least one, each with a name of its own"
            )

    def assemble(self, weights: Mapping[str, Tensor]) -> None:
        """Makes the modules that hold ``weights``; ``self.settings`` is set already."""
        raise NotImplementedError

    def forward(
        self,
        inputs: Tensor,
        state: Mapping[str, Tensor] | None = None,
        intervene: Sequence[Edit] = (),
        record: Sequence[str] = (),
    ) -> Output:
        """Runs all members over ``inputs``.

        Args:
            inputs: symbols (batch, time), the same for every member, or (seed, batch, time); of a
                network with channels, numbers (batch, time, channel) or (seed, batch, time,
                channel).
            state: where to go on from: an earlier output's ``state``; from the start if None.
            intervene: edits, applied in order; ``when`` counts the steps of this pass.
            record: fnmatch patterns of the sites to record.

        Raises:
            NetworkError: inputs or state do not fit this network.
            SiteError: an edit's site or a record pattern that this network does not have.
            InterventionError: an edit's fields do not fit the pass.
        """
        raise NotImplementedError

    @property
    def vocabulary(self) -> int:
        """Number of symbols."""
        return len(self.symbols)

    @property
    def input_size(self) -> int:
        """Numbers that it reads at a step: its symbols, one of which is 1, or its channels."""
        return len(self.symbols if self.channels is None else self.channels)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of all sites."""
        return tuple(site_widths(self.settings))

    @property
    def state_sites(self) -> tuple[str, ...]:
        """The sites whose activity at a step is all that is carried over to the next.

        Stored activity there continues a pass. Empty where a network carries over something else.
        """
        return tuple(state_sites(self.settings))

    def width(self, site: str) -> int:
        """Units of ``site``.

        Raises:
            SiteError: this network does not have it.
        """
        widths = site_widths(self.settings)
        if site not in widths:
            raise unknown_site(site, self.sites)
        return widths[site]

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
        seeds = [self.seeds[member] for member in members]
        return type(self)(self.settings, self.symbols, seeds, weights, self.channels)

    def check_inputs(self, inputs: Tensor) -> Tensor:
        """Checked inputs as (seed, batch, time), or (seed, batch, time, channel), on the device.

        Raises:
            NetworkError: see :meth:`check_tokens`; of a network with channels, another shape or
                type, or a number that is not finite.
        """
        if self.channels is None:
            return self.check_tokens(inputs)
        members, inputs = len(self.seeds), torch.as_tensor(inputs)
        fits = inputs.ndim == 3 or (inputs.ndim == 4 and inputs.shape[0] == members)
        fits = fits and inputs.shape[-1] == self.input_size and 0 not in inputs.shape
        if not fits or not inputs.is_floating_point():
            raise NetworkError(
                f"inputs: got {str(inputs.dtype).removeprefix('torch.')} of shape "
                f"{tuple(inputs.shape)}; must be floating-point numbers of shape (batch, time, "
                f"{self.input_size} channels) or ({members} seeds, batch, time, {self.input_size} "
                f"channels), none of them 0, since this network reads {', '.join(self.channels)}"
            )
        numbers = inputs.to(next(self.parameters()))
        if not torch.isfinite(numbers).all():
            raise NetworkError(
                "inputs: got a NaN or infinite number; all must be finite: give 0 where a channel "
                "is silent"
            )
        return numbers.expand(members, -1, -1, -1)

    def check_tokens(self, tokens: Tensor) -> Tensor:
        """Checked tokens as (seed, batch, time) on the network's device.

        Raises:
            NetworkError: another shape or type, or a symbol outside the vocabulary.
        """
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
        return tokens.long().expand(members, -1, -1).to(device)

    def bind(self, edits: Sequence[Edit], batch: int, time: int) -> list[BoundEdit]:
        """Edits checked against a pass of (batch, time).

        Raises:
            SiteError: a site that this network does not have.
            InterventionError: a field does not fit.
        """
        like = next(self.parameters())
        return [
            BoundEdit(edit, (len(self.seeds), batch, time, self.width(edit.site)), like)
            for edit in edits
        ]


def initial_state(
    network: Network, state: Mapping[str, Tensor] | None, batch: int
) -> dict[str, Tensor]:
    """The activity to go on from, checked: site -> (seed, batch, unit); zeros if ``state`` is None.

    For networks whose ``state_sites`` carry over all there is.

    Raises:
        SiteError: a site that the network does not have, or one of ``state_sites`` missing.
        NetworkError: another shape.
    """
    like, sites = next(network.parameters()), site_widths(network.settings)
    shapes = {site: (len(network.seeds), batch, width) for site, width in sites.items()}
    if state is None:
        return {site: like.new_zeros(shapes[site]) for site in network.state_sites}
    for site in state:
        if site not in sites:
            raise unknown_site(site, network.sites)
    for site in network.state_sites:
        if site not in state:
            raise SiteError(f"state: {site} is missing; give {', '.join(network.state_sites)}")
    for site, value in state.items():
        if value.shape != shapes[site]:
            raise NetworkError(
                f"state: {site}: got shape {tuple(value.shape)}; must be (seed, batch, unit) "
                f"= {shapes[site]}"
            )
    return {site: value.to(like) for site, value in state.items()}


class Weights(nn.Module):
    """Parameters in the order of their names, each with a leading axis of members.

    Attributes:
        optional: names that are None where there is no such weight.
    """

    optional: ClassVar[tuple[str, ...]] = ()

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name in sorted(weights):
            self.register_parameter(name, nn.Parameter(weights[name].clone()))
        for name in set(self.optional) - set(weights):
            self.register_parameter(name, None)


def weights_under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The weights whose names begin with ``prefix``, without it."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def linear(inputs: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``W x + b`` of every member, or ``W x``: (seed, ..., ..., output).

    Args:
        inputs: (seed, ..., ..., input), say time and batch between.
        weight: (seed, output, input).
        bias: (seed, output).
    """
    rows = inputs.flatten(1, 2)
    if bias is None:
        flat = torch.bmm(rows, weight.mT)
    else:
        flat = torch.baddbmm(bias.unsqueeze(1), rows, weight.mT)
    return flat.unflatten(1, inputs.shape[1:3])


def one_hot(symbols: Tensor, weight: Tensor) -> Tensor:
    """Symbols (seed, ..., ...) as (seed, ..., ..., vocabulary) numbers, for ``weight``.

    A product with them is quicker than a look-up, whose backward pass goes symbol by symbol.

    Args:
        symbols: (seed, ..., ...), say time and batch.
        weight: (seed, output, vocabulary), whose type and device the numbers take.
    """
    names = torch.arange(weight.shape[-1], device=symbols.device)
    return (symbols.unsqueeze(-1) == names).to(weight)
