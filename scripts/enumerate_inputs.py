"""Enumerate the inputs of a corpus, or draw a sample where they are too many."""

from pydantic import TypeAdapter

from chunkscope.grammars import GrammarSettings, inputs_of
from chunkscope.inversion.settings import InputSettings
from chunkscope.jobs import job
from chunkscope.randomness import stream

with job(snakemake.log[0]):
    params = snakemake.params
    settings = InputSettings.model_validate(params.inputs)
    inputs = inputs_of(
        TypeAdapter(GrammarSettings).validate_python(params.source),
        settings.longest,
        settings.enumerated,
        settings.sample,
        stream(params.seed, "inputs", snakemake.wildcards.corpus),
    )
    print(f"{len(inputs):,} inputs, {'all there are' if inputs.drawn is None else 'drawn'}")
    inputs.save(snakemake.output.inputs)
