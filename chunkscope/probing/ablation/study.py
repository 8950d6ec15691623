"""The study of a run's context units: found, looked at, and ablated beside matched units."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.networks.recurrent import Recurrent
from chunkscope.probing.ablation.activity import (
    activity_histogram,
    activity_quantiles,
    most_active,
)
from chunkscope.probing.ablation.context_units import deal_contexts, find_context_units
from chunkscope.probing.ablation.effects import Places
from chunkscope.probing.ablation.matching import matched_sets, readout_weights
from chunkscope.probing.ablation.passes import readout_losses, recurrent_losses
from chunkscope.probing.ablation.settings import AblationSettings
from chunkscope.probing.ablation.steps import ContextSteps
from chunkscope.probing.settings import RowSettings
from chunkscope.probing.unit_ranking import UnitRanking

Activations = NDArray[np.float32]  # (sequence, time, unit)


class ContextStudy:
    """Reads the context units of the members of a run, one after the other."""

    def __init__(
        self,
        steps: ContextSteps,
        rows: RowSettings,
        settings: AblationSettings,
        resamples: int,
        rng: np.random.Generator,
    ) -> None:
        """Deal the rows that every member is probed on.

        Args:
            resamples: draws of an interval over test sequences.
            rng: deals the rows.
        """
        self.steps, self.settings = steps, settings
        self._resamples = resamples
        self._rows, self._prevalence = deal_contexts(steps, rows, rng), rows.prevalence
        self._places = Places.of(steps, settings.informative)

    def find(
        self, activations: Activations, rng: np.random.Generator
    ) -> tuple[pd.DataFrame, UnitRanking]:
        """The context that one unit tells best on validation, and the units ranked for it.

        Args:
            activations: (sequence, time, unit).
            rng: draws test sequences anew.

        Returns:
            The best units on test rows, as many as are ablated: ``context`` and the columns of
            :meth:`UnitRanking.test`; and the whole ranking.
        """
        context, ranking = find_context_units(activations, self._rows, self._prevalence)
        table = ranking.test(max(self.settings.sizes), self._resamples, rng)
        return table.assign(context=context), ranking

    def ablate(
        self,
        network: Recurrent,
        activations: Activations,
        loss: NDArray[np.float32],
        found: UnitRanking,
        rng: np.random.Generator,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Ablate the best units on test sequences, in every way, beside matched units.

        Args:
            network: the member alone.
            activations: (sequence, time, unit) at the site that its readout sees.
            loss: (sequence, time) as recorded, nats.
            found: the ranking of its units.
            rng: draws the matched sets.

        Returns:
            The effects, those of :meth:`Places.effects` by ``path`` ("readout" or "recurrent"),
            ``held_at`` ("zero" or "mean", of the train split) and ``size``, with ``own``: whether
            the context is the one in which the best unit is most active. And how well units are
            matched: ``size, units, spread, length``, the means over sets of the standard deviation
            of activity and of the norm of readout weights.
        """
        train = activations[self.steps.is_train].reshape(-1, activations.shape[-1])
        centre = train.mean(axis=0, dtype=np.float64).astype(np.float32)
        spread = train.std(axis=0, dtype=np.float64)
        length = np.linalg.norm(readout_weights(network), axis=1)
        effects, matches = [], []
        for size in self.settings.sizes:
            units = found.order[:size]
            controls = matched_sets(spread, length, units, self.settings.controls, rng)
            for name, sets in (("context", units), ("matched", controls)):
                row = {"size": size, "units": name}
                matches.append(
                    {**row, "spread": spread[sets].mean(), "length": length[sets].mean()}
                )
            masks = as_masks(np.vstack([units, controls]), len(spread))
            for part in self._effects(network, activations, loss, masks, centre):
                effects.append(part.assign(size=size))
        table = pd.concat(effects, ignore_index=True)
        own = most_active(activations[..., found.best], self.steps)
        return table.assign(own=table["context"] == own), pd.DataFrame(matches)

    def _effects(
        self,
        network: Recurrent,
        activations: Activations,
        loss: NDArray[np.float32],
        masks: NDArray[np.bool_],
        centre: NDArray[np.float32],
    ) -> Iterator[pd.DataFrame]:
        """Of one batch of sets of units (set, unit)."""
        tested = np.flatnonzero(~self.steps.is_train)[: self.settings.sequences]
        tokens, hidden = self.steps.tokens[tested], activations[tested]
        unablated = loss[tested, :-1].astype(np.float64)
        for name, value in (("zero", np.zeros_like(centre)), ("mean", centre)):
            losses = {
                "readout": readout_losses(network, tokens, hidden, masks, value),
                "recurrent": recurrent_losses(network, tokens, masks, value),
            }
            for path, nats in losses.items():
                table = self._places.effects(nats, unablated, tested)
                yield table.assign(path=path, held_at=name)

    def activity(
        self, activations: Activations, found: UnitRanking
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Histogram and quantiles by symbol of the best unit, in every context."""
        values = activations[..., found.best]
        return activity_histogram(values, self.steps), activity_quantiles(values, self.steps)


def as_masks(sets: NDArray[np.int64], units: int) -> NDArray[np.bool_]:
    """(set, unit) bool of sets (set, member) of units."""
    masks = np.zeros((len(sets), units), bool)
    np.put_along_axis(masks, sets, True, axis=1)
    return masks
