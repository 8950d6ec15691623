"""The study of prototypes: how many live, and what they align with, for a sweep of their number.

Beside the prototypes of a trained network stand those with the dead ones revived, those of the
network before training, and the present symbol alone, which any network can read off its input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.association import Association, Classes, associate
from chunkscope.chunks.extractors.base import Activations, Labels, Tokens
from chunkscope.chunks.extractors.prototypes import PrototypeExtractor, rows_with_direction
from chunkscope.chunks.prototype_settings import PrototypeStudySettings
from chunkscope.errors import ExtractionError
from chunkscope.randomness import integer_seed, stream
from chunkscope.statistics import summarise

ROWS = ("prototypes", "revived", "untrained", "symbols")
"""What is read: prototypes as published; with the dead ones revived; of the untrained network; the
present symbol as the label, without any network."""

KEYS = ["row", "site", "size", "seed", "label"]


class PrototypeSweep:
    """Collects the tables of a run, a site of a member at a time.

    Example:
        >>> sweep = PrototypeSweep(tokens, train, labels, names, PrototypeStudySettings(), seed=0)
        >>> sweep.read("prototypes", "layers.0.hook_h", 0, activations)
        >>> sweep.tables()["association"]

    Args:
        tokens: (sequence, time) the symbols read.
        train: (sequence,) whether a sequence is of the train split.
        labels: kind -> (sequence, time), the truth.
        names: kind -> names of its labels; may be empty.
        seed: root seed of the config.
    """

    def __init__(
        self,
        tokens: Tokens,
        train: NDArray[np.bool_],
        labels: Mapping[str, NDArray[np.integer]],
        names: Mapping[str, Sequence[str]],
        settings: PrototypeStudySettings,
        seed: int,
    ) -> None:
        self._tokens, self._train = tokens, train
        self._classes = {
            kind: Classes.of(values, train, settings.min_members) for kind, values in labels.items()
        }
        self._names = names
        self._settings, self._seed = settings, seed
        self._most = 0  # different rows of any site
        self._tables: dict[str, list[pd.DataFrame]] = {
            "association": [],
            "classes": [],
            "prototypes": [],
        }
        self._align({"row": "symbols", "site": "tokens", "size": int(tokens.max()) + 1}, tokens)

    def read(self, row: str, site: str, member: int, activations: Activations) -> None:
        """Find prototypes of every size in ``activations (sequence, time, unit)`` and align them.

        Args:
            row: one of :data:`ROWS`, but for the symbols.
        """
        random_state = integer_seed(self._seed, "prototypes", site, member)
        fit = self._settings.fit.model_dump()
        if row == "revived":
            fit["revive_every"] = self._settings.revive_every
        train = self._train
        rows = rows_with_direction(activations[train], fit["subsample"], random_state)
        different = len(np.unique(rows, axis=0))
        self._most = max(self._most, different)
        for size in self._settings.sizes:
            if size > different:
                print(f"{row}, {site}, seed {member}: only {different} rows differ; no {size}")
                continue
            extractor = PrototypeExtractor(prototypes=size, **fit, random_state=random_state)
            extractor.fit(activations[train], self._tokens[train])
            where = {"row": row, "site": site, "size": size, "seed": member}
            self._describe(where, extractor, activations)
            self._align(where, extractor.predict(activations))

    def tables(self) -> dict[str, pd.DataFrame]:
        """``association``, its ``summary`` over seeds, ``classes``, ``labels``, and ``prototypes``
        of the trained network as published.

        Raises:
            ExtractionError: no site has as many different rows as the least of the sizes.
        """
        if not self._tables["prototypes"]:
            raise ExtractionError(
                f"prototypes.sizes: got {list(self._settings.sizes)}; no site has so many "
                f"different rows, at most {self._most}; take fewer prototypes or record more"
            )
        found = {name: pd.concat(parts, ignore_index=True) for name, parts in self._tables.items()}
        return {
            **found,
            "summary": summarise_association(found["association"]),
            "labels": self._label_table(),
        }

    def _describe(
        self, where: dict[str, Any], extractor: PrototypeExtractor, activations: Activations
    ) -> None:
        """Loss and dead prototypes."""
        rows = [
            ("train", "loss", extractor.loss(activations[self._train])),
            ("test", "loss", extractor.loss(activations[~self._train])),
            ("train", "dead", float(extractor.dead_)),
        ]
        table = pd.DataFrame(rows, columns=["split", "measure", "value"])
        self._tables["association"].append(_keyed(table, where, ""))

    def _align(self, where: dict[str, Any], labels: Labels | Tokens) -> None:
        """How the labels of all steps align with every kind of class."""
        for kind, classes in self._classes.items():
            rng = stream(self._seed, "prototypes", "null", kind)
            found = associate(
                np.asarray(labels, dtype=np.int64),
                classes,
                self._train,
                self._settings.permutations,
                rng,
            )
            self._keep(where, kind, found)

    def _keep(self, where: dict[str, Any], kind: str, found: Association) -> None:
        measures = found.measures.assign(split="test")
        self._tables["association"].append(_keyed(measures, where, kind))
        for name, table in (("classes", found.classes), ("prototypes", found.prototypes)):
            if name == "classes" or where["row"] == "prototypes":
                named = table.assign(name=[self._name(kind, value) for value in table["class"]])
                self._tables[name].append(_keyed(named, where, kind))

    def _name(self, kind: str, value: int) -> str:
        names = self._names.get(kind, ())
        return names[value] if 0 <= value < len(names) else str(value)

    def _label_table(self) -> pd.DataFrame:
        """How many classes of each kind are scored, and the share of test steps in rarer ones."""
        rows = [(kind, len(found.values), found.rare) for kind, found in self._classes.items()]
        return pd.DataFrame(rows, columns=["label", "classes", "rare_share"])


def summarise_association(association: pd.DataFrame) -> pd.DataFrame:
    """``mean, ci_low, ci_high, n`` over seeds of every value, and ``null``, its null's mean."""
    by = ["row", "site", "size", "label", "split", "measure"]
    table = summarise(association, by)
    return table.assign(null=summarise(association, by, value="null_mean")["mean"])


def _keyed(table: pd.DataFrame, where: dict[str, Any], kind: str) -> pd.DataFrame:
    """The table with the columns that say what it is of in front; symbols have no member."""
    keyed = table.assign(**{"seed": 0, **where, "label": kind})
    return keyed[[*KEYS, *table.columns]]
