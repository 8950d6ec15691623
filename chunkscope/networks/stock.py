"""Networks of ``torch.nn``, taken in and given back.

A stock recurrence with a linear readout of the symbols becomes an ensemble of one, with all sites
and edits; any member of an ensemble becomes stock modules again.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from chunkscope.errors import NetworkError
from chunkscope.networks.gru import GRU
from chunkscope.networks.lstm import LSTM
from chunkscope.networks.recurrent import Recurrent, stock_name, stock_weights
from chunkscope.networks.settings import GRUSettings, LSTMSettings, TanhSettings
from chunkscope.networks.tanh import Tanh

SUPPORTED = "torch.nn.RNN (tanh), torch.nn.GRU and torch.nn.LSTM"

_OURS: dict[str, tuple[type[Recurrent], type[TanhSettings | GRUSettings | LSTMSettings]]] = {
    "RNN_TANH": (Tanh, TanhSettings),
    "GRU": (GRU, GRUSettings),
    "LSTM": (LSTM, LSTMSettings),
}
_STOCK = {"tanh": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def from_stock(
    rnn: nn.Module,
    readout: nn.Module,
    symbols: Sequence[str] | None = None,
    seed: int = 0,
    channels: Sequence[str] | None = None,
) -> Recurrent:
    """The ensemble of one that computes what ``readout(rnn(one_hot(tokens))[0])`` does.

    Args:
        rnn: a recurrence over one-hot symbols, ``input_size`` being the vocabulary, or over
            channels.
        readout: a linear map from its hidden states to the logits of the symbols.
        symbols: names of the symbols; their numbers if None.
        seed: what the member is called in tables.
        channels: names of the channels that ``rnn`` reads; None where it reads symbols.

    Raises:
        NetworkError: a module of another kind, with an option that is not supported, or sizes
            that do not fit.
    """
    if not isinstance(rnn, nn.RNN | nn.GRU | nn.LSTM) or rnn.mode not in _OURS:
        raise NetworkError(f"from_stock: got {rnn}; supported are {SUPPORTED}")
    for option in ("bidirectional", "proj_size", "dropout"):
        if getattr(rnn, option):
            raise NetworkError(
                f"from_stock: {option}: got {getattr(rnn, option)}; supported only turned off"
            )
    if not rnn.bias or not isinstance(readout, nn.Linear) or readout.bias is None:
        raise NetworkError(
            f"from_stock: got {rnn} with {readout}; the recurrence and its readout, a "
            "torch.nn.Linear, must both have biases"
        )
    vocabulary = readout.out_features
    inputs = vocabulary if channels is None else len(channels)
    if (rnn.input_size, rnn.hidden_size) != (inputs, readout.in_features):
        read = "out_features (the vocabulary)" if channels is None else f"the {inputs} channels"
        raise NetworkError(
            f"from_stock: got {rnn} with {readout}; input_size must equal {read}, and hidden_size "
            "in_features"
        )
    names = tuple(map(str, range(vocabulary))) if symbols is None else tuple(symbols)
    if len(names) != vocabulary:
        raise NetworkError(f"from_stock: got {len(names)} symbols; the vocabulary is {vocabulary}")
    network_type, settings_type = _OURS[rnn.mode]
    network_type.check_channels(channels)
    settings = settings_type(hidden=rnn.hidden_size, layers=rnn.num_layers)
    return network_type(settings, names, [seed], stock_weights(rnn, readout), channels)


def to_stock(network: Recurrent, member: int) -> tuple[nn.RNNBase, nn.Linear]:
    """Member ``member`` as a stock recurrence (``batch_first``) and its linear readout.

    Raises:
        NetworkError: a network that ``torch.nn`` does not have, such as an affine one or one with
            a leak; or no such member.
    """
    settings = network.settings
    if settings.architecture not in _STOCK:
        raise NetworkError(
            f"to_stock: got architecture {settings.architecture}; supported are {SUPPORTED}"
        )
    if isinstance(settings, TanhSettings) and settings.leak < 1:
        raise NetworkError(
            f"to_stock: got a tanh network with leak {settings.leak}; torch.nn.RNN has none: only "
            "a network with leak 1 can be given back"
        )
    weights = {k: v[0].cpu() for k, v in network.select([member]).state_dict().items()}
    stock = _STOCK[settings.architecture]
    with torch.device("meta"):  # neither memory nor random numbers for weights that are replaced
        rnn = stock(network.input_size, settings.hidden, settings.layers, batch_first=True)
        readout = nn.Linear(settings.hidden, network.vocabulary)
    named = {name: weights[stock_name(name)] for name in rnn.state_dict()}
    rnn.load_state_dict(named, assign=True)
    readout.load_state_dict(
        {name: weights[f"readout.{name}"] for name in readout.state_dict()}, assign=True
    )
    return rnn, readout
