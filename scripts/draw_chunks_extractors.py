"""Draw all extractors beside one another, on every run."""

from pathlib import Path

from chunkscope.figures.chunks_extractors import draw_extractors
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    figure, data = draw_extractors(read_table(snakemake.input.extractors), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
