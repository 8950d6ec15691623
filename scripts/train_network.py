"""Train the seeds of a run as one batch, and try their recall."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import torch
from pydantic import TypeAdapter

from chunkscope.errors import NetworkError
from chunkscope.grammars import Corpus
from chunkscope.jobs import job, timed
from chunkscope.networks.building import build
from chunkscope.networks.checkpoints import from_pretrained, save_checkpoints, save_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.networks.recall import recall_words
from chunkscope.networks.settings import NetworkSettings, TrainingSettings
from chunkscope.networks.training import train
from chunkscope.randomness import integer_seed, stream

RECALLED_PER_WORD = 16

with job(snakemake.log[0]), timed(snakemake.output.timing):
    torch.set_num_threads(snakemake.threads)
    run, seed, params = snakemake.params.run, snakemake.params.seed, snakemake.params
    training, recording = (Corpus.load(snakemake.input[key]) for key in ("training", "recording"))
    network = build(
        TypeAdapter(NetworkSettings).validate_python(params.network),
        len(training.symbols),
        [integer_seed(seed, "weights", run, member) for member in range(params.seeds)],
        training.symbols,
    )
    if snakemake.input.start:
        start = from_pretrained(Path(snakemake.input.start[0]).parent)
        if start.symbols != network.symbols:
            raise NetworkError(
                f"runs.{run}.start: reads the symbols {list(start.symbols)}, and this run "
                f"{list(network.symbols)}; give both corpora the same symbols"
            )
        network.load_state_dict(start.state_dict())
    begun = hashlib.sha256(b"".join(Path(file).read_bytes() for file in snakemake.input.start))
    identity = json.dumps(
        [run, seed, dict(params.items()), begun.hexdigest()], sort_keys=True, default=str
    )
    history = train(
        network,
        training.tokens,
        TrainingSettings.model_validate(params.training),
        [integer_seed(seed, "windows", run, member) for member in range(params.seeds)],
        validation=recording.tokens,
        scored=training.scored,
        validation_scored=recording.scored,
        device=pick_device(params.device),
        resume_dir=Path("work/training") / hashlib.sha256(identity.encode()).hexdigest()[:16],
    )
    network.to("cpu")
    save_pretrained(network, Path(snakemake.output.model).parent)
    save_checkpoints(history.checkpoints, snakemake.output.checkpoints)
    table = pd.DataFrame(history.columns())
    table["seed"] = table["seed"].map({seed: at for at, seed in enumerate(network.seeds)})
    table["bayes_loss"], table["bayes_accuracy"] = recording.bayes_loss, recording.bayes_accuracy
    table.to_csv(snakemake.output.training, index=False, float_format="%.6g")
    recalled = []
    tried = history.checkpoints if recording.parsed else {}  # a text has no words to complete
    for step, weights in tried.items():
        network.load_state_dict(weights)
        rng = stream(seed, "recall", run)
        rows = recall_words(network, recording, RECALLED_PER_WORD, rng)
        recalled += [{"step": step, **row} for row in rows]
    columns = ["step", "seed", "word", "cue", "n", "recalled"]
    pd.DataFrame(recalled, columns=columns).to_csv(snakemake.output.recall, index=False)
