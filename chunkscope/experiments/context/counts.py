"""The paper's indirect measures: how many states, and how long their parse, on a fresh stretch.

Beside them stands what the counts leave open: the *entropy* of the states (bits), which rare
strings move little where they can double a count; their *homogeneity* and *completeness* against
the parse states of the ideal observer (each state of one parse state, each parse state in one
state: more states can only lower the latter); the *loss* (bits a symbol); the *radius*, by which an
affine network's memory fades at every step; and the same of strings that no network made, the raw
symbols and the last three of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.metrics import homogeneity_completeness_v_measure

from chunkscope.chunks.rounds import RoundMerger
from chunkscope.chunks.settings import RoundSettings
from chunkscope.experiments.complexity import complexity, state_strings, symbol_windows
from chunkscope.experiments.context.names import SYMBOLS, TRUTH, WINDOWS
from chunkscope.experiments.memory import spectral_radius
from chunkscope.grammars.corpus import Corpus
from chunkscope.networks.network import Network
from chunkscope.networks.training import cross_entropy

WINDOW = 3  # symbols; as many as the paper's corpus needs to know all that can be known of a parent
Row = tuple[int, str, float]  # seed, measure, value


def count_states(
    network: Network, stretches: Sequence[Corpus], levels: int, merging: RoundSettings
) -> pd.DataFrame:
    """``seed, measure, value`` of frozen networks, each on its own stretch.

    A network whose activity overflows has no states to count: its measures are NaN.

    Args:
        stretches: one sequence per member.
        levels: per unit, of the strings that are the states.
    """
    activity, losses = run_states(network, np.stack([stretch.tokens for stretch in stretches]))
    finite = np.array([np.isfinite(own).all() for own in activity])
    states = state_strings(np.where(finite[:, None, None], activity[:, 0], 0), levels)
    rows: list[Row] = []
    for seed, (stretch, alive) in enumerate(zip(stretches, finite, strict=True)):
        counted = _counts(states[seed], stretch, merging)
        rows += [(seed, measure, value if alive else np.nan) for measure, value in counted]
        rows.append((seed, "loss", float(losses[seed]) if alive else np.nan))
    if network.settings.architecture == "affine":
        radii = spectral_radius(network.state_dict()).tolist()
        rows += [(seed, "radius", radius) for seed, radius in enumerate(radii)]
    return _table(rows)


def count_symbols(
    stretches: Sequence[Corpus], merging: RoundSettings
) -> Iterator[tuple[str, pd.DataFrame]]:
    """What needs no network: condition, and its ``seed, measure, value``.

    The raw symbols, the last ``WINDOW`` of them, and the true parse with the ideal observer's loss.
    """
    symbols, windows, truth = [], [], []
    for seed, stretch in enumerate(stretches):
        strings = symbol_windows(stretch.tokens, WINDOW)[0]
        symbols += [(seed, *row) for row in _counts(stretch.tokens[0], stretch, merging)]
        windows += [(seed, *row) for row in _counts(strings, stretch, merging)]
        units = float(stretch.labels["boundary"].sum())
        truth += [(seed, "parse_length", units), (seed, "loss", stretch.bayes_loss / np.log(2))]
    for condition, rows in ((SYMBOLS, symbols), (WINDOWS, windows), (TRUTH, truth)):
        yield condition, _table(rows)


@torch.no_grad()
def run_states(
    network: Network, tokens: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Run every member on its own ``tokens (seed, sequence, time)``.

    Returns:
        The whole recurrent state (seed, sequence, time, unit), and the mean loss (seed,) in bits.
    """
    symbols = torch.from_numpy(tokens.astype(np.int64))
    output = network(symbols, record=network.state_sites)
    nats = cross_entropy(output.logits[:, :, :-1], symbols[:, :, 1:]).double().mean((1, 2))
    states = torch.cat([output.activations[site] for site in network.state_sites], -1)
    return states.numpy(), nats.numpy() / np.log(2)


def _counts(
    states: NDArray[np.integer], stretch: Corpus, merging: RoundSettings
) -> list[tuple[str, float]]:
    """The measures of one string of states."""
    merger = RoundMerger(**merging.model_dump())
    counted = complexity(states.astype(np.int64), stretch.labels["boundary"][0], merger)
    share = np.unique(states, return_counts=True)[1] / len(states)
    parts = homogeneity_completeness_v_measure(stretch.labels["state"][0], states)
    return [
        *counted.items(),
        ("entropy", float(-(share * np.log2(share)).sum())),
        ("homogeneity", float(parts[0])),
        ("completeness", float(parts[1])),
    ]


def _table(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["seed", "measure", "value"])
