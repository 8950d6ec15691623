"""A decoder on disk: ``config.json`` beside ``model.safetensors``, as networks are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from chunkscope.errors import InversionError
from chunkscope.inversion.decoder.model import Decoder
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.networks.checkpoints import save_tensors

CONFIG, MODEL = "config.json", "model.safetensors"
SIZES = ("vocabulary", "longest", "sites", "units")


@dataclass(frozen=True)
class Trained:
    """A decoder with what it was trained on.

    Attributes:
        decoder: see :class:`~chunkscope.inversion.decoder.model.Decoder`.
        member: the member of the run whose activity it reads.
        places: point and site of each of its sites, in their order.
    """

    decoder: Decoder
    member: int
    places: tuple[tuple[str, str], ...]


def save_decoder(trained: Trained | None, settings: DecoderSettings, directory: Path) -> None:
    """Write a decoder into ``directory``; None where no member had learned its task."""
    config: dict[str, object] = {"settings": settings.model_dump(mode="json"), "member": None}
    if trained is not None:
        config |= {"member": trained.member, "places": trained.places}
        config |= {size: getattr(trained.decoder, size) for size in SIZES}
    directory.mkdir(parents=True, exist_ok=True)
    save_tensors(trained.decoder.state_dict() if trained else {}, directory / MODEL)
    (directory / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def load_decoder(directory: Path) -> Trained | None:
    """Read what :func:`save_decoder` wrote.

    Raises:
        InversionError: a file is missing, damaged, or does not fit the other.
    """
    try:
        config = json.loads((directory / CONFIG).read_text())
        if config["member"] is None:
            return None
        settings = DecoderSettings.model_validate(config["settings"])
        decoder = Decoder(settings, *(config[size] for size in SIZES))
        decoder.load_state_dict(load_file(directory / MODEL))
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise InversionError(
            f"{directory}: holds no whole decoder ({error}); delete it and run its rule again"
        ) from None
    decoder.requires_grad_(False).eval()
    return Trained(decoder, config["member"], tuple(map(tuple, config["places"])))
