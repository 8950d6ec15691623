"""Draw a corpus: sequences to train on, and fresh ones to record on."""

from pydantic import TypeAdapter

from chunkscope.grammars import GrammarSettings
from chunkscope.jobs import job
from chunkscope.randomness import stream

with job(snakemake.log[0]):
    name, settings = snakemake.wildcards.corpus, snakemake.params.corpus
    grammar = TypeAdapter(GrammarSettings).validate_python(settings["source"])
    training, recording = settings["training"], settings["recording"]
    grammar.sample(
        stream(snakemake.params.seed, "corpus", name, "training"),
        training["sequences"],
        training["length"],
    ).save(snakemake.output.training)
    grammar.sample(
        stream(snakemake.params.seed, "corpus", name, "recording"),
        recording["train"] + recording["test"],
        recording["length"],
    ).save(snakemake.output.recording)
