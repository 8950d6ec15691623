"""The base of every settings model: strict, frozen, and documented field by field."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Settings that refuse unknown keys and are never changed after they are checked.

    Each room keeps its own settings beside the code they steer (so that editing one room's
    settings reruns that room alone); :mod:`chunkscope.config` composes them.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )
