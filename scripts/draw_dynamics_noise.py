"""Draw what noise does to how alike systems are."""

from pathlib import Path

from chunkscope.figures.dynamics_noise import draw_noise
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    figure, data = draw_noise(read_table(snakemake.input.pairs), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
