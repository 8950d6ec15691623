"""Networks on disk: ``config.json`` beside ``model.safetensors``, never a pickle.

Both are byte for byte the same whenever the network is, and each is written under a temporary
name first, so that a killed process leaves no half file under its own name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

import chunkscope
from chunkscope.errors import NetworkError
from chunkscope.networks.building import CLASSES
from chunkscope.networks.directories import digests
from chunkscope.networks.huggingface import HuggingFace
from chunkscope.networks.network import Network
from chunkscope.networks.settings import HuggingFaceSettings, NetworkSettings


def save_pretrained(network: Network, directory: str | Path) -> None:
    """Writes ``network`` into ``directory``, which is made where it is missing.

    Raises:
        NetworkError: a Hugging Face network, which stays where it is.
    """
    if isinstance(network, HuggingFace):
        raise NetworkError(
            f"{directory}: a Hugging Face network stays in its own directory; refer to it with "
            "save_reference, or write its weights with network.model.save_pretrained"
        )
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    save_tensors(network.state_dict(), directory / "model.safetensors")
    _write_config(network, directory)


def save_reference(network: HuggingFace, directory: str | Path) -> None:
    """Writes into ``directory`` where ``network`` is, and digests of its files.

    No weight is copied. Its untrained twin, which :func:`from_pretrained` gives for step 0, is
    drawn by the seed of ``network``.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("model.safetensors", "checkpoints.safetensors"):
        save_tensors({}, directory / name)
    _write_config(network, directory, sha256=digests(network.settings.path))


def _write_config(network: Network, directory: Path, **more: object) -> None:
    config = {
        "chunkscope_version": chunkscope.__version__,
        "network": network.settings.model_dump(),
        "seeds": list(network.seeds),
        "symbols": list(network.symbols),
        **({} if network.channels is None else {"channels": list(network.channels)}),
        **more,
    }
    temporary = directory / "config.json.tmp"
    temporary.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    os.replace(temporary, directory / "config.json")


def save_checkpoints(checkpoints: Mapping[int, Mapping[str, Tensor]], path: str | Path) -> None:
    """Writes the weights at several steps of a training into one safetensors file."""
    tensors = {
        f"step{step}/{name}": tensor
        for step, weights in sorted(checkpoints.items())
        for name, tensor in weights.items()
    }
    save_tensors(tensors, Path(path))


def checkpoint_steps(directory: str | Path) -> list[int]:
    """The steps at which weights were kept in ``checkpoints.safetensors``, in order.

    Raises:
        NetworkError: the file is missing or damaged.
    """
    weights = _read_weights(Path(directory) / "checkpoints.safetensors")
    return sorted({int(name[4:].split("/")[0]) for name in weights})


def from_pretrained(directory: str | Path, step: int | None = None) -> Network:
    """The network that :func:`save_pretrained` wrote into ``directory``, on the CPU.

    Args:
        step: as it was at this step of its training, from ``checkpoints.safetensors`` beside it
            (0: untrained); None is the trained network.

    Raises:
        NetworkError: a file or a key is missing, unreadable, or does not fit the other file; or a
            Hugging Face network is not what it was.
    """
    directory = Path(directory)
    config = _read_config(directory / "config.json")
    settings = _read_settings(config["network"], directory / "config.json")
    if isinstance(settings, HuggingFaceSettings):
        return _follow(settings, config, step, directory / "config.json")
    weights = (
        _read_weights(directory / "model.safetensors")
        if step is None
        else _read_checkpoint(directory / "checkpoints.safetensors", step)
    )
    network_type = CLASSES[settings.architecture]
    symbols, channels = config["symbols"], config.get("channels")
    network_type.check_channels(channels)
    with torch.random.fork_rng(devices=[]):  # for its shapes; on "meta" torch imports for seconds
        expected = network_type.draw(settings, len(channels or symbols), len(symbols))
    shapes = {k: (len(config["seeds"]), *v.shape[1:]) for k, v in expected.items()}
    _check_fit(weights, shapes, directory)
    return network_type(settings, symbols, config["seeds"], weights, channels)


def save_tensors(
    tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str] | None = None
) -> None:
    """Writes a safetensors file whole or not at all.

    ``metadata`` has at most one entry: the format keeps several in no fixed order.
    """
    temporary = path.with_name(path.name + ".tmp")
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(contiguous, temporary, metadata)
    os.replace(temporary, path)


def _follow(
    settings: HuggingFaceSettings, config: dict[str, Any], step: int | None, path: Path
) -> HuggingFace:
    """The network that :func:`save_reference` refers to, or its untrained twin."""
    found, kept = digests(settings.path), config.get("sha256")
    if found != kept:
        raise NetworkError(
            f"{path}: the network in {settings.path} is not the one that this refers to; remove "
            f"{path.parent}, so that it is taken anew"
        )
    if step is None:
        return HuggingFace.open(settings, config["symbols"], config["seeds"][0])
    if step == 0:
        return HuggingFace.untrained(settings, config["symbols"], config["seeds"])
    raise NetworkError(
        f"{path}: step {step} was not kept; of a Hugging Face network there is 0, its fresh weights"
    )


def _read_checkpoint(path: Path, step: int) -> dict[str, Tensor]:
    weights = _read_weights(path)
    prefix = f"step{step}/"
    if not any(name.startswith(prefix) for name in weights):
        kept = sorted({int(name[4:].split("/")[0]) for name in weights})
        raise NetworkError(
            f"{path}: step {step} was not kept; there are {kept}; add it to training.checkpoints"
        )
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(prefix)
    }


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text())
    except FileNotFoundError:
        raise NetworkError(f"{path} is missing; a saved network has it") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NetworkError(f"{path} is not readable as JSON: {error}") from None
    if not isinstance(config, dict) or "network" not in config:
        raise NetworkError(f"{path}: key 'network' is missing; save the network again")
    lists = ("seeds", "symbols", *(("channels",) if "channels" in config else ()))
    for key in lists:
        if not isinstance(config.get(key), list) or not config[key]:
            raise NetworkError(f"{path}: {key}: must be a list that is not empty")
    return config


def _read_settings(settings: Any, path: Path) -> NetworkSettings:
    try:
        return TypeAdapter(NetworkSettings).validate_python(settings)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["network", *map(str, first["loc"])])
        raise NetworkError(f"{path}: {where}: {first['msg']}") from None


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError:
        raise NetworkError(f"{path} is missing; a saved network has it") from None
    except SafetensorError as error:
        raise NetworkError(f"{path} is truncated or no safetensors file: {error}") from None


def _check_fit(
    weights: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]], directory: Path
) -> None:
    """Refuses weights that are not those the config speaks of."""
    path = directory / "model.safetensors"
    if missing := shapes.keys() - weights.keys():
        raise NetworkError(f"{path}: {', '.join(sorted(missing))}: missing")
    if unknown := weights.keys() - shapes.keys():
        raise NetworkError(f"{path}: {', '.join(sorted(unknown))}: not part of this architecture")
    for name, shape in shapes.items():
        if tuple(weights[name].shape) != shape:
            raise NetworkError(
                f"{path}: {name}: got shape {tuple(weights[name].shape)}; "
                f"config.json asks for {shape}"
            )
        if not torch.isfinite(weights[name]).all():
            raise NetworkError(f"{path}: {name}: holds a NaN or infinite number")
