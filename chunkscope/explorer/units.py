"""Units of transformers as data of the page, which a script shows one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chunkscope.explorer.inputs import Files
from chunkscope.explorer.reading import read_json
from chunkscope.explorer.viewers import Viewer

KEYS = ("protocol", "explainer", "protocols", "chance", "sites")


def read_units(shown: Files) -> Viewer | None:
    """The units that were chosen to be shown; None if there are none.

    Args:
        shown: run -> what :func:`~chunkscope.neurons.showing.show_run` found.

    Returns:
        Its data have ``runs``: what was found, with the ``name`` of the run, and of every unit its
        number as its name.
    """
    found = {run: read_json(path, KEYS) for run, path in shown.items()}
    runs = [
        {**{key: of[key] for key in KEYS}, "name": run, "sites": [*map(_site, of["sites"])]}
        for run, of in found.items()
        if any(site["shown"] for site in of["sites"])
    ]
    if not runs:
        return None
    return Viewer("Units, one at a time", {"runs": runs}, "results/neurons/{run}/shown.json")


def _site(site: Mapping[str, Any]) -> dict[str, Any]:
    units = [{"name": str(unit["unit"]), **_without(unit, "unit")} for unit in site["shown"]]
    return {**site, "shown": units}


def _without(named: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in named.items() if name != key}
