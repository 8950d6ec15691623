"""Draw how alike runs are through their training."""

from pathlib import Path

from chunkscope.figures.dynamics_runs import draw_runs
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params = snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    figure, data = draw_runs(read_table(snakemake.input.distances), params.starts, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
