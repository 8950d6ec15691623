"""chunkscope: from grammars to figures and a report, every intermediate cached.

snakemake                                  every study of config.yaml
snakemake chunks                           one study: chunks, probing, inversion, dynamics, neurons
snakemake experiments                      the chunk papers' four experiments alone
snakemake --configfile config/quick.yaml   the small profile
"""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

from snakemake.utils import min_version

from chunkscope import config as configuration
from chunkscope.errors import ConfigError
from chunkscope.fingerprint import fingerprint

min_version("9.27")


report: "docs/captions/workflow.rst"


BASE = Path(workflow.basedir)

# a file given with --configfile stands for itself; settings it leaves out take their defaults
if "runs" not in config:

    configfile: str(BASE / "config.yaml")


# Snakemake keeps the last of two equal keys without a word, `read` does not; and where Snakemake
# would show lines of this file beside an exception, `exit` shows the sentences alone
try:
    FILES = [os.path.relpath(file) for file in workflow.configfiles]
    for file in FILES:
        configuration.read(file)
    CONFIG = configuration.check(config, ", ".join(FILES) or "config")
except ConfigError as error:
    sys.exit(str(error))


wildcard_constraints:
    corpus="|".join(map(re.escape, CONFIG.corpora)),
    run="|".join(map(re.escape, CONFIG.runs)),
    at=r"(@step\d+)?",


include: "rules/common.smk"
include: "rules/corpora.smk"
include: "rules/networks.smk"
include: "rules/activations.smk"
include: "rules/interventions.smk"
include: "rules/concepts.smk"
include: "rules/prototypes.smk"


# an experiment that is not configured has no rules
if CONFIG.experiments.transfer:

    include: "rules/transfer.smk"


if CONFIG.experiments.context:

    include: "rules/context.smk"


if CONFIG.experiments.hierarchy:

    include: "rules/hierarchy.smk"


include: "rules/chunks.smk"


if runs_with("chunks"):

    include: "rules/figures.smk"


if probed_at_all():

    include: "rules/probing.smk"


if runs_with("inversion"):

    include: "rules/inversion.smk"


if compared_at_all():

    include: "rules/dynamics.smk"


if runs_with("neurons"):

    include: "rules/neurons.smk"


include: "rules/report.smk"


rule all:
    default_target: True
    input:
        "results/report.html",
        "results/config.resolved.yaml",
        rules.chunks.input,
        rules.probing.input if probed_at_all() else [],
        rules.inversion.input if runs_with("inversion") else [],
        rules.dynamics.input if compared_at_all() else [],
        rules.neurons.input if runs_with("neurons") else [],


localrules:
    all,
    chunks,
    experiments,
    resolve_config,
