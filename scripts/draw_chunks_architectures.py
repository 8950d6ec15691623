"""Draw the experiments of the chunk papers on every network beside one another."""

from pathlib import Path

from chunkscope.experiments.hierarchy.settings import VERSIONS
from chunkscope.figures.architectures import Networks
from chunkscope.figures.chunks_architectures import draw_architectures
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table


def by_network(kind):
    """Network -> its table of a kind."""
    return dict(zip(params.networks[kind], map(read_table, inputs[kind]), strict=True))


with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    tables = iter(map(read_table, inputs.hierarchy))
    networks = Networks(
        **{kind: by_network(kind) for kind in ("effects", "decoding", "transfer", "context")},
        hierarchy={
            name: {version: next(tables) for version in VERSIONS}
            for name in params.networks["hierarchy"]
        },
        published=params.published,
    )
    settings = FigureSettings.model_validate(params.figures)
    figure, data = draw_architectures(networks, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
