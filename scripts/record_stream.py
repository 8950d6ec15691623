"""Record runs, at every step that was kept, on the sequences that all compared runs read."""

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
    folders = {Path(file).parent.name: Path(file).parent for file in snakemake.input.networks}
    corpus = Corpus.load(snakemake.input.recording)
    for (run, step), store in zip(params.checkpoints, snakemake.output, strict=True):
        network = from_pretrained(folders[run], step)
        if network.symbols != corpus.symbols:
            raise NetworkError(
                f"runs.{run}: reads the symbols {list(network.symbols)}; the runs of the study "
                f"dynamics all read {list(corpus.symbols)}, those of the first: give it a corpus "
                "of these, or leave dynamics out of its studies"
            )
        record_activations(
            network,
            corpus,
            params.train_sequences,
            [params.site],
            store,
            StoreSettings.model_validate(params.store),
            attributes={"run": run, "step": step, "code_fingerprint": params.code},
            device=pick_device(params.device),
        )
