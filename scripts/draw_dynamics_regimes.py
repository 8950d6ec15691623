"""Draw how alike regimes of the Lorenz system are."""

from pathlib import Path

from chunkscope.figures.dynamics_regimes import draw_regimes
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs = snakemake.input
    settings = FigureSettings.model_validate(snakemake.params.figures)
    figure, data = draw_regimes(
        read_table(inputs.summary), read_table(inputs.sensitivity), settings
    )
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
