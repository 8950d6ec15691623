"""Free running: a network reads a prefix, and from there on its own predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from chunkscope.errors import InterventionError, NetworkError
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network
from chunkscope.networks.sampling import Sampling


@dataclass(frozen=True)
class Rollout:
    """What a network said.

    Attributes:
        tokens: (seed, batch, steps), the generated symbols.
        probabilities: (seed, batch, steps, vocabulary), each generated symbol's distribution.
        fired: per edit, the cells of its ``when`` in which it acted.
    """

    tokens: Tensor
    probabilities: Tensor
    fired: tuple[int, ...]


@torch.no_grad()
def rollout(
    network: Network,
    tokens: Tensor,
    steps: int,
    sampling: Sampling | None = None,
    intervene: Sequence[Edit] = (),
    state: Mapping[str, Tensor] | None = None,
) -> Rollout:
    """Generates ``steps`` symbols after the prefix ``tokens``.

    Args:
        tokens: (batch, time) or (seed, batch, time), at least one step.
        steps: symbols to generate, at least 1.
        sampling: how symbols are drawn; the most probable one is taken if None.
        intervene: edits whose ``when`` has time + steps - 1 steps: all the symbols that the network
            reads, since it never reads the last that it says.
        state: where to go on from: an earlier output's ``state``; zeros if None.

    Raises:
        NetworkError: an encoder, a network that reads channels, ``steps`` < 1, too few numbers to
            draw by, or a misfit of tokens or state.
        InterventionError: an edit does not span all symbols read.
    """
    if not network.predicts:
        raise NetworkError(
            "rollout: got an encoder, which predicts no next symbol; it can be read, but it cannot "
            "generate: give a causal network"
        )
    if network.channels is not None:
        raise NetworkError(
            f"rollout: got a network that reads the channels {', '.join(network.channels)} and not "
            "the symbols that it says; give one that was built without channels"
        )
    if steps < 1:
        raise NetworkError(f"rollout: steps: got {steps}; must be at least 1")
    read = tokens.shape[-1]
    _check_numbers(sampling, tokens.shape[-2], steps)
    _check_span(intervene, read + steps - 1)

    output = network(tokens, state, _span(intervene, 0, read))
    fired = [output.fired]
    said: list[Tensor] = []
    probabilities: list[Tensor] = []
    for step in range(steps):
        if step:
            edits = _span(intervene, read + step - 1, read + step)
            output = network(said[-1].unsqueeze(-1), output.state, edits)
            fired.append(output.fired)
        probabilities.append(_next(output.logits))
        said.append(_choose(probabilities[-1], sampling, step))
    counts = tuple(sum(cells) for cells in zip(*fired, strict=True))
    return Rollout(torch.stack(said, 2), torch.stack(probabilities, 2), counts)


def _next(logits: Tensor) -> Tensor:
    """(seed, batch, vocabulary) after the last step; the softmax runs in the readout's layout."""
    return logits[:, :, -1].mT.softmax(1).mT


def _choose(probabilities: Tensor, sampling: Sampling | None, step: int) -> Tensor:
    """(seed, batch) symbols: the most probable, or drawn."""
    if sampling is None:
        return probabilities.max(-1).indices  # several times faster than argmax in this layout
    return sampling.draw(probabilities, step)


def _check_numbers(sampling: Sampling | None, batch: int, steps: int) -> None:
    if sampling is not None and sampling.uniforms.shape[-2:] != (batch, steps):
        raise NetworkError(
            f"rollout: sampling: got random numbers of shape {tuple(sampling.uniforms.shape)}; "
            f"must be (batch, steps) = ({batch}, {steps}), or one such table for each seed"
        )


def _check_span(edits: Sequence[Edit], length: int) -> None:
    for edit in edits:
        if edit.when.shape[-1] != length:
            raise InterventionError(
                f"edit of {edit.site}: when: got {edit.when.shape[-1]} steps; a rollout reads "
                f"{length}, its prefix and all it says but the last symbol"
            )


def _span(edits: Sequence[Edit], first: int, last: int) -> list[Edit]:
    return [replace(edit, when=edit.when[..., first:last]) for edit in edits]
