"""Tables as a page shows them: numbers as text, with what they sort by.

What cannot be estimated is said in words, never shown as 0 or NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NOT_ESTIMABLE = "not estimable"
NONE = "—"


@dataclass(frozen=True)
class Column:
    """A column: its header, whether it holds numbers, and whether rows can be chosen by it.

    ``unit`` is the unit and the direction that is better.
    """

    title: str
    numeric: bool = False
    filter: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell; ``order`` is what a number sorts by, None if there is none.

    ``faint`` says that the text stands in place of a value.
    """

    text: str
    order: float | None = None
    faint: bool = False


@dataclass(frozen=True)
class Table:
    """A table; ``name`` says to a screen reader what it holds, ``tall`` that it may scroll.

    ``note`` says what has no row in it, and why.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    @property
    def tall(self) -> bool:
        return len(self.rows) > 24


def text(value: object) -> Cell:
    """Text; an empty field shows as a dash."""
    missing = value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    return Cell(NONE, faint=True) if missing else Cell(str(value))


def number(value: float, absent: str = NOT_ESTIMABLE) -> Cell:
    """A number, or ``absent`` in its place."""
    value = float(value)
    if not math.isfinite(value):
        return Cell(absent, faint=True)
    return Cell(format_number(value), value)


def interval(mean: float, low: float, high: float) -> Cell:
    """A mean with its 95 % interval, kept on one line."""
    if not math.isfinite(mean):
        return Cell(NOT_ESTIMABLE, faint=True)
    if not (math.isfinite(low) and math.isfinite(high)):
        return Cell(f"{format_number(mean)} [{NOT_ESTIMABLE}]", mean)
    shown = format_numbers([mean, low, high])
    return Cell(f"{shown[0]}\u00a0[{shown[1]},\u00a0{shown[2]}]", mean)


def significant(value: object) -> Cell:
    """A number with three significant digits, however small; text as it stands."""
    if isinstance(value, float) and math.isfinite(value):
        return Cell(f"{value:.3g}", value)
    return text(value)


def format_number(value: float) -> str:
    """A finite number as text."""
    return format_numbers([value])[0]


def format_numbers(values: Sequence[float]) -> list[str]:
    """Finite numbers that belong together, with the decimals that the first of them needs."""
    whole = all(float(value).is_integer() for value in values)
    decimals = 0 if whole else _decimals(values[0])
    return [_fixed(value, decimals) for value in values]


def _decimals(value: float) -> int:
    """Decimals that give three significant digits, three at most."""
    digits = math.floor(math.log10(abs(value))) if value else -1
    return min(max(2 - digits, 0), 3)


def _fixed(value: float, decimals: int) -> str:
    """With a true minus sign, and none before what rounds to zero."""
    return f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−")
