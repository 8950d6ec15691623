"""Draw learning with a grafted state, and what is left of it without."""

from pathlib import Path

from chunkscope.experiments.transfer.settings import TransferSettings
from chunkscope.figures.chunks_transfer import TransferTables, draw_transfer
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params, inputs = snakemake.params, snakemake.input
    settings = FigureSettings.model_validate(params.figures)
    transfer = TransferSettings.model_validate(params.transfer)
    files = zip(inputs.trials, inputs.outcomes, inputs.summary, strict=True)
    tables = {
        network: TransferTables(*map(read_table, of_network))
        for network, of_network in zip(transfer.networks, files, strict=True)
    }
    figure, data = draw_transfer(tables, transfer, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
