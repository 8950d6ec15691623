"""Match the dictionaries of a run's seeds to one another, trained and untrained."""

import numpy as np
import pandas as pd

from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.matching import match_members, summarise_matches
from chunkscope.jobs import job
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    with ActivationStore.open(snakemake.input.store) as store:
        members, test = store.seeds, ~store.is_train
    tables = []
    for row in ("parse", "untrained_parse"):
        with np.load(snakemake.input[row]) as parse:
            streams = {m: Stream.from_arrays(parse, f"density/seed{m}") for m in members}
        rng = stream(snakemake.params.seed, "chunks", "matching", row)
        name = "density" if row == "parse" else "untrained"
        tables.append(match_members(streams, test, rng).assign(row=name))
    matches = pd.concat(tables, ignore_index=True)
    matches.to_csv(snakemake.output.pairs, index=False, float_format="%.6g")
    summary = summarise_matches(matches)
    summary.to_csv(snakemake.output.summary, index=False, float_format="%.6g")
