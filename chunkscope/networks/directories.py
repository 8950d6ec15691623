"""Hugging Face directories, looked at without loading a weight. Imports neither torch nor
transformers, so that a configuration that names one is checked before any job starts.

What is found: which kind of network it is, how many blocks of which width it has, and that its
weights are there and whole. The names of the sizes differ between families; every
``config.json`` that ``save_pretrained`` writes has one of each kind.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chunkscope.errors import NetworkError

WIDTHS = ("hidden_size", "d_model", "n_embd", "dim")
BLOCKS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
CONTEXTS = ("max_position_embeddings", "n_positions")
CAUSAL = ("ForCausalLM", "LMHeadModel")
"""Ends of the names of networks that predict the next symbol."""
ENCODERS = ("bert", "distilbert", "mt5", "t5", "umt5")
"""Families of which the encoder is read."""
RELATIVE = ("mt5", "t5", "umt5")
"""Encoders without a longest sequence, whatever their ``config.json`` names."""
HEADER = 8  # bytes in which a safetensors file says how long its header is


@dataclass(frozen=True)
class Parts:
    """Where in a block its parts are; paths of modules.

    Attributes:
        attention: its first output is what attention adds to the stream.
        mlp: its output is what the MLP adds.
        projection: from the hidden units of the MLP to the stream.
    """

    attention: str
    mlp: str
    projection: str


_LLAMA = Parts("self_attn", "mlp", "mlp.down_proj")
PARTS = {
    "gpt2": Parts("attn", "mlp", "mlp.c_proj"),
    "gpt_neox": Parts("attention", "mlp", "mlp.dense_4h_to_h"),
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
}
"""Families of which attention and MLP can be told apart."""


@dataclass(frozen=True)
class Description:
    """What a directory's ``config.json`` says.

    Attributes:
        kind: the family, e.g. ``gpt2``.
        blocks: how many.
        width: units of the residual stream.
        hidden: units of each MLP; None where it is not known.
        vocabulary: symbols.
        context: steps of the longest sequence; None where there is none.
    """

    kind: str
    blocks: int
    width: int
    hidden: int | None
    vocabulary: int
    context: int | None

    @property
    def predicts(self) -> bool:
        """Whether it predicts the next symbol; an encoder does not."""
        return self.kind not in ENCODERS


def describe(path: str | Path) -> Description:
    """Looks into ``config.json``.

    Raises:
        NetworkError: there is no such directory or file, or it is of a kind that cannot be read.
    """
    file = Path(path) / "config.json"
    if not Path(path).is_dir():
        raise NetworkError(f"{path}: no such directory; name one that save_pretrained wrote")
    if not file.is_file():
        raise NetworkError(f"{path}: has no config.json; name a directory of save_pretrained")
    config = _read_json(file)
    kind = _kind(config, file)
    width = _size(config, WIDTHS, file)
    return Description(
        kind=kind,
        blocks=_size(config, BLOCKS, file),
        width=width,
        hidden=_hidden(config, kind, width),
        vocabulary=_size(config, ("vocab_size",), file),
        context=None if kind in RELATIVE else _first(config, CONTEXTS),
    )


def weight_files(path: str | Path) -> list[Path]:
    """The safetensors files of a directory, each of which is there and whole.

    Raises:
        NetworkError: there is none, or one is missing or truncated.
    """
    path = Path(path)
    index = path / "model.safetensors.index.json"
    if index.is_file():
        files = [path / name for name in _shards(index)]
    else:
        files = [path / "model.safetensors"]
        if not files[0].exists() and any(path.glob("*.bin")):
            raise NetworkError(
                f"{path}: has weights only as .bin, a pickle, which can run any code; open them "
                "with transformers where you trust them and save_pretrained as safetensors"
            )
    for file in files:
        _check_whole(file)
    return files


def network_files(path: str | Path) -> list[Path]:
    """All files that a network is made of: ``config.json`` and :func:`weight_files`."""
    return [Path(path) / "config.json", *weight_files(path)]


def digests(path: str | Path) -> dict[str, str]:
    """SHA-256 (hex) of :func:`network_files`, by their names.

    Raises:
        NetworkError: the directory cannot be read; see :func:`describe` and :func:`weight_files`.
    """
    describe(path)
    return {file.name: _sha256(file) for file in network_files(path)}


def _kind(config: dict[str, Any], file: Path) -> str:
    kind = str(config.get("model_type"))
    names = config.get("architectures") or []
    if kind in ENCODERS or any(str(name).endswith(CAUSAL) for name in names):
        return kind
    shown = ", ".join(map(str, names)) or "none"
    raise NetworkError(
        f"{file}: got the architecture {shown} of type {kind}; must be a causal language model "
        f"(its name ends with {' or '.join(CAUSAL)}) or one of the encoders {', '.join(ENCODERS)}"
    )


def _hidden(config: dict[str, Any], kind: str, width: int) -> int | None:
    if kind not in PARTS:
        return None
    return _first(config, ("intermediate_size", "n_inner")) or 4 * width  # GPT-2's default


def _size(config: dict[str, Any], names: tuple[str, ...], file: Path) -> int:
    size = _first(config, names)
    if size is None:
        raise NetworkError(f"{file}: has none of {', '.join(names)} as a number; it is needed")
    return size


def _first(config: dict[str, Any], names: tuple[str, ...]) -> int | None:
    return next((config[name] for name in names if isinstance(config.get(name), int)), None)


def _shards(index: Path) -> list[str]:
    shards = _read_json(index).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise NetworkError(f"{index}: key 'weight_map' is missing or empty; copy the file again")
    return sorted(set(map(str, shards.values())))


def _check_whole(file: Path) -> None:
    """Refuses a file that is not there, or not as long as its header says."""
    if not file.is_file():
        raise NetworkError(f"{file} is missing; copy the whole directory again")
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(HEADER), "little")
        size = os.fstat(stream.fileno()).st_size
        try:
            header = json.loads(stream.read(min(length, size)))
            ends = [entry["data_offsets"][1] for k, entry in header.items() if k != "__metadata__"]
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            raise NetworkError(
                f"{file} is truncated or no safetensors file; copy it again"
            ) from None
    expected = HEADER + length + max(ends, default=0)
    if size != expected:
        raise NetworkError(f"{file}: got {size} bytes of {expected}; copy it again")


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NetworkError(f"{file} is not readable as JSON: {error}") from None
    if not isinstance(content, dict):
        raise NetworkError(f"{file}: got a {type(content).__name__}; must be a mapping")
    return content


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
