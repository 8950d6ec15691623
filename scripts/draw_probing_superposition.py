"""Draw superposition: built, learnt by a toy model, and its fingerprint in transformers."""

from pathlib import Path

from chunkscope.figures.probing_superposition import draw_superposition
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.probing.superposition.tables import SuperpositionTables
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    names = ("circle", "crowd", "codes", "models", "toy")
    tables = SuperpositionTables(*(read_table(inputs[name]) for name in names))
    fingerprints = dict(zip(params.runs, map(read_table, inputs.fingerprints), strict=True))
    figure, data = draw_superposition(tables, fingerprints, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
