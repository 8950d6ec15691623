"""Take a ready network into the workflow: where it is, what its files are, what it recalls."""

from pathlib import Path

import pandas as pd
import torch

from chunkscope.grammars import Corpus
from chunkscope.jobs import job, timed
from chunkscope.networks.checkpoints import save_reference
from chunkscope.networks.huggingface import HuggingFace
from chunkscope.networks.recall import recall_words
from chunkscope.networks.settings import HuggingFaceSettings
from chunkscope.networks.training import evaluate
from chunkscope.randomness import integer_seed, stream

RECALLED_PER_WORD = 16
TRAINING = ["step", "seed", "training_loss", "loss", "accuracy", "bayes_loss", "bayes_accuracy"]
RECALL = ["step", "seed", "word", "cue", "n", "recalled"]

with job(snakemake.log[0]), timed(snakemake.output.timing):
    torch.set_num_threads(snakemake.threads)
    run, seed = snakemake.wildcards.run, snakemake.params.seed
    corpus = Corpus.load(snakemake.input.recording)
    network = HuggingFace.open(
        HuggingFaceSettings.model_validate(snakemake.params.network),
        corpus.symbols,
        integer_seed(seed, "weights", run, 0),
    )
    save_reference(network, Path(snakemake.output.config).parent)
    history, recalled = [], []
    if corpus.parsed and network.predicts:  # of a text the ideal is not known, nor is its parse
        (loss,), (accuracy,) = evaluate(network, corpus.tokens)
        history = [[0, 0, None, loss, accuracy, corpus.bayes_loss, corpus.bayes_accuracy]]
        rng = stream(seed, "recall", run)
        rows = recall_words(network, corpus, RECALLED_PER_WORD, rng)
        recalled = [{"step": 0, **row} for row in rows]
    training = pd.DataFrame(history, columns=TRAINING)
    training.to_csv(snakemake.output.training, index=False, float_format="%.6g")
    pd.DataFrame(recalled, columns=RECALL).to_csv(snakemake.output.recall, index=False)
