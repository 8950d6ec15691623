"""A small GPT: a decoder-only transformer in which every activity can be read and changed.

Blocks normalise before attention and before the MLP, as GPT-2 does (Radford et al., 2019), and so
are the weights drawn; positions turn queries and keys (rotary: Su et al., arXiv 2104.09864); the
readout is the embedding. As in the recurrent family, every weight has a leading axis of members.
Activity is (seed, batch, time, unit), the heads of attention side by side in its last axis.

All steps of a pass run at once, so that what a site computes is edited as a whole. The state that
continues a pass holds each block's turned keys and its values, (seed, batch, time, unit).

Example:
    >>> gpt = build(GPTSettings(layers=2, width=32, heads=2, context=64), 512, seeds=[0, 1])
    >>> gpt(tokens, record=["blocks.*.hook_resid_post"]).activations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import NetworkError
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network, Output, Weights, linear, weights_under
from chunkscope.networks.settings import GPTSettings
from chunkscope.networks.sites import MLP_RATIO, match_sites
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


class Norm(Weights):
    """Layer normalisation over the units."""

    weight: Tensor
    bias: Tensor

    def forward(self, inputs: Tensor) -> Tensor:
        normal = functional.layer_norm(inputs, inputs.shape[-1:])
        return normal * _per_member(self.weight) + _per_member(self.bias)


class Attention(Weights):
    """Causal self-attention."""

    weight_qkv: Tensor
    bias_qkv: Tensor
    weight_out: Tensor
    bias_out: Tensor

    def forward(
        self, inputs: Tensor, heads: int, cache: Cache, tap: PassTap, at: str
    ) -> tuple[Tensor, Cache]:
        """What attention adds to the stream, and the cache with the steps of this pass."""
        projected = linear(inputs, self.weight_qkv, self.bias_qkv).chunk(3, -1)
        q, k, v = (tap(f"{at}hook_{name}", x) for name, x in zip("qkv", projected, strict=True))
        past = cache[0].shape[2]
        turns = rotations(past, inputs.shape[2], inputs.shape[3] // heads, inputs)
        cache = torch.cat([cache[0], turn(k, heads, turns)], 2), torch.cat([cache[1], v], 2)
        z = tap(f"{at}hook_z", attend(turn(q, heads, turns), *cache, heads))
        added = linear(z, self.weight_out, self.bias_out)
        names = [f"{at}hook_result.{head}" for head in range(heads)]
        if not tap.sites.isdisjoint(names):
            for name, result in zip(names, self._results(z, heads), strict=True):
                if (changed := tap(name, result)) is not result:
                    added = added + (changed - result)
        return added, cache

    def _results(self, z: Tensor, heads: int) -> tuple[Tensor, ...]:
        """What every head adds to the stream, (seed, batch, time, unit) each."""
        by_head = zip(z.chunk(heads, -1), self.weight_out.chunk(heads, -1), strict=True)
        none = torch.zeros_like(self.bias_out)
        return tuple(linear(gathered, weight, none) for gathered, weight in by_head)


class MLP(Weights):
    """One hidden layer with GELU."""

    weight_in: Tensor
    bias_in: Tensor
    weight_out: Tensor
    bias_out: Tensor

    def forward(self, inputs: Tensor, tap: PassTap, at: str) -> Tensor:
        hidden = tap(f"{at}hook_pre", linear(inputs, self.weight_in, self.bias_in))
        hidden = tap(f"{at}hook_post", functional.gelu(hidden, approximate="tanh"))
        return linear(hidden, self.weight_out, self.bias_out)


class Block(nn.Module):
    """Attention and MLP, each of which reads the residual stream and adds to it."""

    def __init__(self, weights: Mapping[str, Tensor], heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln1 = Norm(weights_under(weights, "ln1."))
        self.attn = Attention(weights_under(weights, "attn."))
        self.ln2 = Norm(weights_under(weights, "ln2."))
        self.mlp = MLP(weights_under(weights, "mlp."))

    def forward(self, stream: Tensor, cache: Cache, tap: PassTap, at: str) -> tuple[Tensor, Cache]:
        """The stream that leaves the block, and its cache; ``at`` stands before its sites."""
        stream = tap(f"{at}hook_resid_pre", stream)
        normal = tap(f"{at}ln1.hook_normalized", self.ln1(stream))
        added, cache = self.attn(normal, self.heads, cache, tap, f"{at}attn.")
        stream = tap(f"{at}hook_resid_mid", stream + tap(f"{at}hook_attn_out", added))
        normal = tap(f"{at}ln2.hook_normalized", self.ln2(stream))
        added = tap(f"{at}hook_mlp_out", self.mlp(normal, tap, f"{at}mlp."))
        return tap(f"{at}hook_resid_post", stream + added), cache


class GPT(Network):
    """An ensemble of transformers."""

    settings: GPTSettings

    @classmethod
    def draw(cls, settings: GPTSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """As GPT-2 draws them: what projects into the stream is the smaller, the more do so."""
        width, hidden = settings.width, MLP_RATIO * settings.width
        sd, smaller = settings.initial_sd, settings.initial_sd / sqrt(2 * settings.layers)
        weights = {"embed.weight": _normal(inputs, width, settings.embedding_sd)}
        for block in range(settings.layers):
            at = f"blocks.{block}."
            weights |= _norm(f"{at}ln1.", width) | _norm(f"{at}ln2.", width)
            weights |= _map(f"{at}attn.", "qkv", 3 * width, width, sd)
            weights |= _map(f"{at}attn.", "out", width, width, smaller)
            weights |= _map(f"{at}mlp.", "in", hidden, width, sd)
            weights |= _map(f"{at}mlp.", "out", width, hidden, smaller)
        weights |= _norm("ln_final.", width)
        return {name: value.unsqueeze(0) for name, value in weights.items()}

    def assemble(self, weights: Mapping[str, Tensor]) -> None:
        """The embedding, the blocks and the last norm."""
        self.embed = Embedding(weights_under(weights, "embed."))
        self.blocks = nn.ModuleList(
            Block(weights_under(weights, f"blocks.{block}."), self.settings.heads)
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
        self._check_length(caches[0][0].shape[2], time)
        edits = self.bind(intervene, batch, time)
        tap = PassTap(edits, match_sites(record, self.sites), before)

        stream = tap("hook_embed", self.embed(symbols))
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


def _normal(outputs: int, inputs: int, sd: float) -> Tensor:
    return sd * torch.randn(outputs, inputs)


def _map(at: str, name: str, outputs: int, inputs: int, sd: float) -> dict[str, Tensor]:
    return {
        f"{at}weight_{name}": _normal(outputs, inputs, sd),
        f"{at}bias_{name}": torch.zeros(outputs),
    }


def _norm(at: str, width: int) -> dict[str, Tensor]:
    return {f"{at}weight": torch.ones(width), f"{at}bias": torch.zeros(width)}
