"""Draw the best single unit of every feature, for every run, beside floors and ceiling."""

from pathlib import Path

from chunkscope.figures.probing_units import draw_units
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings, runs = FigureSettings.model_validate(snakemake.params.figures), snakemake.params.runs
    units, scores = (
        dict(zip(runs, map(read_table, paths), strict=True))
        for paths in (snakemake.input.units, snakemake.input.scores)
    )
    figure, data = draw_units(units, scores, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
