"""Probe a run for every feature of its store, beside floors, ceilings and nulls."""

from dataclasses import fields

from pydantic import TypeAdapter

from chunkscope.grammars import GrammarSettings
from chunkscope.jobs import job
from chunkscope.probing.scoring import Study
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.study import probe_run
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = ProbingSettings.model_validate(params.probing)
    source = TypeAdapter(GrammarSettings).validate_python(params.source)
    study = Study(settings, params.seed, snakemake.wildcards.run)
    with (
        ActivationStore.open(inputs.store) as trained,
        ActivationStore.open(inputs.untrained_store) as untrained,
    ):
        tables = probe_run(trained, untrained, source, study)
    for field in fields(tables):
        table = getattr(tables, field.name)
        table.to_csv(snakemake.output[field.name], index=False, float_format="%.6g")
