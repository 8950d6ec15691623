"""Draw scores of units along training."""

from pathlib import Path

from chunkscope.figures.neurons_looks import Runs
from chunkscope.figures.neurons_training import draw_training
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    runs = Runs(params.architectures, params.pairs)
    figure, data = draw_training(
        read_table(inputs.tracing), read_table(inputs.comparison), runs, settings
    )
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
