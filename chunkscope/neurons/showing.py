"""Units to look at: what they do in documents that explained none of them, and what is said.

Of every site they are evenly spread over the ranks of its units' scores, the best and the worst
among them, so that nobody picks them. All excerpts are of the half that scores are of.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.errors import NeuronError
from chunkscope.neurons.controls import ANOTHER, OWN
from chunkscope.neurons.excerpts import Tokens
from chunkscope.neurons.labels import SYMBOL
from chunkscope.neurons.run import Place, places, read_explanations
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.neurons.study import spread
from chunkscope.neurons.symbols import readable
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

Told = Mapping[tuple[str, int], list[dict[str, Any]]]
"""(site, unit) -> what its explainers say of it."""

RANKED_BY = "random_only"
"""The protocol whose scores rank units, where there is one; else it is the first."""

TOP, CHANCE = 4, 2  # excerpts of a unit
AROUND = 12  # symbols on either side of the most active one


@dataclass(frozen=True)
class Windows:
    """Where excerpts lie: symbols ``start`` to ``end`` of sequences."""

    sequence: NDArray[np.intp]
    start: NDArray[np.intp]
    end: NDArray[np.intp]

    def cut(self, values: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """The excerpts of ``values`` (sequence, time)."""
        for sequence, start, end in zip(self.sequence, self.start, self.end, strict=True):
            yield values[sequence, start:end]


def show_run(
    store: ActivationStore,
    settings: NeuronSettings,
    seed: int,
    tables: Mapping[str, pd.DataFrame],
    explanations: str | Path,
) -> dict[str, Any]:
    """The units of the first member's sites that are shown, as the report reads them.

    Args:
        seed: of the chance excerpts, which all networks on one corpus share.
        tables: ``scores``, ``units`` and ``labels``, as :func:`~chunkscope.neurons.run.write_run`
            gives them.
        explanations: the file of explanations that it writes.

    Returns:
        ``protocol`` and ``explainer`` whose scores rank the units; all ``protocols``; ``member``;
        ``chance``, the symbols of excerpts that are the same for all units; and of every site its
        ``name``, how many ``units`` were ranked, how many of them are ``unscored`` and so rank
        last, and those ``shown``, the best first. A unit has its number (``unit``), its ``rank``
        (1 is the best), ``active``, ``dead`` and ``token_share`` of
        :func:`~chunkscope.neurons.facts.unit_facts`, the ``label`` that it comes nearest to (null
        where a grammar knows none), its ``explanations``, its ``top`` excerpts, and what it did in
        the ``chance`` ones. A label has its ``name``, ``less``, whether the unit is less active
        there, and the correlation on this half, ``pearson``. What is said has an ``explainer``,
        ``length``, ``sentence``, and protocol -> own and another's ``pearson`` (null where there is
        none). An excerpt has ``symbols`` and ``activity``, hundredths of the most that the unit did
        in this half.

    Raises:
        NeuronError: a unit is in none of the explanations.
    """
    member = store.seeds[0]
    by = _ranked_by(settings)
    scores, facts, labels = (
        _of_member(tables[name], member) for name in ("scores", "units", "labels")
    )
    ranked = {
        place: rank_units(scores[scores["site"] == place.site], *by)
        for place in places(store, settings)
        if place.seed == member
    }
    chosen = {place: choose_units(table, settings.shown) for place, table in ranked.items()}
    told = _told(Path(explanations), chosen)
    scored = _scores_of(scores)
    tokens, symbols = store.tokens("test"), [readable(symbol) for symbol in store.symbols]
    chance = _chance(tokens, stream(seed, "neurons", "shown"))

    def unit_of(site: str, did: NDArray[np.float32], unit: int, rank: int) -> dict[str, Any]:
        said = [_explanation(line, scored) for line in told[site, unit]]
        excerpts = excerpts_of(did[..., unit], tokens, symbols, chance)
        return {
            "unit": unit,
            "rank": rank,
            **_facts(facts, site, unit),
            "label": _label(labels, site, unit, symbols),
            "explanations": said,
            **excerpts,
        }

    def site_of(place: Place) -> dict[str, Any]:
        shown = chosen[place][["unit", "rank"]].itertuples(index=False)
        did = store.activations(member, place.site, "test")
        return {
            "name": place.site,
            "units": len(ranked[place]),
            "unscored": int(ranked[place]["pearson"].isna().sum()),
            "shown": [unit_of(place.site, did, int(unit), int(rank)) for unit, rank in shown],
        }

    return {
        "member": member,
        "protocol": by[0],
        "explainer": by[1],
        "protocols": list(settings.protocols),
        "chance": [_read(part, symbols) for part in chance.cut(tokens)],
        "sites": [site_of(place) for place in ranked],
    }


def write_shown(shown: Mapping[str, Any], path: str | Path) -> None:
    """Write what is shown as compact JSON; the same units give the same bytes."""
    text = json.dumps(
        shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    Path(path).write_text(f"{text}\n", encoding="utf-8", newline="\n")


def rank_units(scores: pd.DataFrame, protocol: str, explainer: str) -> pd.DataFrame:
    """The units of a site that one explainer scored by one protocol, the best first.

    Returns:
        ``unit``; ``pearson``; ``rank``, from 1 on; ``explainers``, how many explained it. Units
        without a score come last, and those of equal scores by their numbers.
    """
    own = scores[scores["control"] == OWN]
    mine = own[(own["protocol"] == protocol) & (own["explainer"] == explainer)]
    ranked = mine.sort_values(["pearson", "unit"], ascending=[False, True], na_position="last")
    return pd.DataFrame(
        {
            "unit": ranked["unit"],
            "pearson": ranked["pearson"],
            "rank": np.arange(1, len(ranked) + 1),
            "explainers": ranked["unit"].map(own.groupby("unit")["explainer"].nunique()),
        }
    )


def choose_units(ranked: pd.DataFrame, wanted: int) -> pd.DataFrame:
    """So many rows of :func:`rank_units`, evenly spread, with the first and the last.

    Some explainers explain few units of a site, evenly spread over their numbers. Between the first
    and the last, a unit that more of them explained stands in for one that lies up to a quarter of
    the way to the next.
    """
    targets = spread(len(ranked), wanted)
    reach = int(np.diff(targets).min()) // 4 if len(targets) > 1 else 0
    counts = ranked["explainers"].to_numpy()
    ends = {0, len(ranked) - 1}

    def nearby(target: int) -> int:
        if target in ends:
            return target
        near = range(target - reach, target + reach + 1)
        return min(near, key=lambda at: (-counts[at], abs(at - target), at))

    return ranked.iloc[[nearby(int(target)) for target in targets]]


def excerpts_of(
    did: NDArray[np.float32], tokens: Tokens, symbols: list[str], chance: Windows
) -> dict[str, Any]:
    """What a unit did (sequence, time): ``top``, about its peaks, and ``chance``.

    There is at most one peak to a sequence, and none where it is not active. What lies below 0
    has negative hundredths.
    """
    most = did.max(1)
    first = np.argsort(-most, kind="stable")[:TOP]
    first = first[most[first] > 0]
    peak = did[first].argmax(1)
    top = Windows(first, np.maximum(peak - AROUND, 0), peak + AROUND + 1)
    scale = 100 / most.max() if most.max() > 0 else 0.0
    hundredths = np.rint(did * scale).astype(int)
    return {
        "top": [
            {"symbols": _read(part, symbols), "activity": activity.tolist()}
            for part, activity in zip(top.cut(tokens), top.cut(hundredths), strict=True)
        ],
        "chance": [part.tolist() for part in chance.cut(hundredths)],
    }


def _ranked_by(settings: NeuronSettings) -> tuple[str, str]:
    """The protocol and the explainer whose scores rank units."""
    protocols = list(settings.protocols)
    protocol = RANKED_BY if RANKED_BY in protocols else protocols[0]
    return protocol, next(iter(settings.explainers))


def _chance(tokens: Tokens, rng: np.random.Generator) -> Windows:
    """Excerpts as long as those about a peak."""
    sequences, time = tokens.shape
    length = min(2 * AROUND + 1, time)
    sequence = rng.choice(sequences, min(CHANCE, sequences), replace=False)
    start = rng.integers(time - length + 1, size=len(sequence))
    return Windows(sequence, start, start + length)


def _read(tokens: Tokens, symbols: list[str]) -> list[str]:
    return [symbols[token] for token in tokens]


def _of_member(table: pd.DataFrame, member: int) -> pd.DataFrame:
    return table[table["seed"] == member]


def _facts(facts: pd.DataFrame, site: str, unit: int) -> dict[str, Any]:
    (row,) = facts[(facts["site"] == site) & (facts["unit"] == unit)].to_dict("records")
    numbers = {name: _rounded(row[name]) for name in ("active", "token_share")}
    return {**numbers, "dead": bool(row["dead"])}


def _label(labels: pd.DataFrame, site: str, unit: int, symbols: list[str]) -> dict[str, Any] | None:
    """The exact label that a unit comes nearest to; none where it never varies, and of text."""
    near = labels[(labels["site"] == site) & (labels["unit"] == unit)]
    found = near[near["seen"].notna()].to_dict("records")
    if not found:
        return None
    (row,) = found
    value = repr(symbols[row["value"]]) if row["kind"] == SYMBOL else row["value"]
    return {
        "name": f"{row['kind']} {value}",
        "less": bool(row["seen"] < 0),
        "pearson": _rounded(row["pearson"]),
    }


def _scores_of(scores: pd.DataFrame) -> Mapping[tuple[Any, ...], float]:
    """(site, unit, protocol, explainer, control) -> correlation."""
    key = ["site", "unit", "protocol", "explainer", "control"]
    return dict(
        zip(zip(*(scores[name] for name in key), strict=True), scores["pearson"], strict=True)
    )


def _explanation(
    line: Mapping[str, Any], scored: Mapping[tuple[Any, ...], float]
) -> dict[str, Any]:
    """What one explainer says, with its scores by every protocol that showed it the same."""

    def score(protocol: str, control: str) -> float | None:
        key = line["site"], line["unit"], protocol, line["explainer"], control
        return _rounded(scored.get(key, math.nan))

    return {
        **{name: line[name] for name in ("explainer", "length", "sentence")},
        "scores": {name: [score(name, OWN), score(name, ANOTHER)] for name in line["protocols"]},
    }


def _told(path: Path, chosen: Mapping[Place, pd.DataFrame]) -> Told:
    """What is said of the chosen units."""
    wanted = [(place, int(unit)) for place, table in chosen.items() for unit in table["unit"]]
    told: dict[tuple[str, int], list[dict[str, Any]]] = {
        (place.site, unit): [] for place, unit in wanted
    }
    for line in read_explanations(path, wanted):
        told[line["site"], line["unit"]].append(line)
    for (site, unit), lines in told.items():
        if not lines:
            raise NeuronError(
                f"{path}: unit {unit} of {site} is missing; delete the file and run snakemake "
                "again to make it anew"
            )
    return told


def _rounded(value: float) -> float | None:
    return round(float(value), 3) if math.isfinite(value) else None
