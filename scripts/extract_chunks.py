"""Find the states and chunks of every seed of a store, and the baselines beside them."""

import numpy as np
import pandas as pd

from chunkscope.chunks.extraction import (
    read_baselines,
    read_density,
    read_symbols,
    stream_of,
)
from chunkscope.chunks.settings import ChunkSettings
from chunkscope.jobs import job, timed
from chunkscope.store import ActivationStore

with job(snakemake.log[0]), timed(snakemake.output.timing):
    settings = ChunkSettings.model_validate(snakemake.params.chunks)
    seed, trained = snakemake.params.seed, not snakemake.params.at
    dictionaries, streams, tables = {}, {}, {"sweep": [], "states": [], "chunks": []}
    with ActivationStore.open(snakemake.input.store) as store:
        tokens, symbols = store.tokens(), tuple(store.symbols)
        train = store.is_train
        for member in store.seeds:
            activations = store.activations(member, settings.site)
            reading = read_density(activations[train], tokens[train], settings, seed, member)
            found = {"density": stream_of(reading, activations)}
            if trained:
                found |= read_baselines(reading, activations, tokens, train, settings, seed, member)
            for row, stream in found.items():
                streams |= stream.arrays(f"{row}/seed{member}")
            dictionaries |= reading.dictionary.arrays(f"seed{member}/")
            tables["sweep"].append(reading.extractor.sweep_.assign(seed=member))
            tables["states"].append(reading.dictionary.state_table().assign(seed=member))
            tables["chunks"].append(reading.dictionary.chunk_table(symbols).assign(seed=member))
            print(
                f"seed {member}: {len(reading.dictionary.prototypes)} states, "
                f"{len(reading.dictionary.paths)} chunks ({reading.dictionary.status})"
            )
        if trained and "byte_pairs" in settings.baselines:
            raw = read_symbols(tokens, len(symbols), train, settings.merging)
            streams |= raw.arrays("byte_pairs/seed0")
    np.savez_compressed(snakemake.output.dictionary, **dictionaries)
    np.savez_compressed(snakemake.output.parse, **streams)
    for name, parts in tables.items():
        table = pd.concat(parts, ignore_index=True)
        table.insert(0, "seed", table.pop("seed"))
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
