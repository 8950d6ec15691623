"""Draw what explains units, by every measure."""

from pathlib import Path

from chunkscope.figures.neurons_explainers import draw_explainers
from chunkscope.figures.neurons_looks import Runs
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    runs = Runs(params.architectures, params.pairs)
    named = zip(params.architectures, inputs.scores, strict=True)
    scores = {run: read_table(file) for run, file in named}
    figure, data = draw_explainers(read_table(inputs.summary), scores, runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
