"""The settings of the probing study as the study of compounds takes them. Imports no torch."""

from __future__ import annotations

from chunkscope.probing.settings import FeatureSettings, ProbingSettings

SITES = ("layers.*.hook_h", "blocks.*.mlp.hook_post")
"""The units of recurrent networks, and the neurons of transformers, as published."""
PENALTY = 1.0  # C of every probe, as published
SOLVES = 2  # symbols that a lookup needs: a compound is one symbol after another


def compound_settings(probing: ProbingSettings, compounds: int) -> ProbingSettings:
    """The settings that probe all ``compounds`` of a corpus, and nothing else, at one penalty."""
    features = FeatureSettings(kinds=("compound",), most=compounds, prevalence=(0, 1))
    return probing.model_copy(
        update={
            "sites": SITES,
            "features": features,
            "penalties": (PENALTY,),
            "lookup": SOLVES,
        }
    )
