"""Draw scores of units by layer."""

from pathlib import Path

from chunkscope.figures.neurons_layers import draw_layers
from chunkscope.figures.neurons_looks import Runs
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    runs = Runs(params.architectures, params.pairs)
    figure, data = draw_layers(read_table(inputs.summary), runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
