"""Record a run, at one step of its training, on the sequences that all compared runs read."""

from pathlib import Path

import torch

from chunkscope.errors import NetworkError
from chunkscope.grammars import Corpus
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.store.recording import record_activations
from chunkscope.store.settings import StoreSettings

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params = snakemake.params
    step = int(params.at.removeprefix("@step")) if params.at else None
    network = from_pretrained(Path(snakemake.input.config).parent, step)
    corpus = Corpus.load(snakemake.input.recording)
    if network.symbols != corpus.symbols:
        raise NetworkError(
            f"runs.{params.run}: reads the symbols {list(network.symbols)}; the runs of the study "
            f"dynamics all read {list(corpus.symbols)}, those of the first: give it a corpus of "
            "these, or leave dynamics out of its studies"
        )
    record_activations(
        network,
        corpus,
        params.train_sequences,
        [params.site],
        snakemake.output[0],
        StoreSettings.model_validate(params.store),
        attributes={"run": params.run, "step": step, "code_fingerprint": params.code},
        device=pick_device(params.device),
    )
