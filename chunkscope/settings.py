"""The base of every settings model: strict, frozen, and documented field by field."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Settings(BaseModel):
    """Settings that refuse unknown keys and are never changed after they are checked.

    Each room keeps its own settings beside the code they steer (so that editing one room's
    settings reruns that room alone); :mod:`chunkscope.workflow` composes them.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


def check_name(name: str) -> str:
    """The name itself if it can stand in a file's name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise ValueError(
            f"got the name {name!r}; must be letters, digits, - and _: it stands in file names"
        )
    return name


Name = Annotated[str, AfterValidator(check_name)]
"""Name of a corpus, of a run, or of an experiment's network."""
