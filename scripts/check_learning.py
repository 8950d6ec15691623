"""Say how many inputs a network answers, at every checkpoint, or how far it is from the ideal."""

from pathlib import Path

import pandas as pd
import torch

from chunkscope.grammars import Corpus
from chunkscope.inversion.answered import answered
from chunkscope.inversion.learning import COLUMNS, answer_rows, excess_rows
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import checkpoint_steps, from_pretrained
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    directory = Path(snakemake.input.config).parent
    corpus, training = Corpus.load(snakemake.input.recording), read_table(snakemake.input.training)
    if corpus.scored is None:
        rows = list(excess_rows(training, len(corpus.tokens)))
    else:
        labels = {kind: values[:, 0] for kind, values in corpus.labels.items()}
        rows = [
            row
            for step in checkpoint_steps(directory)
            for row in answer_rows(step, answered(from_pretrained(directory, step), corpus), labels)
        ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table.to_csv(snakemake.output.learning, index=False, float_format="%.6g")
