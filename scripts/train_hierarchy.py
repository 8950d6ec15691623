"""Train the networks of the hierarchy experiment as one batch, each on a corpus of its own."""

from pathlib import Path

import pandas as pd
import torch

from chunkscope.experiments.hierarchy.members import list_members, train_members
from chunkscope.experiments.hierarchy.settings import HierarchySettings
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import save_pretrained
from chunkscope.networks.devices import pick_device

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params, (name, version) = snakemake.params, snakemake.wildcards
    settings = HierarchySettings.model_validate(params.settings)
    members = list_members(settings, name, version, params.seed)
    device = pick_device(params.device)
    network, history = train_members(members, settings, name, version, params.seed, device)
    save_pretrained(network, Path(snakemake.output.model).parent)
    table = pd.DataFrame(history.columns()).drop(columns=["loss", "accuracy"])
    at = table.pop("seed").map({seed: at for at, seed in enumerate(network.seeds)})
    table.insert(0, "level", [members[index].level for index in at])
    table.insert(1, "network", [members[index].number for index in at])
    table.to_csv(snakemake.output.training, index=False, float_format="%.6g")
