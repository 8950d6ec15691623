"""Draw how far the dictionaries of a run's seeds are the same."""

from pathlib import Path

from chunkscope.figures.chunks_matching import draw_matching
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input.summaries)
    summaries = dict(zip(snakemake.params.runs, tables, strict=True))
    figure, data = draw_matching(summaries, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
