"""Train the decoder of the first member of a run that has learned its task."""

from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from chunkscope.grammars import GrammarSettings, Inputs
from chunkscope.inversion.decoder.files import Trained, save_decoder
from chunkscope.inversion.decoder.readings import read_every_input, read_places
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.inversion.decoder.training import train_decoder
from chunkscope.inversion.learning import learned_members
from chunkscope.inversion.selection import held_out
from chunkscope.inversion.settings import InversionSettings
from chunkscope.jobs import job, timed
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]), timed(snakemake.output.timing):
    torch.set_num_threads(snakemake.threads)
    given, params = snakemake.input, snakemake.params
    settings = InversionSettings.model_validate(params.inversion)
    decoder = DecoderSettings.model_validate(params.decoder)
    members = learned_members(read_table(given.learning), params.learned, settings.compared)
    trained = None
    if members:
        inputs = Inputs.load(given.inputs)
        with ActivationStore.open(given.store) as store:
            places, readings = read_places(store, members[0], params.sites)
        unseen = np.flatnonzero(held_out(inputs, settings.held_out, params.seed))
        source = TypeAdapter(GrammarSettings).validate_python(params.source)
        network = from_pretrained(Path(given.config).parent).select([members[0]])
        inputs, readings, unseen = read_every_input(
            source, network, inputs, readings, places, unseen
        )
        model = train_decoder(
            inputs,
            readings,
            ~np.isin(np.arange(len(inputs)), unseen),
            settings.radius,
            decoder,
            integer_seed(params.seed, "decoder", params.run),
            device=pick_device(params.device),
        )
        trained = Trained(model, members[0], places)
    save_decoder(trained, decoder, Path(snakemake.output.config).parent)
