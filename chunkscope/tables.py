"""Reads the tables that rules write."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def read_table(path: str | Path) -> pd.DataFrame:
    """A CSV in which an empty cell, and nothing else, is a missing value.

    A word or symbol may be called ``NA`` or ``None``, which pandas would take for missing.
    """
    return pd.read_csv(path, keep_default_na=False, na_values=[""])
