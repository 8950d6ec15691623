"""The units that tell compounds, and what else drives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.grammars import Source
from chunkscope.networks.sites import sites_of_study
from chunkscope.probing.compounds.everywhere import probe_everywhere
from chunkscope.probing.compounds.settings import compound_settings
from chunkscope.probing.compounds.stimuli import Responses
from chunkscope.probing.conditions import PROBE, UNTRAINED
from chunkscope.probing.probe import Activity, Sample
from chunkscope.probing.rankings import supports
from chunkscope.probing.reading import Asked, read_features
from chunkscope.probing.scoring import Study
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.study import probe_run
from chunkscope.store import ActivationStore

RANKING = "mean_difference"  # the published default; it draws nothing
JOINT = 8
"""Units of a joint probe whose stimuli are looked at; the paper's neurons suffice together at 4 to
10."""


def probe_compounds(
    trained: ActivationStore,
    untrained: ActivationStore,
    source: Source,
    probing: ProbingSettings,
    seed: int,
    run: str,
) -> dict[str, pd.DataFrame]:
    """Probe a run for every compound of its corpus, and see what drives the units that tell it.

    Rows are those of the paper: the compound, its second symbol without the first, and its first
    without the second. The corpus holds as many of either half, so that at a prevalence of 20 %
    they weigh 20, 40 and 40 %, as published.

    Returns:
        Name -> table: those of :func:`chunkscope.probing.study.probe_run`; ``everywhere`` of
        :func:`probe_everywhere`; ``stimuli`` and ``responses`` of :func:`read_stimuli`, with
        ``condition`` and ``member``.
    """
    compounds = compound_symbols(trained)
    settings = compound_settings(probing, len(compounds))
    study = Study(settings, seed, run)
    probed = probe_run(trained, untrained, source, study)
    asked, _ = read_features(trained, settings, seed, run)
    stimuli, responses = [], []
    for member in trained.seeds[: settings.compared]:
        for condition, store in ((PROBE, trained), (UNTRAINED, untrained)):
            driven, answers = read_stimuli(store, asked, settings, member)
            stimuli.append(driven.assign(condition=condition, member=member))
            if condition == PROBE:
                responses.append(answers.assign(member=member))
    tables = {field.name: getattr(probed, field.name) for field in fields(probed)}
    tables["everywhere"] = probe_everywhere(trained, untrained, study)
    tables["stimuli"] = pd.concat(stimuli, ignore_index=True)
    tables["responses"] = pd.concat(responses, ignore_index=True)
    return tables


def compound_symbols(store: ActivationStore) -> NDArray[np.int64]:
    """(compound, 2) the symbols of each compound of a store."""
    names = store.label_names("compound")[:-1]  # the last one is none
    return np.array([[store.symbols.index(symbol) for symbol in name] for name in names])


def read_stimuli(
    store: ActivationStore, asked: Sequence[Asked], settings: ProbingSettings, member: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What drives the units that a member's joint probes read, at every site.

    Units are ranked on the rows to fit, and their answers read off the test split.

    Returns:
        ``compound, site, rank`` and the columns of :meth:`Responses.stimuli`; and, of the best
        unit of every compound, ``compound, site`` and those of :meth:`Responses.table`.
    """
    stimuli, responses = [], []
    tokens, compounds, test = store.tokens(), compound_symbols(store), ~store.is_train
    for site in sites_of_study(settings.sites, store.sites(member)):
        activations = store.activations(member, site)
        answers = Responses.of(activations[test], tokens[test])
        flat = activations.reshape(-1, activations.shape[-1])
        everywhere = Activity(np.arange(len(flat)), flat, np.arange(flat.shape[1]))
        for one in asked:
            sample, size = Sample.of(everywhere, one.rows), min(JOINT, flat.shape[1])
            units = supports(sample.fit, one.rows.fit.y, RANKING, [size], 0)[size]
            place = {"compound": one.feature.name, "site": site}
            driven = answers.stimuli(units, compounds)
            stimuli.append(driven.assign(**place, rank=np.arange(size)))
            responses.append(answers.table(int(units[0]), compounds).assign(**place))
    table = pd.concat(responses, ignore_index=True)
    for column in ("previous", "current"):
        table[column] = table[column].map(dict(enumerate(store.symbols)))
    return pd.concat(stimuli, ignore_index=True), table
