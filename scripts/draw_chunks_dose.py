"""Draw the effect of grafts against their strength and their share of units."""

from pathlib import Path

from chunkscope.figures.chunks_dose import draw_dose
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params, inputs = snakemake.params, snakemake.input
    settings = FigureSettings.model_validate(params.figures)
    effects, units = read_table(inputs.effects), read_table(inputs.units)
    figure, data = draw_dose(effects, units, params.run, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
