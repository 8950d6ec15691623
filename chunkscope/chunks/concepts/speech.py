"""What a network goes on to say after a prompt, and which words it says."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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

ROWS, CELLS = 512, 2**26  # rows that speak together, and numbers that they predict: 256 MiB

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

    def count(self, prompts: Tokens, said: Tokens) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(row, word) how often each word was said, and the tokens until it first had been."""
        count = np.zeros((len(prompts), len(self.words)), np.int64)
        first = np.full(count.shape, np.nan)
        for row, (prompt, words) in enumerate(zip(prompts, said, strict=True)):
            for word, step in self.heard(prompt, words):
                at = self.words.index(word)
                count[row, at] += 1
                first[row, at] = np.fmin(first[row, at], step)
        return count, first


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

    Rows speak a block at a time, which bounds memory: a vocabulary may have 50,000 symbols.

    Args:
        network: an ensemble of one.
    """
    time = prompts.tokens.shape[1] + prompts.uniforms.shape[1]
    block = max(1, min(ROWS, CELLS // (time * network.vocabulary)))
    tokens, uniforms = (torch.from_numpy(part[rows]) for part in (prompts.tokens, prompts.uniforms))
    said, nll, fired = [], [], []
    for start in range(0, len(rows), block):
        part = slice(start, start + block)
        sampling = Sampling(uniforms[part], temperature, top_p)
        changes = [_of_rows(edit, part) for edit in edits]
        run = rollout(network, tokens[part], uniforms.shape[1], sampling, changes)
        said.append(run.tokens[0].cpu())
        nll.append(surprise(network, tokens[part], said[-1]))
        fired.append(run.fired)
    count, first = listener.count(tokens.numpy(), torch.cat(said).numpy())
    cells = tuple(sum(acted) for acted in zip(*fired, strict=True))
    return Said(count, first, np.concatenate(nll), cells)


def surprise(network: Network, prompts: torch.Tensor, said: torch.Tensor) -> NDArray[np.float64]:
    """(row,) mean nats per token of ``said (row, step)`` after ``prompts (row, time)``."""
    whole, first = torch.cat([prompts, said], 1), prompts.shape[1]
    logits = network(whole[:, :-1]).logits[0, :, first - 1 :].cpu()
    chosen = logits.gather(-1, said[..., None])[..., 0]
    return (logits.logsumexp(-1) - chosen).double().mean(-1).numpy()


def _of_rows(edit: Edit, rows: slice) -> Edit:
    """The edit of some rows of a batch."""
    fields = ("when", "units", "keep", "hold", "value")
    return replace(edit, **{name: getattr(edit, name)[rows] for name in fields})
