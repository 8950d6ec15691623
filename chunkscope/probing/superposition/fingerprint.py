"""The fingerprint of superposition in an MLP: input norm times bias of its units.

A unit that reads one feature out of many that share its directions needs a large norm and a
negative bias (``circle.py``); arXiv 2305.01610 finds the product strongly negative in the early
layers of language models. What a layer norm scales and shifts belongs to the unit, so that it is
folded into weights and bias first; and since a layer norm takes the mean off, the part of a weight
vector that is the same for all inputs does nothing and is taken off as well.

Biases are 0 when training begins: there the product is 0 by construction and no control. The
control is the same biases dealt anew to the units of a layer, which keeps both distributions and
loses only which norm goes with which bias.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from chunkscope.errors import ProbingError
from chunkscope.networks.gpt import GPT, GPTBlock
from chunkscope.networks.network import Network
from chunkscope.randomness import stream

Values = NDArray[np.float64]

COLUMNS = ["seed", "layer", "units", "median", "low", "high", "negative", "shuffled", "norm"]
COLUMNS += ["bias", "correlation"]
SHUFFLES = 100


def fold_norm(weight: Values, bias: Values, scale: Values, shift: Values) -> tuple[Values, Values]:
    """Weights and biases that give the same on what a layer norm leaves before it scales.

    Args:
        weight: (unit, input). bias: (unit,).
        scale, shift: (input,) of the layer norm.

    Returns:
        (unit, input) with rows of mean 0, and (unit,).
    """
    folded = weight * scale
    return folded - folded.mean(axis=1, keepdims=True), bias + weight @ shift


def measure_fingerprint(network: Network, seed: int) -> pd.DataFrame:
    """The product in every member and layer.

    Args:
        network: an ensemble of transformers.
        seed: root of the random streams.

    Returns:
        ``seed, layer, units``; of the products ``median``, quartiles ``low`` and ``high``, the
        share ``negative`` and the median where biases are ``shuffled`` among units; the median
        ``norm`` and ``bias``, and their rank ``correlation`` over units (NaN where all biases are
        the same, as before training).

    Raises:
        ProbingError: the network has no MLP behind a layer norm.
    """
    if not (isinstance(network, GPT) and network.settings.bias):
        raise ProbingError(
            f"fingerprint: got a network of architecture {network.settings.architecture}; must be "
            "gpt with bias: true, whose MLPs follow a layer norm"
        )
    rows = []
    for member in range(len(network.seeds)):
        for layer, block in enumerate(network.blocks):
            assert isinstance(block, GPTBlock)
            rng = stream(seed, "probing", "fingerprint", network.seeds[member], layer)
            rows.append((member, layer, *_summary(*_units(block, member), rng)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _units(block: GPTBlock, member: int) -> tuple[Values, Values]:
    """(unit,) norms and biases of one member's hidden units."""
    own, shift = block.mlp.bias_in, block.ln2.bias
    assert own is not None
    assert shift is not None
    tensors = block.mlp.weight_in, own, block.ln2.weight, shift
    weight, bias = fold_norm(*(tensor[member].detach().double().numpy() for tensor in tensors))
    return np.asarray(np.linalg.norm(weight, axis=1)), bias


def _summary(norm: Values, bias: Values, rng: np.random.Generator) -> tuple[float, ...]:
    """The columns from ``units`` on."""
    product = norm * bias
    low, median, high = np.quantile(product, [0.25, 0.5, 0.75])
    shuffled = np.median([np.median(norm * rng.permutation(bias)) for _ in range(SHUFFLES)])
    varies = np.ptp(norm) > 0 and np.ptp(bias) > 0
    correlation = spearmanr(norm, bias).statistic if varies else np.nan
    negative = (product < 0).mean()
    return (
        *(len(norm), median, low, high, negative, shuffled),
        *(np.median(norm), np.median(bias), correlation),
    )
