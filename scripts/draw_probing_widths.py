"""Draw how few units tell features in networks of several widths."""

from pathlib import Path

from chunkscope.figures.probing_widths import draw_widths
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    trained = [
        read_table(path).assign(width=width)
        for width, path in zip(params.widths, inputs.training, strict=True)
    ]
    figure, data = draw_widths(read_table(inputs.summary), trained, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
