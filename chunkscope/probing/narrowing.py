"""What is repeated often is probed for fewer features, on the same rows, and told together."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from chunkscope.probing.scoring import Study
from chunkscope.probing.terms import ALL


def narrowed(study: Study, most: int) -> Study:
    """``study`` of the ``most`` commonest features of a kind at most.

    The rows of a feature are drawn by its name, so that they stay the same.
    """
    features = study.settings.features
    fewer = features.model_copy(update={"most": min(most, features.most)})
    return replace(study, settings=study.settings.model_copy(update={"features": fewer}))


def with_all(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with every row once more, under the ``kind`` :data:`ALL`."""
    return pd.concat([table, table.assign(kind=ALL)], ignore_index=True)
