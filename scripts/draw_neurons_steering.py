"""Draw what steering by units and by states does to predictions."""

from pathlib import Path

from chunkscope.figures.neurons_steering import draw_steering
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    runs = zip(snakemake.params.runs, snakemake.input, strict=True)
    figure, data = draw_steering({run: read_table(file) for run, file in runs}, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
