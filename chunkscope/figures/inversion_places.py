"""Sites of the inversion study on an axis: by short names, side by side, run by run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from chunkscope.figures.style import GREY, PALE, not_estimable

SHORT = (
    (r"blocks\.(\d+)\.attn\.hook_result\.(\d+)", r"a\1.\2"),
    (r"blocks\.(\d+)\.hook_attn_out", r"a\1"),
    (r"blocks\.(\d+)\.hook_mlp_out", r"m\1"),
    (r"blocks\.(\d+)\.hook_resid_(\w+)", r"x\1.\2"),
    (r"layers\.(\d+)\.hook_(\w+)", r"\2\1"),
    (r"hook_embed", "embedding"),
)
NAMES = "a: attention (a0.1: of head 1), m: MLP, x: residual stream, h: hidden state"
"""What short names of sites mean, for a note."""
GAP = 0.8  # between two runs, in sites


def short_site(site: str) -> str:
    """``blocks.0.attn.hook_result.3`` as ``a0.3``, and so on; a site of another kind as it is."""
    for pattern, name in SHORT:
        if re.fullmatch(pattern, site):
            return re.sub(pattern, name, site)
    return site


def short_place(point: str, site: str) -> str:
    """A site at a point, such as ``a0.3@equals``."""
    return f"{short_site(site)}@{point}"


def place_sites(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """``run, point, site, at``: where each site of each run stands on an axis.

    A run without rows takes a place too, of no point and no site (empty), where it says so.

    Args:
        tables: run -> a table with ``point, site``.
    """
    rows: list[tuple[str, str, str, float]] = []
    for run, table in tables.items():
        first = rows[-1][-1] + 1 + GAP if rows else 0.0
        sites = table[["point", "site"]].drop_duplicates().itertuples(index=False)
        places = [(str(point), str(site)) for point, site in sites] or [("", "")]
        rows += [(run, *place, first + at) for at, place in enumerate(places)]
    return pd.DataFrame(rows, columns=["run", "point", "site", "at"])


def frame_sites(panels: Sequence[Axes], places: pd.DataFrame) -> None:
    """Axes one below the other over the same places: runs above them, sites below.

    Args:
        places: as of :func:`place_sites`.
    """
    runs = places.groupby("run", sort=False)["at"]
    for axes in panels:
        axes.set_xlim(places["at"].min() - 0.6, places["at"].max() + 0.6)
        axes.tick_params(axis="x", length=0, labelbottom=axes is panels[-1])
        for _, at in list(runs)[1:]:
            axes.axvline(at.min() - 0.5 - GAP / 2, color=PALE, linewidth=0.8, zorder=0)
        for _, at in runs:
            axes.axvspan(at.min() - 0.5, at.max() + 0.5, color=GREY, alpha=0.05, linewidth=0)
    pairs = zip(places["point"], places["site"], strict=True)
    names = [short_place(point, site) if site else "" for point, site in pairs]
    panels[-1].set_xticks(places["at"], names, rotation=90)
    for run, at in runs:
        panels[0].annotate(
            str(run), (at.mean(), 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
            textcoords="offset points", ha="center", va="bottom", weight="bold",
        )  # fmt: skip
    for at in places.loc[places["site"] == "", "at"]:
        for axes in panels:
            _say_empty(axes, float(at))


def _say_empty(axes: Axes, at: float) -> None:
    low, high = axes.get_ylim()
    middle = (low * high) ** 0.5 if axes.get_yscale() == "log" else (low + high) / 2
    not_estimable(axes, at, middle, "center")
    axes.texts[-1].set_rotation(90)
