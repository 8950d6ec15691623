"""What a script of the page shows one view at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Viewer:
    """What can be looked through, by the script of its name.

    Attributes:
        label: what it is, for a screen reader.
        data: what the script reads.
        files: where the same stands for whom no script runs.
        note: what there is nothing to look at of.
    """

    label: str
    data: Mapping[str, Any]
    files: str
    note: str = ""
