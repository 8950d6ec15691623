"""Score every reading of a run against the true parse."""

import numpy as np
import pandas as pd

from chunkscope.chunks.alignment import align_states
from chunkscope.chunks.comparison import Comparison
from chunkscope.chunks.decoding import decoding_rows
from chunkscope.chunks.scoring import (
    Truth,
    member_streams,
    score_agreement,
    score_member,
    summary,
)
from chunkscope.chunks.settings import ChunkSettings
from chunkscope.jobs import job
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, settings = snakemake.input, ChunkSettings.model_validate(snakemake.params.chunks)
    seed = integer_seed(snakemake.params.seed, "chunks", "scores")
    rows, decoding, alignment, streams = [], [], [], {}
    with (
        ActivationStore.open(inputs.store) as store,
        ActivationStore.open(inputs.untrained_store) as untrained_store,
        np.load(inputs.parse) as parse,
        np.load(inputs.untrained_parse) as untrained_parse,
    ):
        labels = {kind: store.labels(kind) for kind in store.label_kinds}
        truth = Truth(store.tokens(), labels, store.next_distribution(), store.is_train)
        test, names = ~truth.train, store.label_names("state")
        comparison = Comparison(settings, truth.tokens, truth.train, snakemake.params.seed)
        for member in store.seeds:
            activations = {
                "density": store.activations(member, settings.site),
                "untrained": untrained_store.activations(member, settings.site),
            }
            streams[member] = member_streams(parse, untrained_parse, member)
            if "averaging" in settings.extractors and member in store.seeds[: settings.compared]:
                averaged = comparison.average(activations["density"], labels["state"], member)
                streams[member]["averaging"] = averaged
            rows += score_member(streams[member], truth, activations, member, seed)
            states = streams[member]["density"].parse.states
            found = decoding_rows(
                activations["density"],
                truth.tokens,
                states,
                truth.train,
                settings.symbolic.levels,
                settings.remembered,
            )
            decoding += [{"seed": member, **row} for row in found]
            aligned = align_states(states[test], labels["state"][test], names)
            alignment.append(aligned.assign(seed=member))
            print(f"seed {member}: scored")
    rows += score_agreement(streams, read_table(inputs.sweep), test)
    scores = pd.DataFrame(rows)
    for name, table in {
        "scores": scores,
        "summary": summary(scores),
        "decoding": pd.DataFrame(decoding),
        "alignment": pd.concat(alignment, ignore_index=True),
    }.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
