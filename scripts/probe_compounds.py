"""Probe a run for the compounds of its corpus, and see what drives the units that tell them."""

from pydantic import TypeAdapter

from chunkscope.grammars import GrammarSettings
from chunkscope.jobs import job
from chunkscope.probing.compounds.study import probe_compounds
from chunkscope.probing.settings import ProbingSettings
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    source = TypeAdapter(GrammarSettings).validate_python(params.source)
    probing = ProbingSettings.model_validate(params.probing)
    with (
        ActivationStore.open(inputs.store) as trained,
        ActivationStore.open(inputs.untrained_store) as untrained,
    ):
        tables = probe_compounds(
            trained, untrained, source, probing, params.seed, snakemake.wildcards.run
        )
    for name, table in tables.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
