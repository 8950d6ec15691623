"""Draw superposition: built, learnt by a toy model, and its fingerprint in transformers."""

from pathlib import Path

import pandas as pd

from chunkscope.figures.probing_superposition import draw_superposition
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.probing.superposition.tables import SuperpositionTables

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    names = ("circle", "crowd", "codes", "models", "toy")
    tables = SuperpositionTables(*(pd.read_csv(inputs[name]) for name in names))
    fingerprints = dict(zip(params.runs, map(pd.read_csv, inputs.fingerprints), strict=True))
    figure, data = draw_superposition(tables, fingerprints, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
