"""Choose units of a run to look at, with what they do and what is said of them."""

from chunkscope.jobs import job
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.neurons.showing import show_run, write_shown
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = NeuronSettings.model_validate(params.neurons)
    tables = {name: read_table(inputs[name]) for name in ("scores", "units", "labels")}
    with ActivationStore.open(inputs.store) as store:
        shown = show_run(store, settings, params.seed, tables, inputs.explanations)
    write_shown(shown, snakemake.output[0])
