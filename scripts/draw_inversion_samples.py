"""Draw a query of every run with some of the inputs that were drawn for it."""

from pathlib import Path

from chunkscope.figures.inversion_samples import draw_samples
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params = snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    shown, quality = (
        dict(zip(params.runs, map(read_table, tables), strict=True))
        for tables in (snakemake.input.shown, snakemake.input.quality)
    )
    figure, data = draw_samples(shown, quality, params.radius, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
