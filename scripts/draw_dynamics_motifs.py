"""Draw how alike compositions of motifs are."""

from pathlib import Path

from chunkscope.figures.dynamics_motifs import draw_motifs
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    figure, data = draw_motifs(read_table(snakemake.input.summary), settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
