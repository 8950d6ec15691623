"""Draw the context units of every run, and what their ablation costs."""

from pathlib import Path

from chunkscope.figures.probing_ablation import AblationTables, draw_ablation
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    kinds = ("units", "summary", "histograms", "quantiles")
    tables = [map(read_table, snakemake.input[kind]) for kind in kinds]
    runs = {
        run: AblationTables(*of_run)
        for run, *of_run in zip(snakemake.params.runs, *tables, strict=True)
    }
    figure, data = draw_ablation(runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
