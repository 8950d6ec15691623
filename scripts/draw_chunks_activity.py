"""Draw the activity of one network with the chunks found above it and the true parse below."""

from pathlib import Path

import numpy as np

from chunkscope.chunks.extraction import Stream
from chunkscope.figures.chunks_activity import draw_activity_figure
from chunkscope.figures.passage import read_passage
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    params, inputs = snakemake.params, snakemake.input
    settings = FigureSettings.model_validate(params.figures)
    with ActivationStore.open(inputs.store) as store, np.load(inputs.parse) as parse:
        stream = Stream.from_arrays(parse, f"density/seed{store.seeds[0]}")
        passage = read_passage(store, stream, store.seeds[0], params.site, settings.steps)
    figure, data = draw_activity_figure(passage, params.run, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
