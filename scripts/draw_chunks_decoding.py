"""Draw how well the symbol that is read is decoded from the state, and where in time it fails."""

from pathlib import Path

import numpy as np

from chunkscope.chunks.extraction import Stream
from chunkscope.figures.chunks_decoding import decode_steps, draw_decoding
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params, inputs = snakemake.params, snakemake.input
    settings = FigureSettings.model_validate(params.figures)
    with ActivationStore.open(inputs.store) as store, np.load(inputs.parse) as parse:
        member = store.seeds[0]
        states = Stream.from_arrays(parse, f"density/seed{member}").parse.states
        decoded = decode_steps(store, states, member, params.site, settings.steps)
    figure, data = draw_decoding(read_table(inputs.decoding), decoded, params.run, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
