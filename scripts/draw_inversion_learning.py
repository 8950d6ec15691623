"""Draw whether networks learn their tasks, through training, for every run."""

from pathlib import Path

from chunkscope.figures.inversion_learning import draw_learning
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input.learning)
    figure, data = draw_learning(
        dict(zip(snakemake.params.runs, tables, strict=True)), snakemake.params.learned, settings
    )
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
