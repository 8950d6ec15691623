"""Draw the dictionary of networks through their training."""

from pathlib import Path

from chunkscope.figures.chunks_tracing import draw_tracing
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, runs = snakemake.input, snakemake.params.runs
    settings = FigureSettings.model_validate(snakemake.params.figures)
    measures, words, losses = (
        dict(zip(runs, map(read_table, inputs[kind]), strict=True))
        for kind in ("measures", "words", "training")
    )
    figure, data = draw_tracing(measures, words, losses, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
