"""Draw how scores of units are spread."""

from pathlib import Path

from chunkscope.figures.neurons_looks import Runs
from chunkscope.figures.neurons_scores import draw_scores
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.neurons.summary import TRAINED, UNTRAINED
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    runs = Runs(params.architectures, params.pairs)
    trained = zip(params.architectures, inputs.trained, strict=True)
    untrained = zip(params.architectures, inputs.untrained, strict=True)
    scores = {(run, TRAINED): read_table(file) for run, file in trained}
    scores |= {(run, UNTRAINED): read_table(file) for run, file in untrained}
    figure, data = draw_scores(scores, runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
