"""What transformers share: an embedding, blocks that add to a stream, and a readout that is tied.

Blocks normalise before attention and before what follows it, as GPT-2 does (Radford et al., 2019).
Positions either turn queries and keys (rotary: Su et al., arXiv 2104.09864) or are learned and
added to the stream; the readout is the embedding. As in the recurrent family, every weight has a
leading axis of members. Activity is (seed, batch, time, unit), the heads of attention side by side
in its last axis.

All steps of a pass run at once, so that what a site computes is edited as a whole. The state that
continues a pass holds each block's turned keys and its values, (seed, batch, time, unit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import NetworkError
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network, Output, Weights, linear, weights_under
from chunkscope.networks.settings import TransformerSettings
from chunkscope.networks.sites import match_sites
from chunkscope.networks.taps import PassTap

LONGEST_WAVE = 10_000.0  # of the rotary positions, in steps, over 2 pi

Cache = tuple[Tensor, Tensor]
"""Turned keys and values of the steps before a pass, (seed, batch, time, unit) each."""


class Embedding(Weights):
    """A row per symbol, (seed, vocabulary, unit), by which symbols come in and logits go out."""

    weight: Tensor

    def forward(self, symbols: Tensor) -> Tensor:
        """Each member's rows of the symbols (seed, batch, time)."""
        members, vocabulary, _ = self.weight.shape
        offset = vocabulary * torch.arange(members, device=symbols.device).view(-1, 1, 1)
        return functional.embedding(symbols + offset, self.weight.flatten(0, 1))

    def read(self, final: Tensor) -> Tensor:
        """Logits (seed, batch, time, vocabulary) of activity (seed, batch, time, unit).

        In memory the vocabulary stands before time and batch, as the loss wants it; see
        :func:`chunkscope.networks.recurrent.read`.
        """
        by_step = final.transpose(1, 2)
        flat = torch.bmm(self.weight, by_step.flatten(1, 2).mT)
        return flat.unflatten(2, by_step.shape[1:3]).permute(0, 3, 2, 1)


class Positions(Weights):
    """A vector for every step, (seed, context, unit)."""

    weight: Tensor

    def forward(self, first: int, time: int) -> Tensor:
        """Those of ``time`` steps from ``first`` on, (seed, 1, time, unit)."""
        return self.weight[:, None, first : first + time]


class Norm(Weights):
    """Layer normalisation over the units."""

    weight: Tensor
    bias: Tensor | None
    optional = ("bias",)

    def forward(self, inputs: Tensor) -> Tensor:
        normal = functional.layer_norm(inputs, inputs.shape[-1:]) * _per_member(self.weight)
        return normal if self.bias is None else normal + _per_member(self.bias)


class Gathering(Weights):
    """Attention of some kind, of which each head adds to the stream what it gathered."""

    weight_out: Tensor
    bias_out: Tensor | None

    def gather(
        self, query: Tensor, key: Tensor, value: Tensor, heads: int, cache: Cache, rotary: bool
    ) -> tuple[Tensor, Cache]:
        """What each step gathers, (seed, batch, time, unit), and the cache with these steps."""
        if rotary:
            past = cache[0].shape[2]
            turns = rotations(past, query.shape[2], query.shape[3] // heads, query)
            query, key = turn(query, heads, turns), turn(key, heads, turns)
        cache = torch.cat([cache[0], key], 2), torch.cat([cache[1], value], 2)
        return attend(query, *cache, heads), cache

    def add(self, z: Tensor, heads: int, tap: PassTap, at: str) -> Tensor:
        """What attention adds to the stream; what each head does can be edited too."""
        added = linear(z, self.weight_out, self.bias_out)
        names = [f"{at}hook_result.{head}" for head in range(heads)]
        if not tap.sites.isdisjoint(names):
            by_head = zip(z.chunk(heads, -1), self.weight_out.chunk(heads, -1), strict=True)
            for name, (gathered, weight) in zip(names, by_head, strict=True):
                result = linear(gathered, weight)
                if (changed := tap(name, result)) is not result:
                    added = added + (changed - result)
        return added


class Block(nn.Module):
    """One block of a transformer: attention, and what an architecture says of what it gathered.

    Attributes:
        adds: whether that is added to the stream, or takes its place.
    """

    adds = True

    def __init__(self, weights: Mapping[str, Tensor], settings: Any) -> None:
        super().__init__()
        self.settings = settings
        self.ln1 = Norm(weights_under(weights, "ln1."))
        self.attn = self.gathering()(weights_under(weights, "attn."))
        self.ln2 = Norm(weights_under(weights, "ln2."))

    def gathering(self) -> type[Gathering]:
        """The kind of attention."""
        raise NotImplementedError

    def say(self, normal: Tensor, tap: PassTap, at: str) -> Tensor:
        """What the second half makes of the normalised stream (seed, batch, time, unit)."""
        raise NotImplementedError

    def forward(self, stream: Tensor, cache: Cache, tap: PassTap, at: str) -> tuple[Tensor, Cache]:
        """The stream that leaves the block, and its cache; ``at`` stands before its sites."""
        heads, rotary = self.settings.heads, self.settings.positions == "rotary"
        stream = tap(f"{at}hook_resid_pre", stream)
        normal = tap(f"{at}ln1.hook_normalized", self.ln1(stream))
        added, cache = self.attn(normal, heads, rotary, cache, tap, f"{at}attn.")
        stream = tap(f"{at}hook_resid_mid", stream + tap(f"{at}hook_attn_out", added))
        normal = tap(f"{at}ln2.hook_normalized", self.ln2(stream))
        said = tap(f"{at}hook_mlp_out", self.say(normal, tap, f"{at}mlp."))
        return tap(f"{at}hook_resid_post", stream + said if self.adds else said), cache


class Transformer(Network):
    """An ensemble of transformers."""

    block_type: ClassVar[type[Block]]

    settings: TransformerSettings

    def assemble(self, weights: Mapping[str, Tensor]) -> None:
        """The embedding, positions if they are learned, the blocks and the last norm."""
        self.embed = Embedding(weights_under(weights, "embed."))
        if self.settings.positions == "learned":
            self.positions = Positions(weights_under(weights, "positions."))
        self.blocks = nn.ModuleList(
            self.block_type(weights_under(weights, f"blocks.{block}."), self.settings)
            for block in range(self.settings.layers)
        )
        self.ln_final = Norm(weights_under(weights, "ln_final."))

    def forward(
        self,
        tokens: Tensor,
        state: Mapping[str, Tensor] | None = None,
        intervene: Sequence[Edit] = (),
        record: Sequence[str] = (),
    ) -> Output:
        """Runs all members over ``tokens``; see :meth:`Network.forward`.

        Raises:
            NetworkError: with what came before, there are more steps than ``context``.
        """
        symbols = self.check_tokens(tokens)
        _, batch, time = symbols.shape
        caches, before = self._resume(state, batch)
        past = caches[0][0].shape[2]
        self._check_length(past, time)
        edits = self.bind(intervene, batch, time)
        tap = PassTap(edits, match_sites(record, self.sites), before)

        stream = tap("hook_embed", self.embed(symbols))
        if self.settings.positions == "learned":
            places = self.positions(past, time).expand_as(stream)
            stream = stream + tap("hook_pos_embed", places)
        carried: dict[str, Tensor] = {}
        for index, block in enumerate(self.blocks):
            at = f"blocks.{index}."
            stream, cache = block(stream, caches[index], tap, at)
            carried |= dict(zip(_cache_names(at), cache, strict=True))
        final = tap("ln_final.hook_normalized", self.ln_final(stream))
        fired = tuple(edit.fired for edit in edits)
        return Output(self.embed.read(final), carried | tap.last, tap.activations, fired)

    def _resume(
        self, state: Mapping[str, Tensor] | None, batch: int
    ) -> tuple[list[Cache], dict[str, Tensor]]:
        """Every block's cache, and the last activity of edited sites, both checked."""
        like = next(self.parameters())
        names = [_cache_names(f"blocks.{block}.") for block in range(self.settings.layers)]
        if state is None:
            empty = like.new_zeros(len(self.seeds), batch, 0, self.settings.width)
            return [(empty, empty)] * len(names), {}
        cached = [name for pair in names for name in pair]
        if missing := [name for name in cached if name not in state]:
            raise NetworkError(
                f"state: {', '.join(missing)}: missing; give the whole state of an earlier output"
            )
        steps = state[cached[0]].shape[2:3]
        checked = {}
        for name, value in state.items():
            unit = (*steps, self.settings.width) if name in cached else (self.width(name),)
            shape = (len(self.seeds), batch, *unit)
            if tuple(value.shape) != shape:
                raise NetworkError(
                    f"state: {name}: got shape {tuple(value.shape)}; must be {shape}"
                )
            checked[name] = value.to(like)
        return [(checked.pop(key), checked.pop(value)) for key, value in names], checked

    def _check_length(self, past: int, time: int) -> None:
        if past + time > self.settings.context:
            after = f" after {past}" if past else ""
            raise NetworkError(
                f"tokens: got {time} steps{after}; this network reads at most "
                f"{self.settings.context}: give shorter sequences or a longer network.context"
            )


def draw_ends(settings: TransformerSettings, vocabulary: int, bias: bool) -> dict[str, Tensor]:
    """What stands before and behind the blocks: embedding, positions and the last norm."""
    weights = {"embed.weight": draw_matrix(vocabulary, settings.width, settings.embedding_sd)}
    if settings.positions == "learned":
        places = draw_matrix(settings.context, settings.width, settings.embedding_sd)
        weights["positions.weight"] = places
    return weights | draw_norm("ln_final.", settings.width, bias)


def draw_map(
    at: str, name: str, outputs: int, inputs: int, sd: float, bias: bool = True
) -> dict[str, Tensor]:
    """A linear map from normal numbers of this deviation, and from zeros its bias if it has one."""
    weights = {f"{at}weight_{name}": draw_matrix(outputs, inputs, sd)}
    return weights | ({f"{at}bias_{name}": torch.zeros(outputs)} if bias else {})


def draw_norm(at: str, width: int, bias: bool = True) -> dict[str, Tensor]:
    """A layer norm that leaves what it normalised as it is."""
    return {f"{at}weight": torch.ones(width)} | ({f"{at}bias": torch.zeros(width)} if bias else {})


def draw_matrix(outputs: int, inputs: int, sd: float) -> Tensor:
    """(output, input) normal numbers of this deviation."""
    return sd * torch.randn(outputs, inputs)


def rotations(first: int, time: int, size: int, like: Tensor) -> Tensor:
    """(2, time, size / 2) cosines and sines of the angles of ``time`` steps from ``first`` on.

    Pair ``i`` of a head's ``size`` units turns by ``10000 ** (-2 i / size)`` per step.
    """
    pairs = torch.arange(0, size, 2, device=like.device, dtype=torch.double)
    steps = torch.arange(first, first + time, device=like.device, dtype=torch.double)
    angles = torch.outer(steps, LONGEST_WAVE ** (-pairs / size))
    return torch.stack([angles.cos(), angles.sin()]).to(like.dtype)


def turn(activity: Tensor, heads: int, turns: Tensor) -> Tensor:
    """(seed, batch, time, unit) with unit ``i`` and ``i + size / 2`` of each head turned."""
    cosine, sine = turns.unsqueeze(-2)  # (time, 1, size / 2), the same for every head
    left, right = activity.unflatten(-1, (heads, -1)).chunk(2, -1)
    turned = torch.cat([left * cosine - right * sine, left * sine + right * cosine], -1)
    return turned.flatten(-2)


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """What each step gathers from itself and the steps before it, (seed, batch, time, unit).

    ``key`` and ``value`` may begin with steps before the first of ``query``.
    """
    members, _, time, _ = query.shape
    past = key.shape[2] - time
    causal = torch.ones(time, past + time, dtype=torch.bool, device=query.device).tril(past)
    q, k, v = (
        x.flatten(0, 1).unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value)
    )
    gathered = (
        functional.scaled_dot_product_attention(q, k, v, attn_mask=causal)
        if past
        else functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    )
    return gathered.transpose(1, 2).flatten(-2).unflatten(0, (members, -1))


def _per_member(vector: Tensor) -> Tensor:
    return vector.unsqueeze(1).unsqueeze(1)


def _cache_names(at: str) -> tuple[str, str]:
    return f"{at}attn.cache_k", f"{at}attn.cache_v"
