"""Draw what a decoder says of inputs near a query and far from it."""

from pathlib import Path

from chunkscope.figures.inversion_completeness import draw_completeness
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params = snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    tables = map(read_table, snakemake.input.completeness)
    scatters = dict(zip(params.runs, tables, strict=True))
    figure, data = draw_completeness(scatters, params.radius, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
