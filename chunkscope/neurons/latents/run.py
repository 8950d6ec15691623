"""The latents of a run: explained and scored on the same excerpts as the units that they are of."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from chunkscope.neurons.explainers.settings import PatternSettings
from chunkscope.neurons.explaining import Known
from chunkscope.neurons.latents.autoencoder import SparseAutoencoder
from chunkscope.neurons.run import Place, places, recorded_at
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.neurons.study import Explained, Recorded, explain_site
from chunkscope.neurons.symbols import readable
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore

CODES = ("latents", "explained_variance", "active", "dead")


def explain_latents(
    store: ActivationStore, settings: NeuronSettings, seed: int
) -> Iterator[tuple[Place, Explained, pd.DataFrame]]:
    """Every place: an autoencoder is fitted on one half, and its latents explained as units are.

    Patterns are left out: they would ask the network about units. A language model is asked about
    latents too.

    Yields:
        The place, what is said of its latents, and a row of :data:`CODES`: how many there are, the
        variance that they explain and the mean share of symbols at which one is active, both on the
        other half, and how many are dead on both.
    """
    known = Known(tuple(map(readable, store.symbols)))
    explainers = {
        name: how
        for name, how in settings.explainers.items()
        if not isinstance(how, PatternSettings)
    }
    chosen = settings.model_copy(update={"explainers": explainers})
    for place in places(store, settings):
        units = recorded_at(store, place)
        random_state = integer_seed(seed, "neurons", "latents", place.site, place.seed)
        autoencoder = SparseAutoencoder(settings.latents, random_state).fit(units.values)
        seen, held_out = map(autoencoder.encode, (units.values, units.held_out_values))
        active = (held_out > 0).mean((0, 1))
        code = {
            "latents": held_out.shape[-1],
            "explained_variance": autoencoder.explained_variance(units.held_out_values),
            "active": active.mean(),
            "dead": int(((active == 0) & ~(seen > 0).any((0, 1))).sum()),
        }
        latents = Recorded(
            units.tokens,
            seen,
            units.held_out_tokens,
            held_out,
            units.labels,
            units.held_out_labels,
        )
        yield place, explain_site(latents, known, chosen, seed), pd.DataFrame([code])
