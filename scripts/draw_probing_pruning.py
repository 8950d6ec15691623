"""Draw what probes lose as units are taken away."""

from pathlib import Path

from chunkscope.figures.probing_pruning import draw_pruning
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input.summaries)
    runs = dict(zip(snakemake.params.runs, tables, strict=True))
    figure, data = draw_pruning(read_table(snakemake.input.planted), runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
