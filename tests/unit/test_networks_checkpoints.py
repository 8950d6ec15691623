"""Networks on disk and networks of torch.nn: the same network comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from chunkscope.errors import NetworkError
from chunkscope.networks.building import build
from chunkscope.networks.checkpoints import from_pretrained, save_pretrained
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
)
from chunkscope.networks.stock import from_stock, to_stock

SYMBOLS, SEEDS = ("A", "B", "C", "E"), (3, 1, 4)
MODELS = [
    AffineSettings(hidden=6),
    TanhSettings(hidden=6),
    TanhSettings(hidden=6, leak=0.3),
    GRUSettings(hidden=6, layers=2),
    LSTMSettings(hidden=6),
    MinGRUSettings(hidden=6),
    SSMSettings(hidden=6, state=2),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture)


@each_model
def test_a_saved_network_comes_back_equal(model: NetworkSettings, tmp_path: Path) -> None:
    network = build(model, 4, SEEDS, SYMBOLS)
    save_pretrained(network, tmp_path / "a")
    loaded = from_pretrained(tmp_path / "a")
    assert type(loaded) is type(network)
    assert (loaded.settings, loaded.symbols, loaded.seeds) == (model, SYMBOLS, SEEDS)
    assert list(loaded.state_dict()) == list(network.state_dict())
    tokens = torch.arange(4).view(1, 4)
    assert torch.equal(loaded(tokens).logits, network(tokens).logits)

    save_pretrained(loaded, tmp_path / "b")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert {path.name for path in tmp_path.glob("a/*")} == {"config.json", "model.safetensors"}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_pretrained(build(GRUSettings(hidden=6), 4, SEEDS, SYMBOLS), tmp_path)
    return tmp_path


def change_config(directory: Path, **changes: object) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_weights(directory: Path, **changes: torch.Tensor | None) -> None:
    path = directory / "model.safetensors"
    weights = load_file(path) | changes
    save_file({k: v for k, v in weights.items() if v is not None}, path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(NetworkError, match=f"{name} is missing"):
        from_pretrained(saved)


def test_a_truncated_file_is_named(saved: Path) -> None:
    path = saved / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(NetworkError, match=r"model\.safetensors is truncated"):
        from_pretrained(saved)
    (saved / "config.json").write_text("{")
    with pytest.raises(NetworkError, match=r"config\.json is not readable as JSON"):
        from_pretrained(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": {"architecture": "grru", "hidden": 6}}, "network.*grru"),
        ({"network": {"architecture": "gru", "hidden": 6, "hiden": 6}}, "network.gru.hiden"),
        ({"network": {"architecture": "gru", "hidden": 7}}, "asks for"),
        ({"network": {"architecture": "gru", "hidden": 6, "layers": 2}}, "layers.1.*missing"),
        ({"network": {"architecture": "affine", "hidden": 6}}, "missing"),
        ({"seeds": [1, 2]}, "asks for"),
        ({"symbols": []}, "symbols: must be"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(
    saved: Path, changes: dict[str, object], message: str
) -> None:
    change_config(saved, **changes)
    with pytest.raises(NetworkError, match=message):
        from_pretrained(saved)


def test_weights_that_do_not_fit_are_refused(saved: Path) -> None:
    bias = load_file(saved / "model.safetensors")["readout.bias"]
    change_weights(saved, **{"readout.bias": bias * torch.nan})
    with pytest.raises(NetworkError, match=r"readout\.bias: holds a NaN"):
        from_pretrained(saved)
    change_weights(saved, **{"readout.bias": None, "other": bias})
    with pytest.raises(NetworkError, match=r"readout\.bias: missing"):
        from_pretrained(saved)
    change_weights(saved, **{"readout.bias": bias})
    with pytest.raises(NetworkError, match="other: not part of"):
        from_pretrained(saved)


@pytest.mark.parametrize("stock", [nn.RNN, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("layers", [1, 2])
def test_stock_modules_come_in_and_go_out(stock: type[nn.RNNBase], layers: int) -> None:
    rnn, readout = stock(4, 6, layers, batch_first=True), nn.Linear(6, 4)
    network = from_stock(rnn, readout, SYMBOLS, seed=9)
    assert (network.symbols, network.seeds) == (SYMBOLS, (9,))
    tokens = torch.randint(4, (3, 7), generator=torch.Generator().manual_seed(0))
    expected = readout(rnn(functional.one_hot(tokens, 4).float())[0])
    torch.testing.assert_close(network(tokens).logits[0], expected)
    back, back_readout = to_stock(network, 0)
    again = back_readout(back(functional.one_hot(tokens, 4).float())[0])
    assert torch.equal(again, expected)


@pytest.mark.parametrize(
    ("rnn", "readout", "message"),
    [
        (nn.Linear(4, 6), nn.Linear(6, 4), r"supported are torch\.nn\.RNN \(tanh\)"),
        (nn.RNN(4, 6, nonlinearity="relu"), nn.Linear(6, 4), "supported are"),
        (nn.GRU(4, 6, bidirectional=True), nn.Linear(12, 4), "bidirectional: got True"),
        (nn.LSTM(4, 6, proj_size=2), nn.Linear(2, 4), "proj_size: got 2"),
        (nn.GRU(4, 6, 2, dropout=0.1), nn.Linear(6, 4), "dropout: got 0.1"),
        (nn.GRU(4, 6, bias=False), nn.Linear(6, 4), "biases"),
        (nn.GRU(4, 6), nn.Linear(6, 4, bias=False), "biases"),
        (nn.GRU(4, 6), nn.Linear(6, 5), "input_size must equal"),
        (nn.GRU(4, 6), nn.Linear(7, 4), "input_size must equal"),
    ],
)
def test_what_is_not_supported_is_said(rnn: nn.Module, readout: nn.Module, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        from_stock(rnn, readout)


def test_torch_has_no_leak() -> None:
    with pytest.raises(NetworkError, match=r"got a tanh network with leak 0\.3; torch\.nn\.RNN"):
        to_stock(build(TanhSettings(hidden=6, leak=0.3), 4, SEEDS), 0)


@pytest.mark.parametrize(("leak", "named"), [(1.0, False), (0.3, True)])
def test_a_config_names_a_leak_where_there_is_one(leak: float, named: bool, tmp_path: Path) -> None:
    save_pretrained(build(TanhSettings(hidden=6, leak=leak), 4, SEEDS), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert ("leak" in config["network"]) == named


def test_torch_has_no_affine_recurrence() -> None:
    with pytest.raises(NetworkError, match="got architecture affine; supported are"):
        to_stock(build(AffineSettings(hidden=6), 4, SEEDS), 0)
