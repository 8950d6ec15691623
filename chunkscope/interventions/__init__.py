"""Interventions on a running network: graft, freeze, ablate and steer, beside their controls.

Import what you use from its own module; this file imports nothing, so that settings, donors and
summaries cost no torch:

- :mod:`~chunkscope.interventions.settings`: what can be configured (no torch)
- :mod:`~chunkscope.interventions.intervention`: one change of one site (no torch)
- :mod:`~chunkscope.interventions.intervene`: ``intervene``, all combinations in one pass
- :mod:`~chunkscope.interventions.donors`: the states that are grafted (no torch)
- :mod:`~chunkscope.interventions.controls`: what stands in a donor's place (no torch)
- :mod:`~chunkscope.interventions.recipients`: where in a recording to intervene
- :mod:`~chunkscope.interventions.conditions`: target and controls as combinations (no torch)
- :mod:`~chunkscope.interventions.effects`: the measures (no torch)
- :mod:`~chunkscope.interventions.study`: ``run_study``, one table per network
- :mod:`~chunkscope.interventions.specificity`: target minus control over seeds (no torch)
"""
