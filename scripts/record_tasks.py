"""Record what the groups of one architecture do in the probe trials, and how well they decide."""

from pathlib import Path

import pandas as pd
import torch

from chunkscope.dynamics.tasks.learning import decision_accuracy
from chunkscope.dynamics.tasks.recording import write_probe
from chunkscope.dynamics.tasks.settings import TaskStudySettings
from chunkscope.dynamics.tasks.study import draw_probe, draw_test
from chunkscope.grammars.decisions import MASTER, RULES
from chunkscope.jobs import job, timed
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.store.settings import StoreSettings

with job(snakemake.log[0]), timed(snakemake.output.timing):
    torch.set_num_threads(snakemake.threads)
    params, folder = snakemake.params, Path(snakemake.output.accuracy).parent
    settings = TaskStudySettings.model_validate(params.tasks)
    probe = draw_probe(settings, params.seed)
    test = draw_test(settings, params.seed)[RULES.index(MASTER)]
    rows = []
    for group in params.groups:
        for share in settings.shares:
            network = from_pretrained(folder / group, share)
            write_probe(
                network,
                probe,
                settings.compared.site,
                folder / f"{group}@{share}.zarr.zip",
                StoreSettings.model_validate(params.store),
                {"group": group, "share": share, "code_fingerprint": params.code},
            )
            accuracy = decision_accuracy(network, [test] * len(network.seeds)).tolist()
            rows += [
                {"group": group, "share": share, "seed": seed, "accuracy": value}
                for seed, value in enumerate(accuracy)
            ]
    pd.DataFrame(rows).to_csv(snakemake.output.accuracy, index=False, float_format="%.6g")
