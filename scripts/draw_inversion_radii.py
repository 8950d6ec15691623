"""Draw what members of balls share against the size of the balls, for every run."""

from pathlib import Path

from chunkscope.figures.inversion_members import join_points
from chunkscope.figures.inversion_radii import draw_radii
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = join_points(snakemake.params.runs, map(read_table, snakemake.input.retention))
    figure, data = draw_radii(tables, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
