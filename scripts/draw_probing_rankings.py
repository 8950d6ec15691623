"""Draw the comparison of rankings on planted supports."""

from pathlib import Path

from chunkscope.figures.probing_rankings import draw_rankings
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    figure, data = draw_rankings(read_table(snakemake.input[0]), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
