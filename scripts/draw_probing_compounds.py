"""Draw how few units tell the compounds of every run, and what else drives those units."""

from pathlib import Path

from chunkscope.figures.probing_compounds import CompoundTables, draw_compounds
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    settings = FigureSettings.model_validate(snakemake.params.figures)
    kinds = ("scores", "everywhere", "stimuli", "responses")
    tables = [map(read_table, snakemake.input[kind]) for kind in kinds]
    runs = {
        run: CompoundTables(*of_run)
        for run, *of_run in zip(snakemake.params.runs, *tables, strict=True)
    }
    figure, data = draw_compounds(runs, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
