"""What a network goes on to say after a prompt, and which words it says."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.chunks.concepts.settings import GraftSettings
from chunkscope.errors import ExtractionError
from chunkscope.grammars.text_labels import WORD
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network
from chunkscope.networks.rollouts import rollout
from chunkscope.networks.sampling import Sampling

BLOCK = 512  # rows whose predictions are looked at together, which bounds memory

Tokens = NDArray[np.int64]  # (row, time)
Decode = Callable[[NDArray[np.integer]], str]


@dataclass(frozen=True)
class Prompts:
    """What every condition goes on from.

    Attributes:
        tokens: (prompt, time).
        uniforms: (prompt, step) the random numbers by which tokens are drawn.
        own: site -> (prompt, unit) activity at the last token.
    """

    tokens: Tokens
    uniforms: NDArray[np.float32]
    own: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Said:
    """What was said, a row for each continuation.

    Attributes:
        count: (row, word) how often each word was said.
        first: (row, word) tokens until it had been said for the first time; NaN if never.
        nll: (row,) nats per token, as the untouched network expects it.
        fired: per edit, the cells in which it acted.
    """

    count: NDArray[np.int64]
    first: NDArray[np.float64]
    nll: NDArray[np.float64]
    fired: tuple[int, ...]


@dataclass(frozen=True)
class Listener:
    """Knows some words.

    Attributes:
        words: in lower case.
        decode: tokens (time,) to text.
    """

    words: tuple[str, ...]
    decode: Decode

    def heard(self, prompt: Tokens, said: Tokens) -> Iterator[tuple[str, int]]:
        """The known words that begin after the ``prompt`` (time,), and the tokens they took.

        A word that the prompt begins is the prompt's, and "classes" is not "class".
        """
        start = len(self.decode(prompt))
        whole = np.concatenate([prompt, said])

        def length(steps: int) -> int:
            return len(self.decode(whole[: len(prompt) + steps]))

        for match in WORD.finditer(self.decode(whole)):
            word = match[0].casefold()
            if match.start() >= start and word in self.words:
                yield word, bisect_left(range(len(said)), match.end(), key=length)


def draw_prompts(
    tokens: NDArray[np.integer],
    activity: Mapping[str, NDArray[np.float32]],
    settings: GraftSettings,
    rng: np.random.Generator,
) -> Prompts:
    """The beginnings of random sequences.

    Args:
        tokens: (sequence, time) of the test split.
        activity: site -> (sequence, time, unit) of the same.

    Raises:
        ExtractionError: the sequences are fewer than the prompts, or shorter.
    """
    sequences, time = tokens.shape
    if sequences < settings.prompts or time < settings.prompt:
        raise ExtractionError(
            f"concepts.grafts: got {settings.prompts} prompts of {settings.prompt} tokens; the "
            f"test split has {sequences} sequences of {time}: ask for fewer or shorter ones, or "
            "record more"
        )
    chosen = rng.choice(sequences, settings.prompts, replace=False)
    return Prompts(
        tokens[chosen, : settings.prompt].astype(np.int64),
        rng.random((settings.prompts, settings.steps), np.float32),
        {site: states[chosen, settings.prompt - 1] for site, states in activity.items()},
    )


@torch.no_grad()
def say(
    network: Network,
    prompts: Prompts,
    rows: NDArray[np.integer],
    edits: Sequence[Edit],
    listener: Listener,
    temperature: float,
    top_p: float,
) -> Said:
    """Goes on from the prompts ``rows (row,)``, each row with its own edits.

    Args:
        network: an ensemble of one.
    """
    tokens = torch.from_numpy(prompts.tokens[rows])
    uniforms = torch.from_numpy(prompts.uniforms[rows])
    sampling = Sampling(uniforms, temperature, top_p)
    run = rollout(network, tokens, uniforms.shape[1], sampling, edits)
    said = run.tokens[0].cpu()
    count = np.zeros((len(rows), len(listener.words)), np.int64)
    first = np.full(count.shape, np.nan)
    for row, (prompt, words) in enumerate(zip(tokens.numpy(), said.numpy(), strict=True)):
        for word, step in listener.heard(prompt, words):
            at = listener.words.index(word)
            count[row, at] += 1
            first[row, at] = np.fmin(first[row, at], step)
    return Said(count, first, surprise(network, tokens, said), run.fired)


def surprise(network: Network, prompts: torch.Tensor, said: torch.Tensor) -> NDArray[np.float64]:
    """(row,) mean nats per token of ``said (row, step)`` after ``prompts (row, time)``."""
    whole, first = torch.cat([prompts, said], 1), prompts.shape[1]
    parts = []
    for block in whole.split(BLOCK):
        logits = network(block[:, :-1]).logits[0, :, first - 1 :].cpu()
        chosen = logits.gather(-1, block[:, first:, None])[..., 0]
        parts.append((logits.logsumexp(-1) - chosen).double().mean(-1))
    return torch.cat(parts).numpy()
