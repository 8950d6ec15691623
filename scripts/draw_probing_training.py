"""Draw the probes of runs through their training."""

from pathlib import Path

from chunkscope.figures.probing_training import draw_training
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    summaries, losses = (
        dict(zip(snakemake.params.runs, map(read_table, snakemake.input[kind]), strict=True))
        for kind in ("summaries", "training")
    )
    figure, data = draw_training(summaries, losses, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
