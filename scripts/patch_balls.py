"""Put members of balls, and inputs beyond them, in the place of queries."""

from pathlib import Path

import torch

from chunkscope.grammars import Inputs
from chunkscope.inversion.donor_settings import DonorSettings
from chunkscope.inversion.donors import functional_radii, patch_balls
from chunkscope.inversion.learning import learned_members
from chunkscope.inversion.reading import Reading
from chunkscope.inversion.settings import InversionSettings
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    given, params = snakemake.input, snakemake.params
    settings = InversionSettings.model_validate(params.inversion)
    donors = DonorSettings.model_validate(params.donors)
    members = learned_members(read_table(given.learning), params.learned, settings.compared)
    reading = Reading(
        Inputs.load(given.inputs),
        snakemake.wildcards.point,
        tuple(params.sites),
        settings,
        params.seed,
    )
    with ActivationStore.open(given.store) as store:
        patches = patch_balls(
            store, from_pretrained(Path(given.config).parent), members, reading, donors
        )
    patches.to_csv(snakemake.output.patches, index=False, float_format="%.6g")
    radii = functional_radii(patches, donors.kept)
    radii.to_csv(snakemake.output.radii, index=False, float_format="%.6g")
