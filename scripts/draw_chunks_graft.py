"""Draw what grafts and their controls make a network expect, and how often they succeed."""

from pathlib import Path

from chunkscope.figures.chunks_graft import draw_graft
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params, inputs = snakemake.params, snakemake.input
    settings = FigureSettings.model_validate(params.figures)
    effects, distributions, alignment = map(
        read_table, (inputs.effects, inputs.distributions, inputs.alignment)
    )
    figure, data = draw_graft(effects, distributions, alignment, params.run, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
