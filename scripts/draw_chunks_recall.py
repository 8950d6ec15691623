"""Draw how many cued words each run's networks say to the end."""

from pathlib import Path

from chunkscope.figures.chunks_networks import draw_recall
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input.recall)
    figure, data = draw_recall(dict(zip(snakemake.params.runs, tables, strict=True)), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
