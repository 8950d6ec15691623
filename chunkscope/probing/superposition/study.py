"""The study of superposition: the circle, random codes and the toy model, read by small probes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from chunkscope.probing.planted.generators import Planted, codes, draw_labels
from chunkscope.probing.planted.probes import halves, probe_f1, size_curves
from chunkscope.probing.superposition.circle import Circle, crowd
from chunkscope.probing.superposition.settings import (
    REPRESENTED,
    CircleSettings,
    RandomCodesSettings,
    SuperpositionSettings,
    ToySettings,
)
from chunkscope.probing.superposition.tables import PLANE, SuperpositionTables
from chunkscope.probing.superposition.toy import ToyModel, train_toys
from chunkscope.randomness import stream


def study_superposition(settings: SuperpositionSettings, seed: int) -> SuperpositionTables:
    """Make all tables.

    Args:
        seed: root of the random streams.
    """
    models = train_toys(settings.toy, seed)
    return SuperpositionTables(
        circle=_circle(settings.circle),
        crowd=pd.DataFrame(_crowd(settings.circle, settings, seed)),
        codes=pd.DataFrame(_codes(settings.codes, settings, seed)),
        models=pd.DataFrame(map(_model, models)),
        toy=pd.DataFrame(_toy(models, settings.toy, settings.penalty, seed)),
    )


Row = dict[str, object]


def _circle(settings: CircleSettings) -> pd.DataFrame:
    circles = [Circle.of(count) for count in settings.features]
    return pd.DataFrame(
        {
            "features": settings.features,
            "norm": [circle.norm for circle in circles],
            "bias": [circle.bias for circle in circles],
            "product": [circle.norm * circle.bias for circle in circles],
            "asymptote": [circle.asymptote for circle in circles],
        }
    )


def _crowd(circle: CircleSettings, settings: SuperpositionSettings, seed: int) -> Iterator[Row]:
    """A unit of the circle, two and more of them, and the plane, as features become dense."""
    built = Circle.of(circle.probed)
    for active in circle.active:
        for draw in range(settings.seeds):
            rng = stream(seed, "probing", "circle", str(active), draw)
            answers, plane = crowd(built, circle.rows, circle.positives, active, rng)
            named = {"features": circle.probed, "active": active, "seed": draw}
            for basis, size, f1 in size_curves(answers, circle.sizes, settings.penalty, rng):
                yield {**named, "basis": basis, "size": size, "f1": f1}
            f1 = probe_f1(*halves(plane), np.arange(2), settings.penalty)
            yield {**named, "basis": PLANE, "size": 2, "f1": f1}


def _codes(
    codes_: RandomCodesSettings, settings: SuperpositionSettings, seed: int
) -> Iterator[Row]:
    for name, code in codes_.codes.items():
        named = {
            "code": name,
            "features": code.features,
            "units": code.units,
            "per_feature": code.code,
            "per_unit": code.features * code.code / code.units,
        }
        for draw in range(settings.seeds):
            rng = stream(seed, "probing", "codes", name, draw)
            planted = codes(code, rng)
            for basis, size, f1 in size_curves(planted, codes_.sizes, settings.penalty, rng):
                yield {**named, "seed": draw, "basis": basis, "size": size, "f1": f1}


def _model(model: ToyModel) -> Row:
    return {
        "hidden": model.hidden,
        "density": model.density,
        "seed": model.seed,
        "units": len(model.weight),
        "loss": model.loss,
        "represented": int((model.norm > REPRESENTED).sum()),
    }


def _toy(models: list[ToyModel], toy: ToySettings, penalty: float, seed: int) -> Iterator[Row]:
    """Every feature of every model, asked for by probes of few hidden units."""
    for model in models:
        named = {"hidden": model.hidden, "density": model.density, "seed": model.seed}
        for feature in range(toy.features):
            rng = stream(seed, "probing", "toy", *map(str, named.values()), feature)
            planted = _asked(model, feature, toy, rng)
            known = {
                "feature": feature,
                "norm": model.norm[feature],
                "interference": model.interference[feature],
            }
            for basis, size, f1 in size_curves(planted, toy.sizes, penalty, rng):
                yield {**named, **known, "basis": basis, "size": size, "f1": f1}


def _asked(model: ToyModel, feature: int, toy: ToySettings, rng: np.random.Generator) -> Planted:
    """Hidden activity in which ``feature`` and the others are there as often as asked.

    Every unit may carry a feature, so that the support is all of them.
    """
    rows = 2 * toy.rows
    active = rng.random((rows, toy.features)) < toy.active
    active[:, feature] = draw_labels(rows, toy.positives, rng)
    X = model.activity(active * rng.random((rows, toy.features)))
    return Planted(X, active[:, feature], np.arange(toy.hidden))
