"""Draw how well probes of few units tell each kind of feature, for every run."""

from pathlib import Path

from chunkscope.figures.probing_sparsity import draw_sparsity
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = map(read_table, snakemake.input.scores)
    figure, data = draw_sparsity(dict(zip(snakemake.params.runs, tables, strict=True)), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
