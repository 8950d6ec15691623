"""Free running: a network reads a prefix, and from there on its own predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from chunkscope.errors import InterventionError, NetworkError
from chunkscope.networks.edits import Edit
from chunkscope.networks.recurrent import Recurrent


@dataclass(frozen=True)
class Rollout:
    """What a network said.

    Attributes:
        tokens: (seed, batch, steps), the generated symbols.
        probabilities: (seed, batch, steps, vocabulary), each generated symbol's distribution.
        fired: per edit, the (batch, time) cells in which it acted.
    """

    tokens: Tensor
    probabilities: Tensor
    fired: tuple[int, ...]


@torch.no_grad()
def rollout(
    network: Recurrent,
    tokens: Tensor,
    steps: int,
    greedy: bool = True,
    generator: torch.Generator | None = None,
    intervene: Sequence[Edit] = (),
    state: Mapping[str, Tensor] | None = None,
) -> Rollout:
    """Generates ``steps`` symbols after the prefix ``tokens``.

    Args:
        tokens: (batch, time) or (seed, batch, time), at least one step.
        steps: symbols to generate, at least 1.
        greedy: takes the most probable symbol; otherwise draws from ``generator``.
        generator: on the network's device; needed unless ``greedy``.
        intervene: edits whose ``when`` is (batch, time + steps - 1): all the symbols that the
            network reads, since it never reads the last that it says.
        state: where to go on from: an earlier output's ``state``; zeros if None.

    Raises:
        NetworkError: ``steps`` < 1, no generator to draw from, or a misfit of tokens or state.
        InterventionError: an edit does not span all symbols read.
    """
    if steps < 1:
        raise NetworkError(f"rollout: steps: got {steps}; must be at least 1")
    if not greedy and generator is None:
        raise NetworkError("rollout: sampling needs a generator; give one or set greedy=True")
    read = tokens.shape[-1]
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
        said.append(_choose(probabilities[-1], None if greedy else generator))
    counts = tuple(sum(cells) for cells in zip(*fired, strict=True))
    return Rollout(torch.stack(said, 2), torch.stack(probabilities, 2), counts)


def _next(logits: Tensor) -> Tensor:
    """(seed, batch, vocabulary) after the last step; the softmax runs in the readout's layout."""
    return logits[:, :, -1].mT.softmax(1).mT


def _choose(probabilities: Tensor, generator: torch.Generator | None) -> Tensor:
    """(seed, batch) symbols: the most probable, or drawn if there is a ``generator``."""
    if generator is None:
        return probabilities.max(-1).indices  # several times faster than argmax in this layout
    drawn = torch.multinomial(probabilities.flatten(0, 1), 1, generator=generator)
    return drawn.view(probabilities.shape[:2])


def _check_span(edits: Sequence[Edit], length: int) -> None:
    for edit in edits:
        if edit.when.shape[-1] != length:
            raise InterventionError(
                f"edit of {edit.site}: when: got {edit.when.shape[-1]} steps; a rollout reads "
                f"{length}, its prefix and all it says but the last symbol"
            )


def _span(edits: Sequence[Edit], first: int, last: int) -> list[Edit]:
    return [replace(edit, when=edit.when[..., first:last]) for edit in edits]
