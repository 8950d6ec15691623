"""Draw the measures of the hierarchy experiment against level, and the ways to merge."""

from pathlib import Path

from chunkscope.experiments.hierarchy.settings import VERSIONS
from chunkscope.figures.chunks_hierarchy import draw_hierarchy
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    measures = dict(zip(VERSIONS, map(read_table, inputs.measures), strict=True))
    tables = iter(map(read_table, inputs.correlations))
    correlations = {name: {v: next(tables) for v in VERSIONS} for name in params.networks}
    figure, data = draw_hierarchy(
        params.drawn, measures, correlations, params.repeats_paper, settings
    )
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
