"""The units of a run: every member and every site of a store explained and scored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chunkscope.networks.sites import sites_of_study
from chunkscope.neurons.explainers.patterns import Activate
from chunkscope.neurons.explaining import Known
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.neurons.study import Explained, Recorded, explain_site
from chunkscope.neurons.symbols import readable
from chunkscope.store import ActivationStore

ANSWERS = ("protocol", "explainer", "what", "count")


@dataclass(frozen=True)
class Place:
    """A site of one member."""

    seed: int
    site: str


def places(store: ActivationStore, settings: NeuronSettings) -> list[Place]:
    """Every member and site of a store that units are explained of."""
    return [
        Place(seed, site)
        for seed in store.seeds
        for site in sites_of_study(settings.sites, store.sites(seed))
    ]


def recorded_at(store: ActivationStore, place: Place) -> Recorded:
    """What the store has of one place."""
    kinds = store.label_kinds if store.parsed else ()
    seen, held_out = (
        store.activations(place.seed, place.site, split) for split in ("train", "test")
    )
    labels, held_out_labels = (
        {kind: store.labels(kind, split) for kind in kinds} for split in ("train", "test")
    )
    return Recorded(
        store.tokens("train"), seen, store.tokens("test"), held_out, labels, held_out_labels
    )


def explain_run(
    store: ActivationStore,
    settings: NeuronSettings,
    seed: int,
    ask: Callable[[Place], Activate],
    answers: Path,
) -> Iterator[tuple[Place, Explained]]:
    """Every place, one after the other, which bounds the memory.

    Args:
        ask: place -> how the network is asked what its units do there.
        answers: where answers of language models are kept.
    """
    symbols = tuple(map(readable, store.symbols))
    for place in places(store, settings):
        known = Known(symbols, ask(place), answers)
        yield place, explain_site(recorded_at(store, place), known, settings, seed)


def write_run(
    explained: Iterable[tuple[Place, Explained]],
    symbols: Iterable[str],
    explanations: str | Path,
) -> dict[str, pd.DataFrame]:
    """Write what is said of every unit, and give the tables; a line is printed for every place.

    Args:
        symbols: as explanations are to write them.
        explanations: file of JSON lines, compressed: ``seed, site, unit, protocols, explainer,
            length, sentence, explanation``. The same explanations give the same bytes.

    Returns:
        ``units``: :func:`~chunkscope.neurons.facts.unit_facts`; ``scores``: see
        :class:`~chunkscope.neurons.study.Explained`; ``labels``: the best exact label of every
        unit, empty where no grammar knows any; ``answers``: what became of the questions to
        language models, :data:`ANSWERS`, empty where none was asked. Each row with its ``seed``
        and ``site``.
    """
    written = tuple(symbols)
    parts: dict[str, list[pd.DataFrame]] = {
        name: [] for name in ("units", "scores", "labels", "answers")
    }
    with gzip.GzipFile(explanations, "wb", compresslevel=4, mtime=0) as file:
        for place, found in explained:
            for line in _lines(place, found, written):
                file.write(_as_line(line))
            tables = found.facts, found.scores, found.labels, _answers(found)
            for name, table in zip(parts, tables, strict=True):
                parts[name].append(at_place(place, table))
            mean = found.scores.groupby("control")["pearson"].mean()
            said = ", ".join(f"{control} {value:.3f}" for control, value in mean.items())
            print(f"seed {place.seed}, {place.site}: mean correlation {said}", flush=True)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def read_explanations(
    path: str | Path, units: Iterable[tuple[Place, int]]
) -> Iterator[dict[str, Any]]:
    """What :func:`write_run` wrote of some units; of others, which are many, nothing is parsed."""
    starts = tuple(
        _as_line({"seed": place.seed, "site": place.site, "unit": unit}).rstrip(b"}\n") + b","
        for place, unit in units
    )
    with gzip.open(path, "rb") as file:
        for line in file:
            if line.startswith(starts):
                yield json.loads(line)


def _lines(place: Place, found: Explained, symbols: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for one in found.explanations:
        for at, (unit, length) in enumerate(zip(one.units, one.said.lengths, strict=True)):
            yield {
                "seed": place.seed,
                "site": place.site,
                "unit": int(unit),
                "protocols": one.protocols,
                "explainer": one.explainer,
                "length": int(length),
                "sentence": one.said.sentence(at, symbols),
                "explanation": one.said.as_json(at, symbols),
            }


def _as_line(line: dict[str, Any]) -> bytes:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _answers(found: Explained) -> pd.DataFrame:
    asked = [
        (" ".join(one.protocols), one.explainer, what, count)
        for one in found.explanations
        for what, count in sorted(one.failures.items())
    ]
    return pd.DataFrame(asked, columns=list(ANSWERS))


def at_place(place: Place, table: pd.DataFrame) -> pd.DataFrame:
    """A table with the ``seed`` and ``site`` of a place before its other columns."""
    return pd.concat(
        [pd.DataFrame({"seed": place.seed, "site": place.site}, index=table.index), table], axis=1
    )
