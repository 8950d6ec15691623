"""Probe runs that differ in their width alone."""

import pandas as pd

from chunkscope.jobs import job
from chunkscope.probing.scoring import Study
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.widths.settings import WidthsSettings
from chunkscope.probing.widths.study import probe_width, summary_of_widths
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = ProbingSettings.model_validate(params.probing)
    widths = WidthsSettings.model_validate(params.widths_settings)
    tables = []
    for run, width, path, untrained_path in zip(
        params.runs, params.widths, inputs.stores, inputs.untrained_stores, strict=True
    ):
        with (
            ActivationStore.open(path) as trained,
            ActivationStore.open(untrained_path) as untrained,
        ):
            found = probe_width(trained, untrained, Study(settings, params.seed, run), widths)
        tables.append(found.assign(run=run, width=width))
    scores = pd.concat(tables, ignore_index=True)
    for name, table in {"scores": scores, "summary": summary_of_widths(scores)}.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
