"""Probe a run at every kept checkpoint of its training."""

from contextlib import ExitStack

from chunkscope.jobs import job
from chunkscope.probing.scoring import Study
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.tracing.settings import TracingSettings
from chunkscope.probing.tracing.study import summary_of_tracing, trace_run
from chunkscope.store import ActivationStore

with job(snakemake.log[0]), ExitStack() as opened:
    params = snakemake.params
    settings = ProbingSettings.model_validate(params.probing)
    tracing = TracingSettings.model_validate(params.tracing)
    study = Study(settings, params.seed, snakemake.wildcards.run)
    stores = {
        step: opened.enter_context(ActivationStore.open(path))
        for step, path in zip(params.steps, snakemake.input.stores, strict=True)
    }
    scores = trace_run(stores, study, tracing)
    for name, table in {"scores": scores, "summary": summary_of_tracing(scores)}.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
