"""Draw what probes lose as units are taken away."""

from pathlib import Path

import pandas as pd

from chunkscope.figures.probing_pruning import draw_pruning
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(pd.read_csv, snakemake.input.summaries)
    runs = dict(zip(snakemake.params.runs, tables, strict=True))
    figure, data = draw_pruning(pd.read_csv(snakemake.input.planted), runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
