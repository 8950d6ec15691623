"""Draw how few units tell features in networks of several widths."""

from pathlib import Path

import pandas as pd

from chunkscope.figures.probing_widths import draw_widths
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    trained = [
        pd.read_csv(path).assign(width=width)
        for width, path in zip(params.widths, inputs.training, strict=True)
    ]
    figure, data = draw_widths(pd.read_csv(inputs.summary), trained, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
