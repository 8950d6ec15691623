"""Draw what the prototypes of every run align with, and how many are dead."""

from pathlib import Path

from chunkscope.figures.chunks_prototypes import draw_prototypes
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input)
    figure, data = draw_prototypes(dict(zip(snakemake.params.runs, tables, strict=True)), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
