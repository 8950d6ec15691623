"""Judge the claims about preimages by the rules of the package."""

import pandas as pd

from chunkscope.inversion.claims import Tables, judge_inversion
from chunkscope.jobs import job
from chunkscope.statistics import write_claims
from chunkscope.tables import read_table

inputs, params = snakemake.input, snakemake.params


def by_point(kind):
    """Run -> its tables of a kind, those of all points below one another."""
    files, found = iter(inputs[kind]), {}
    for run, points in params.points.items():
        tables = [read_table(next(files)).assign(point=point) for point in points]
        found[run] = pd.concat(tables, ignore_index=True)
    return found


with job(snakemake.log[0]):
    balls, patches = by_point("balls"), by_point("patches")
    cuts = dict(zip(params.circuits, map(read_table, inputs.cuts), strict=True))
    runs = {
        run: Tables(
            params.tasks[run],
            read_table(learning),
            balls[run],
            patches[run],
            read_table(quality),
            cuts.get(run),
        )
        for run, learning, quality in zip(
            params.points, inputs.learning, inputs.quality, strict=True
        )
    }
    write_claims(judge_inversion(runs, params.learned), snakemake.output[0])
