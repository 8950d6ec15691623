"""Draw what a network says when any donor's state meets any input."""

from pathlib import Path

from chunkscope.figures.chunks_matrix import draw_matrix
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params = snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    figure, data = draw_matrix(read_table(snakemake.input.matrix), params.run, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
