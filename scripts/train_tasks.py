"""Train every group of one architecture on the composed task and on its parts."""

from pathlib import Path

import torch

from chunkscope.dynamics.tasks.settings import TaskStudySettings
from chunkscope.dynamics.tasks.study import run_tasks
from chunkscope.jobs import job, timed
from chunkscope.networks.checkpoints import save_checkpoints, save_pretrained

with job(snakemake.log[0]), timed(snakemake.output.timing):
    torch.set_num_threads(snakemake.threads)
    settings = TaskStudySettings.model_validate(snakemake.params.tasks)
    study = run_tasks(settings, snakemake.params.cell, snakemake.params.seed)
    folder = Path(snakemake.output.learning).parent
    for group, networks in study.networks.items():
        save_pretrained(networks[100], folder / group)
        weights = {  # copies, since the untrained network is the same at every share
            share: {name: weight.clone() for name, weight in network.state_dict().items()}
            for share, network in networks.items()
        }
        save_checkpoints(weights, folder / group / "checkpoints.safetensors")
    study.table.to_csv(snakemake.output.learning, index=False, float_format="%.6g")
