"""From settings to a network with fresh weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from chunkscope.errors import NetworkError
from chunkscope.networks.affine import Affine
from chunkscope.networks.crate import CRATE
from chunkscope.networks.gpt import GPT
from chunkscope.networks.gru import GRU
from chunkscope.networks.huggingface import HuggingFace
from chunkscope.networks.lstm import LSTM
from chunkscope.networks.mingru import MinGRU
from chunkscope.networks.network import Network
from chunkscope.networks.settings import HuggingFaceSettings, NetworkSettings
from chunkscope.networks.ssm import SSM
from chunkscope.networks.tanh import Tanh

CLASSES: dict[str, type[Network]] = {
    "affine": Affine,
    "tanh": Tanh,
    "gru": GRU,
    "lstm": LSTM,
    "mingru": MinGRU,
    "ssm": SSM,
    "gpt": GPT,
    "crate": CRATE,
}


def build(
    settings: NetworkSettings,
    vocabulary: int,
    seeds: Sequence[int],
    symbols: Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
) -> Network:
    """An untrained ensemble, one member per seed.

    A member's weights are those that the stock modules draw after
    ``torch.manual_seed(seed)``; they depend on no other member and leave torch's own random
    state as it was.

    Args:
        settings: the architecture.
        vocabulary: number of symbols.
        seeds: one integer per member.
        symbols: names of the symbols; their numbers if None.
        channels: names of the real numbers that are read at every step, instead of a symbol, which
            is what is read if None.

    Raises:
        NetworkError: no seed, no symbol, names that do not fit the vocabulary, or channels that the
            architecture does not read; of a Hugging Face network, more than one seed or a directory
            that cannot be read.
    """
    names = tuple(map(str, range(vocabulary))) if symbols is None else tuple(symbols)
    if vocabulary < 1 or len(names) != vocabulary or len(set(names)) != vocabulary:
        raise NetworkError(
            f"build: got a vocabulary of {vocabulary} with symbols {list(names)}; "
            "it needs at least one symbol and a name of its own for each"
        )
    if not seeds:
        raise NetworkError("build: got no seeds; give one integer per member")
    network_type = CLASSES.get(settings.architecture, HuggingFace)
    network_type.check_channels(channels)
    if isinstance(settings, HuggingFaceSettings):
        return HuggingFace.untrained(settings, names, seeds)
    inputs = vocabulary if channels is None else len(channels)
    members = [_draw(network_type, settings, inputs, vocabulary, seed) for seed in seeds]
    weights = {name: torch.cat([member[name] for member in members]) for name in members[0]}
    return network_type(settings, names, seeds, weights, channels)


def _draw(
    network_type: type[Network], settings: NetworkSettings, inputs: int, vocabulary: int, seed: int
) -> dict[str, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return network_type.draw(settings, inputs, vocabulary)
