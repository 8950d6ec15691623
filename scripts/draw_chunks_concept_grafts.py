"""Draw how often words are said after their concept is grafted, beside every control."""

from pathlib import Path

from chunkscope.figures.chunks_concept_grafts import draw_concept_grafts
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    tables = [map(read_table, snakemake.input[key]) for key in ("grafts", "summary")]
    grafts, summaries = (dict(zip(snakemake.params.runs, each, strict=True)) for each in tables)
    figure, data = draw_concept_grafts(grafts, summaries, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
