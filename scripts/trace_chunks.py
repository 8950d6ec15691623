"""Follow the dictionary of a run through its training: when does each word appear?"""

import numpy as np
import pandas as pd

from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.tracing import (
    WORD_COLUMNS,
    first_appearance,
    trace_dictionary,
    trace_words,
)
from chunkscope.jobs import job
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    with ActivationStore.open(snakemake.input.store) as store:
        labels = {kind: store.labels(kind) for kind in ("word", "boundary")}
        names, test = store.label_names("word"), ~store.is_train
    measures, words = [], []
    for step, path in zip(snakemake.params.steps, snakemake.input.parses, strict=True):
        with np.load(path) as parse:
            for member in range(snakemake.params.members):
                stream = Stream.from_arrays(parse, f"density/seed{member}")
                key = {"seed": member, "step": step}
                found = trace_dictionary(stream, labels, test)
                measures += [{**key, "measure": name, "value": v} for name, v in found.items()]
                words += [{**key, **row} for row in trace_words(stream, labels, test, names)]
        print(f"step {step}: traced")
    words = pd.DataFrame(words, columns=WORD_COLUMNS)
    for name, table in {
        "measures": pd.DataFrame(measures),
        "words": words,
        "appearance": first_appearance(words),
    }.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
