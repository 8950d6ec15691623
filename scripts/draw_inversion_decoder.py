"""Draw how well a decoder's draws stand for preimages that are known."""

from pathlib import Path

from chunkscope.figures.inversion_decoder import draw_decoder
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params = snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    tables = map(read_table, snakemake.input.quality)
    quality = dict(zip(params.runs, tables, strict=True))
    figure, data = draw_decoder(quality, params.samples, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
