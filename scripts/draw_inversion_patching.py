"""Draw what activity does in the place of a query's, and which sites carry a feature."""

from pathlib import Path

from chunkscope.figures.inversion_patching import draw_patching, stack_points
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    settings = FigureSettings.model_validate(params.figures)
    patches, radii = (
        stack_points(params.places, map(read_table, paths))
        for paths in (given.patches, given.radii)
    )
    cumulative, cuts = (
        dict(zip(params.circuits, map(read_table, paths), strict=True))
        for paths in (given.cumulative, given.cuts)
    )
    figure, data = draw_patching(patches, radii, cumulative, cuts, params.radius, settings)
    save_figure(figure, data, Path(snakemake.output.png).with_suffix(""), settings)
