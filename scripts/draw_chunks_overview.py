"""Draw page one: from a sequence to activity, states and chunks, and back by a graft."""

from pathlib import Path

import numpy as np

from chunkscope.chunks.extraction import Stream
from chunkscope.figures.chunks_overview import STEPS, draw_overview
from chunkscope.figures.passage import read_passage
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params, inputs = snakemake.params, snakemake.input
    settings = FigureSettings.model_validate(params.figures)
    with ActivationStore.open(inputs.store) as store, np.load(inputs.parse) as parse:
        stream = Stream.from_arrays(parse, f"density/seed{store.seeds[0]}")
        passage = read_passage(store, stream, store.seeds[0], params.site, STEPS)
    grafts = tuple(map(read_table, inputs.interventions)) or None
    alignment = read_table(inputs.alignment)
    figure, data = draw_overview(passage, alignment, grafts, params.run, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
