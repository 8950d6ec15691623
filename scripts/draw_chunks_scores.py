"""Draw the scores of every reading of every run."""

from pathlib import Path

from chunkscope.figures.chunks_scores import draw_scores
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input.summary)
    figure, data = draw_scores(dict(zip(snakemake.params.runs, tables, strict=True)), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
