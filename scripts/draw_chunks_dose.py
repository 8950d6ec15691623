"""Draw the effect of an intervention against its strength, its controls beside it."""

from pathlib import Path

import pandas as pd

from chunkscope.figures.chunks_graft import draw_dose
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    effects = pd.read_csv(snakemake.input.effects)
    figure, data = draw_dose(effects, snakemake.params.run, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
