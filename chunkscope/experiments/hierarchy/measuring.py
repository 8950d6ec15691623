"""The published measures of every member and of its controls, each on its own fresh stretch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.experiments.complexity import (
    Merger,
    Strings,
    complexity,
    state_strings,
    symbol_windows,
)
from chunkscope.experiments.hierarchy.members import Member, controls, read_states
from chunkscope.experiments.hierarchy.names import (
    DEFAULT,
    ENTROPY_RATE,
    MATCHED,
    PARSE_LENGTH,
    RADIUS,
    SYMBOLS,
    TRAINED,
    TRUTH,
    WINDOWS,
)
from chunkscope.experiments.hierarchy.settings import HierarchySettings
from chunkscope.experiments.hierarchy.variants import VARIANTS
from chunkscope.experiments.memory import spectral_radius
from chunkscope.grammars import Corpus
from chunkscope.networks.network import Network


def measure(
    ensemble: Network,
    members: Sequence[Member],
    stretches: Sequence[Corpus],
    settings: HierarchySettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of the trained networks and of their controls, and the merge variants.

    Returns:
        measures: ``level, network, reading, measure, value``; losses and entropies in nats.
        variants: ``level, network, reading, variant, measure, value``, of the networks before
            and after training.
    """
    tokens = np.concatenate([stretch.tokens for stretch in stretches])
    boundary = np.concatenate([stretch.labels["boundary"] for stretch in stretches])
    default = VARIANTS[DEFAULT].merger(settings.symbolic)
    activity, measures = {}, {}
    for reading, network in {TRAINED: ensemble, **controls(ensemble)}.items():
        activity[reading], loss = read_states(network, tokens)
        states = _strings(activity[reading], settings.symbolic.levels)
        measures[reading] = _complexities(states, boundary, default).assign(loss=loss)
        if network.settings.architecture == "affine":
            measures[reading][RADIUS] = spectral_radius(network.state_dict()).numpy()
    for reading, width in ((SYMBOLS, 1), (WINDOWS, settings.window)):
        measures[reading] = _complexities(symbol_windows(tokens, width), boundary, default)
    measures[TRUTH] = pd.DataFrame([_facts(stretch) for stretch in stretches])
    swept = [
        _long(_sweep(states, boundary, settings), members, "variant").assign(reading=reading)
        for reading, states in activity.items()
        if reading != MATCHED
    ]
    columns = ["level", "network", "reading", "variant", "measure", "value"]
    return _long(measures, members, "reading"), pd.concat(swept, ignore_index=True)[columns]


def _sweep(
    activity: NDArray[np.float32], boundary: NDArray[np.integer], settings: HierarchySettings
) -> dict[str, pd.DataFrame]:
    """Variant -> vocabulary and parse length of every member."""
    strings: dict[int, list[Strings | None]] = {}
    swept = {}
    for name, variant in VARIANTS.items():
        levels = variant.levels or settings.symbolic.levels
        if levels not in strings:
            strings[levels] = _strings(activity, levels)
        merger = variant.merger(settings.symbolic)
        table = _complexities(strings[levels], boundary, merger)
        swept[name] = table[["states", "vocabulary", PARSE_LENGTH]]
    return swept


def _strings(activity: NDArray[np.float32], levels: int) -> list[Strings | None]:
    """The states of every member; None of one whose activity has overflown."""
    total: NDArray[np.float64] = activity.sum(axis=(1, 2), dtype=np.float64)
    overflown = ~np.isfinite(total)
    strings = state_strings(np.where(overflown[:, None, None], 0, activity), levels)
    return [None if lost else states for states, lost in zip(strings, overflown, strict=True)]


def _complexities(
    strings: Iterable[Strings | None], boundary: NDArray[np.integer], merger: Merger
) -> pd.DataFrame:
    """One row per member; all NaN where it has no states."""
    return pd.DataFrame(
        [
            {} if states is None else complexity(states, truth, merger)
            for states, truth in zip(strings, boundary, strict=True)
        ]
    )


def _facts(stretch: Corpus) -> dict[str, float]:
    """What is true of a stretch: its units, predictability and frequencies (entropies in nats)."""
    share = (
        np.bincount(stretch.tokens.ravel(), minlength=len(stretch.symbols)) / stretch.tokens.size
    )
    used = share[share > 0]
    return {
        PARSE_LENGTH: float(stretch.labels["boundary"].sum()),
        "states": float(len(np.unique(stretch.labels["causal"]))),
        "filler_share": float(share[-1]),
        "entropy": float(-(used * np.log(used)).sum()),
        ENTROPY_RATE: stretch.bayes_loss,
    }


def _long(tables: Mapping[str, pd.DataFrame], members: Sequence[Member], kind: str) -> pd.DataFrame:
    """One row per member, table and column; ``kind`` names the tables."""
    places = pd.DataFrame(
        {"level": [m.level for m in members], "network": [m.number for m in members]}
    )
    parts = [
        pd.concat([places, table], axis=1)
        .melt(["level", "network"], var_name="measure")
        .assign(**{kind: name})
        for name, table in tables.items()
    ]
    long = pd.concat(parts, ignore_index=True)
    return long[["level", "network", kind, "measure", "value"]]
