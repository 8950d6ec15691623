"""Find the states and chunks of every seed of a store, and what they are compared with."""

import numpy as np
import pandas as pd

from chunkscope.chunks.comparison import UNTRAINED, Comparison
from chunkscope.chunks.extraction import read_density, stream_of
from chunkscope.chunks.settings import ChunkSettings
from chunkscope.jobs import job, timed
from chunkscope.store import ActivationStore

with job(snakemake.log[0]), timed(snakemake.output.timing):
    settings = ChunkSettings.model_validate(snakemake.params.chunks)
    seed, at = snakemake.params.seed, snakemake.params.at
    known = {"": settings.extractors, "@step0": [n for n in UNTRAINED if n in settings.extractors]}
    names = known.get(at, ())  # during training, the dictionary of the compared members alone
    dictionaries, streams, tables = {}, {}, {"sweep": [], "states": [], "chunks": []}
    with ActivationStore.open(snakemake.input.store) as store:
        tokens, symbols, train = store.tokens(), tuple(store.symbols), store.is_train
        comparison = Comparison(settings, tokens, train, seed)
        members = store.seeds if at in known else store.seeds[: settings.compared]
        for member in members:
            activations = store.activations(member, settings.site)
            reading = read_density(activations[train], tokens[train], settings, seed, member)
            found = {"density": stream_of(reading, activations)}
            states, n = found["density"].parse.states, len(reading.dictionary.prototypes)
            if member in members[: settings.compared]:
                found |= comparison.read(names, activations, n, member)
            if "shuffled" in names:
                found["shuffled"] = comparison.shuffle(states, n, member)
            for row, stream in found.items():
                streams |= stream.arrays(f"{row}/seed{member}")
            dictionaries |= reading.dictionary.arrays(f"seed{member}/")
            tables["sweep"].append(reading.extractor.sweep_.assign(seed=member))
            tables["states"].append(reading.dictionary.state_table().assign(seed=member))
            tables["chunks"].append(reading.dictionary.chunk_table(symbols).assign(seed=member))
            print(
                f"seed {member}: {n} states, {len(reading.dictionary.paths)} chunks "
                f"({reading.dictionary.status})"
            )
        if "byte_pairs" in names:
            streams |= comparison.symbols(len(symbols)).arrays("byte_pairs/seed0")
    np.savez_compressed(snakemake.output.dictionary, **dictionaries)
    np.savez_compressed(snakemake.output.parse, **streams)
    for name, parts in tables.items():
        table = pd.concat(parts, ignore_index=True)
        table.insert(0, "seed", table.pop("seed"))
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
