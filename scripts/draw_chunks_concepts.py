"""Draw how well every detector finds words, by site and by offset."""

from pathlib import Path

from chunkscope.figures.chunks_concepts import draw_concepts
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input)
    figure, data = draw_concepts(dict(zip(snakemake.params.runs, tables, strict=True)), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
