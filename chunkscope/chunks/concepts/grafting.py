"""Grafts of concepts on generation: is a word said more often with its prototype put in?

At the last steps of a prompt a concept's subpopulation is set to its prototype, at one depth of the
network or at all of it, and the network goes on as it will. Every condition reads the same prompts
and draws its tokens with the same random numbers, temperature and nucleus; what a prompt says is
not counted. The published comparison drew its control with ``top_p`` 0.5 and its grafts with 0.9,
and counted the prompt's words too: the condition ``none, narrow sampling`` shows what the former
does by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.concepts.settings import GraftSettings
from chunkscope.chunks.concepts.speech import Listener, Prompts, Said, say
from chunkscope.chunks.concepts.summary import NARROW, NONE, OTHER_UNITS, OTHERS, TARGET
from chunkscope.errors import InterventionError
from chunkscope.interventions.controls import (
    Pairs,
    draw_other_units,
    random_direction,
    random_state,
    zero,
)
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network

CONTROLS = {
    "random observed state": random_state,
    "random direction": random_direction,
    "zero": zero,
}
"""What stands in the prototype's place on the concept's units; the paper calls zero a freeze."""
THIRDS = ("early", "middle", "late")


@dataclass(frozen=True)
class Prototypes:
    """The prototypes of all concepts at several sites.

    Attributes:
        names: of the concepts.
        means: site -> (concept, unit).
        units: site -> (concept, unit) bool; a concept without a prototype has none.
        observed: site -> (state, unit) activity at random steps, the same ones at all sites.
    """

    names: tuple[str, ...]
    means: dict[str, NDArray[np.float32]]
    units: dict[str, NDArray[np.bool_]]
    observed: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Change:
    """One condition of all concepts on all prompts; a row for each pair, sites side by side.

    Attributes:
        condition: its name.
        value: (row, unit).
        units: (row, unit) bool.
        acts: (row,) sites of which it changes a unit.
    """

    condition: str
    value: NDArray[np.float32]
    units: NDArray[np.bool_]
    acts: NDArray[np.int64]


def depths(sites: Sequence[str]) -> dict[str, list[str]]:
    """The sites by depth: in thirds where there are as many, and all of them."""
    if len(sites) < len(THIRDS):
        return {"all": list(sites)}
    thirds = [part.tolist() for part in np.array_split(np.array(sites), len(THIRDS))]
    return dict(zip(THIRDS, thirds, strict=True)) | {"all": list(sites)}


def graft_concepts(
    network: Network,
    prompts: Prompts,
    prototypes: Prototypes,
    listener: Listener,
    settings: GraftSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Every condition on every concept, by depth.

    Args:
        network: an ensemble of one.
        listener: knows the concepts' names, in their order.
        rng: draws the controls.

    Returns:
        ``depth, condition, concept``; ``contains``, the share of continuations with the concept's
        word; ``rate``, how often it is said per token; ``first``, tokens until it has been said,
        over continuations with it; ``nll``, nats per token of a continuation as the untouched
        network expects it; ``n`` continuations; ``fired``, steps and sites changed in them. NaN
        where a concept has no unit to change.

    Raises:
        InterventionError: at some depth no graft ever fires.
    """

    def said(rows: NDArray[np.integer], edits: Sequence[Edit], top_p: float) -> Said:
        return say(network, prompts, rows, edits, listener, settings.temperature, top_p)

    alone = np.arange(len(prompts.tokens))
    untouched = {
        NONE: said(alone, (), settings.top_p),
        NARROW: said(alone, (), settings.narrow_top_p),
    }
    tables = []
    for depth, sites in depths(list(prototypes.means)).items():
        changes = build_changes(prompts, prototypes, sites, rng)
        rows = np.tile(alone, len(prototypes.names) * len(changes))
        after = said(rows, build_edits(changes, prototypes, sites, settings), settings.top_p)
        if not any(after.fired):
            raise InterventionError(
                f"concepts: no graft fires at {', '.join(sites)}: no tolerance leaves a unit of "
                "any concept; try larger concepts.averaging.tolerances"
            )
        measured = [*_untouched(untouched), *_changed(changes, after, len(alone))]
        tables.append(pd.DataFrame(measured).assign(depth=depth))
    table = pd.concat(tables, ignore_index=True)
    steps = settings.positions + settings.generating * (settings.steps - 1)
    return table.assign(
        concept=np.array(prototypes.names)[table["concept"]],
        rate=table["rate"] / settings.steps,
        fired=table["fired"] * steps,
    )


def build_changes(
    prompts: Prompts, prototypes: Prototypes, sites: Sequence[str], rng: np.random.Generator
) -> list[Change]:
    """The target and its controls, sites side by side so that one observed state and one
    direction serve them all; row ``concept * prompts + prompt`` is that pair."""
    n_concepts, n_prompts = len(prototypes.names), len(prompts.tokens)
    concept = np.repeat(np.arange(n_concepts), n_prompts)
    own = np.concatenate([prompts.own[site] for site in sites], axis=1)
    means = np.concatenate([prototypes.means[site] for site in sites], axis=1)
    units = np.concatenate([prototypes.units[site] for site in sites], axis=1)[concept]
    observed = np.concatenate([prototypes.observed[site] for site in sites], axis=1)
    pairs = Pairs(np.tile(own, (n_concepts, 1)), observed, means, concept, concept, units)
    ends = _ends(prototypes, sites)
    parts = [draw_other_units(part, rng) for part in np.split(units, ends, axis=1)]
    other = np.concatenate(parts, axis=1)
    other &= (other.sum(axis=1) == units.sum(axis=1))[:, None]  # as many, or none at all
    values = {name: fill(pairs, rng) for name, fill in CONTROLS.items()}
    return [
        Change(TARGET, pairs.target, units, _acts(units, ends)),
        *(Change(name, value, units, _acts(units, ends)) for name, value in values.items()),
        Change(OTHER_UNITS, pairs.target, other, _acts(other, ends)),
    ]


def build_edits(
    changes: Sequence[Change],
    prototypes: Prototypes,
    sites: Sequence[str],
    settings: GraftSettings,
) -> list[Edit]:
    """An edit for each site, whose batch is all changes one after the other."""
    value = np.concatenate([change.value for change in changes])
    units = np.concatenate([change.units for change in changes])
    rows, steps = len(value), settings.prompt + settings.steps - 1
    when = np.zeros((rows, steps), bool)
    last = steps if settings.generating else settings.prompt
    when[:, settings.prompt - settings.positions : last] = True
    keep, hold = np.full(rows, 1 - settings.strength), np.zeros(rows)
    ends = _ends(prototypes, sites)
    parts = zip(sites, np.split(units, ends, axis=1), np.split(value, ends, axis=1), strict=True)
    return [Edit(site, when, u, keep, hold, settings.strength * v) for site, u, v in parts]


def _ends(prototypes: Prototypes, sites: Sequence[str]) -> NDArray[np.int64]:
    """Where one site ends and the next begins when they stand side by side."""
    return np.cumsum([prototypes.means[site].shape[1] for site in sites])[:-1]


def _acts(units: NDArray[np.bool_], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """(row,) sites of which at least one unit is changed."""
    acts = [part.any(axis=1) for part in np.split(units, ends, axis=1)]
    return np.sum(acts, axis=0, dtype=np.int64)


def _untouched(untouched: Mapping[str, Said]) -> Iterator[dict[str, object]]:
    """A row for each condition without a graft, and each concept."""
    for condition, said in untouched.items():
        everywhere = np.ones(len(said.nll), bool)
        for concept in range(said.count.shape[1]):
            yield {"condition": condition, **_measured(said, everywhere, concept), "fired": 0}


def _changed(changes: Sequence[Change], said: Said, prompts: int) -> Iterator[dict[str, object]]:
    """A row for each condition and concept; ``fired`` counts changed rows and sites.

    Other concepts' grafts are rows of the target too, in which one listens for this concept.
    """
    concepts = said.count.shape[1]
    condition = np.repeat([change.condition for change in changes], concepts * prompts)
    grafted = np.tile(np.repeat(np.arange(concepts), prompts), len(changes))
    acts = np.concatenate([change.acts for change in changes])
    for concept in range(concepts):
        for name in (change.condition for change in changes):
            rows = (condition == name) & (grafted == concept)
            yield _row(name, said, rows, acts, concept)
        others = _row(OTHERS, said, (condition == TARGET) & (grafted != concept), acts, concept)
        yield others | {
            "nll": np.nan
        }  # these rows are the target's of others: no number of its own


def _row(
    condition: str,
    said: Said,
    rows: NDArray[np.bool_],
    acts: NDArray[np.int64],
    concept: int,
) -> dict[str, object]:
    measured = _measured(said, rows & (acts > 0), concept)
    return {"condition": condition, **measured, "fired": int(acts[rows].sum())}


def _measured(said: Said, rows: NDArray[np.bool_], concept: int) -> dict[str, object]:
    """The measures of one concept over ``rows``; NaN without any."""
    count, first = said.count[rows, concept], said.first[rows, concept]
    return {
        "concept": concept,
        "contains": _mean(count > 0),
        "rate": _mean(count),
        "first": _mean(first[np.isfinite(first)]),
        "nll": _mean(said.nll[rows]),
        "n": int(rows.sum()),
    }


def _mean(values: NDArray[np.generic]) -> float:
    return float(values.mean()) if values.size else float("nan")
