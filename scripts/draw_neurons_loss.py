"""Draw losses, and what is known of units."""

from pathlib import Path

from chunkscope.figures.neurons_looks import Runs
from chunkscope.figures.neurons_loss import draw_loss
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    runs = Runs(params.architectures, params.pairs)
    named = zip(params.architectures, inputs.training, strict=True)
    training = {run: read_table(file) for run, file in named}
    figure, data = draw_loss(training, read_table(inputs.facts), runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
