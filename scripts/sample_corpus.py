"""Draw a corpus: sequences to train on, and fresh ones to record on."""

from functools import partial

from pydantic import TypeAdapter

from chunkscope.grammars import GrammarSettings
from chunkscope.jobs import job
from chunkscope.randomness import stream

with job(snakemake.log[0]):
    name, settings = snakemake.wildcards.corpus, snakemake.params.corpus
    source = TypeAdapter(GrammarSettings).validate_python(settings["source"])
    training, recording = source.split(
        partial(stream, snakemake.params.seed, "corpus", name),
        tuple(settings["training"][key] for key in ("sequences", "length")),
        tuple(settings["recording"][key] for key in ("train", "test", "length")),
    )
    for what, value in recording.provenance.items():
        print(f"{what}: {value}")
    training.save(snakemake.output.training)
    recording.save(snakemake.output.recording)
