"""Draw the context experiment: counts, controls, and the parent word asked for."""

from pathlib import Path

from chunkscope.figures.chunks_context import ContextTables, draw_context
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    kinds = (map(read_table, inputs[kind]) for kind in ("measures", "training", "summary"))
    tables = dict(zip(params.networks, map(ContextTables, *kinds), strict=True))
    published = next(iter(params.published), None)
    figure, data = draw_context(tables, published, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
