"""Where the loss of an ablated network is looked at, and what became of it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.probing.ablation.information import context_information
from chunkscope.probing.ablation.steps import ContextSteps
from chunkscope.statistics import summarise

Masks = NDArray[np.bool_]  # (sequence, time - 1)
Nats = NDArray[np.float64]

MEASURES = ("delta", "percent", "loss", "unablated", "bayes", "p")


@dataclass(frozen=True)
class Places:
    """Steps over which a loss is averaged, all inside words.

    Attributes:
        masks: (context, place) -> (sequence, time - 1). Places are "all", "informative" and
            "uninformative" of the context, and "position 0" and so on: where one symbol of a word
            is read, and so on.
        bayes: (sequence, time - 1) nats of the realised next symbol under the ideal observer.
    """

    masks: Mapping[tuple[int, str], Masks]
    bayes: Nats

    @classmethod
    def of(cls, steps: ContextSteps, informative: float) -> Places:
        """The places of ``steps``; see :class:`AblationSettings` for ``informative`` (nats)."""
        inside, position = steps.inside, steps.position
        information = np.zeros(inside.shape)
        information[inside] = context_information(
            steps.next_distribution[inside],
            steps.tokens[inside],
            position[inside],
            steps.context[inside],
        )
        kinds = {
            "all": inside,
            "informative": information >= informative,
            "uninformative": information < informative,
        }
        for at in range(int(position[inside].max()) + 1):
            kinds[f"position {at}"] = position == at
        masks = {
            (context, kind): (inside & (steps.context == context) & mask)[:, :-1]
            for context in steps.contexts
            for kind, mask in kinds.items()
        }
        following = steps.tokens[:, 1:, None].astype(np.intp)
        realised = np.take_along_axis(steps.next_distribution[:, :-1], following, 2)[..., 0]
        return cls(masks, -np.log(realised.astype(np.float64)))

    def effects(self, losses: Nats, unablated: Nats, sequences: NDArray[np.int64]) -> pd.DataFrame:
        """What became of the loss at every place that occurs.

        Args:
            losses: (set, sequence, time - 1) nats; the first set are the context units, the others
                matched ones.
            unablated: (sequence, time - 1) nats of the network left alone.
            sequences: (sequence,) which ones these are.

        Returns:
            ``context, place, units`` ("context" or "matched"); mean ``loss, unablated, bayes,
            delta`` (nats per step) and ``percent``; ``spread``, the standard deviation over matched
            sets; ``p``, the share of all sets that lose at least as much as the context units;
            ``n`` steps.
        """
        rows = []
        for (context, place), mask in self.masks.items():
            if not (at := mask[sequences]).any():
                continue
            by_set, before = losses[:, at].mean(axis=1), float(unablated[at].mean())
            shared = {
                "unablated": before,
                "bayes": float(self.bayes[sequences][at].mean()),
                "spread": float(by_set[1:].std(ddof=1)),
                "p": float((by_set >= by_set[0]).mean()),
                "n": int(at.sum()),
            }
            for units, loss in (("context", by_set[0]), ("matched", by_set[1:].mean())):
                change = float(loss) - before
                row: dict[str, object] = {"context": context, "place": place, "units": units}
                row |= {"loss": float(loss), "delta": change, "percent": 100 * change / before}
                rows.append(row | shared)
        return pd.DataFrame(rows)


def summarise_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Means over members: ``path, held_at, size, units, own, place, measure``, mean and interval.

    Where several contexts are not the units' own, a member counts their mean.
    """
    keys = ["path", "held_at", "size", "units", "own", "place"]
    by_member = effects.groupby([*keys, "member"], sort=False)[list(MEASURES)].mean()
    long = by_member.reset_index().melt([*keys, "member"], MEASURES, "measure")
    return summarise(long, [*keys, "measure"])
