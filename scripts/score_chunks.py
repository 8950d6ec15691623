"""Score every reading of a run against the true parse."""

import numpy as np
import pandas as pd

from chunkscope.chunks.alignment import align_states
from chunkscope.chunks.decoding import decoding_rows
from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.scoring import Truth, score_stream, seed_agreement, summary, tidy
from chunkscope.jobs import job
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    site, seed = snakemake.params.site, integer_seed(snakemake.params.seed, "chunks", "scores")
    rows, decoding, alignment = [], [], []
    with (
        ActivationStore.open(snakemake.input.store) as store,
        ActivationStore.open(snakemake.input.untrained_store) as untrained_store,
        np.load(snakemake.input.parse) as parse,
        np.load(snakemake.input.untrained_parse) as untrained_parse,
    ):
        labels = {kind: store.labels(kind) for kind in store.label_kinds}
        truth = Truth(store.tokens(), labels, store.next_distribution(), store.is_train)
        streams = {}
        for member in store.seeds:
            activations = {
                "density": store.activations(member, site),
                "untrained": untrained_store.activations(member, site),
            }
            for row in ("density", "untrained", "shuffled", "kmeans"):
                source = untrained_parse if row == "untrained" else parse
                name = "density" if row == "untrained" else row
                stream = Stream.from_arrays(source, f"{name}/seed{member}")
                streams.setdefault(row, {})[member] = stream
                scores = score_stream(stream, truth, activations.get(row), seed)
                rows.extend(tidy(row, member, scores))
            states = streams["density"][member].parse.states
            found = decoding_rows(activations["density"], truth.tokens, states, truth.train)
            decoding.extend({"seed": member, **row} for row in found)
            aligned = align_states(
                states[~truth.train], labels["state"][~truth.train], store.label_names("state")
            )
            alignment.append(aligned.assign(seed=member))
            print(f"seed {member}: scored")
        raw = Stream.from_arrays(parse, "byte_pairs/seed0")
        rows.extend(tidy("byte_pairs", 0, score_stream(raw, truth, None, seed)))
    for row in ("density", "untrained", "kmeans"):
        for member, value in seed_agreement(streams[row], ~truth.train).items():
            rows.extend(tidy(row, member, {"seed_agreement": value}))
    sweep = pd.read_csv(snakemake.input.sweep).query("chosen")
    for member, value in zip(sweep["seed"], sweep["stability"], strict=True):
        rows.extend(tidy("density", member, {"subsample_agreement": value}))
    table = pd.DataFrame(rows)
    for path, content in {
        snakemake.output.scores: table,
        snakemake.output.summary: summary(table),
        snakemake.output.decoding: pd.DataFrame(decoding),
        snakemake.output.alignment: pd.concat(alignment, ignore_index=True),
    }.items():
        content.to_csv(path, index=False, float_format="%.6g")
