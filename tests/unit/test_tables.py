"""Tables as rules write them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from chunkscope.tables import read_table


def test_an_empty_cell_alone_is_missing(tmp_path: Path) -> None:
    """Symbols and words may be called as pandas calls missing values."""
    names = ["NA", "None", "nan", "null", "a"]
    table = pd.DataFrame({"name": names, "value": [1.0, float("nan"), 3.0, float("inf"), 5.0]})
    table.to_csv(tmp_path / "table.csv", index=False)
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.csv"), table)
    assert read_table(tmp_path / "table.csv")["value"].isna().tolist() == [0, 1, 0, 0, 0]
