"""Draw how far each group is from networks that learned the task alone."""

from pathlib import Path

from chunkscope.dynamics.tasks.claims import read_cells
from chunkscope.figures.dynamics_groups import draw_groups
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    cells = read_cells(params.cells, params.recurrent, inputs)
    figure, data = draw_groups(cells, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
