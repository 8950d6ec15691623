"""Draw inputs for every query at every site, and say how well they stand for its preimage."""

from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from chunkscope.grammars import GrammarSettings, Inputs
from chunkscope.inversion.decoder.files import load_decoder
from chunkscope.inversion.decoder.readings import read_every_input, read_places
from chunkscope.inversion.decoder.report import score_decoder
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.inversion.decoder.study import Study
from chunkscope.inversion.selection import choose_unseen
from chunkscope.inversion.settings import InversionSettings
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    given, params = snakemake.input, snakemake.params
    settings = InversionSettings.model_validate(params.inversion)
    trained, inputs = load_decoder(Path(given.decoder).parent), Inputs.load(given.inputs)
    study = readings = None
    if trained is not None:
        source = TypeAdapter(GrammarSettings).validate_python(params.source)
        network = from_pretrained(Path(given.config).parent).select([trained.member])
        chosen = (settings.held_out, settings.queries, params.seed)
        queries = choose_unseen(inputs, *chosen, "test")
        validation = choose_unseen(inputs, *chosen, "validation")
        with ActivationStore.open(given.store) as store:
            places, readings = read_places(store, trained.member, params.sites)
        inputs, readings, asked = read_every_input(
            source, network, inputs, readings, places, np.concatenate([queries, validation])
        )
        queries, validation = np.split(asked, [len(queries)])
        study = Study(
            trained,
            DecoderSettings.model_validate(params.decoder),
            settings.radius,
            network,
            source,
            inputs,
            queries,
            validation,
            integer_seed(params.seed, "draws", snakemake.wildcards.run),
        )
    tables, draws = score_decoder(study, readings)
    for name, table in tables.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
    with Path(snakemake.output.draws).open("wb") as file:
        np.savez_compressed(file, **draws)
