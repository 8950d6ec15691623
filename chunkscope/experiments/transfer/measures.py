"""What is measured of every arm and seed, with its floor, its ceiling and its control.

Measures of the learning: ``start_accuracy`` (mean of the first ``smoothing`` trials, what the
paper's smoothed curve begins with), ``early_accuracy`` (of the first ``early``),
``trials_to_criterion`` (the first trial from which ``smoothing`` in a row have a mean of at least
``criterion``), ``reached`` (whether one was found) and ``grafts`` (how many steps were grafted).
A seed that does not reach the criterion counts as the trial after the last that could have been,
which favours slow arms; ``reached`` says how many did.

Measures on fresh sequences: ``accuracy``, ``link`` (accuracy on the symbol after the cue),
``elsewhere`` (on all others) and ``link_probability`` (mean probability of the symbol after the
cue), each with the graft ``_on`` or ``_off``, and ``_before`` for the networks as they came to the
transfer. Arms without a graft have the same value for both.

Measures of the pretrained networks, whose arm is ``pretrained``: ``pretraining_accuracy`` on fresh
sequences of the first corpus, and how well a state's string decodes the symbol read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.experiments.transfer.arms import CONTROL, PRETRAINED
from chunkscope.experiments.transfer.curves import Values, first_reaching, smooth
from chunkscope.experiments.transfer.donors import Dictionary
from chunkscope.experiments.transfer.learning import Learned, Outcome
from chunkscope.experiments.transfer.settings import TransferSettings
from chunkscope.grammars import Corpus
from chunkscope.statistics import mean_interval, paired_difference

_EVALUATED = ("on", "off", "on_before", "off_before")
Bounds = dict[str, tuple[float, float]]


def learning_measures(learned: Learned, settings: TransferSettings) -> dict[str, Values]:
    """Measures of the learning, each (member,)."""
    accuracy, smoothed = learned.accuracy, smooth(learned.accuracy, settings.smoothing)
    first = first_reaching(smoothed, settings.criterion)
    return {
        "start_accuracy": accuracy[:, : settings.smoothing].mean(axis=1),
        "early_accuracy": accuracy[:, : settings.early].mean(axis=1),
        "trials_to_criterion": np.minimum(first, smoothed.shape[1] + 1.0),
        "reached": np.isfinite(first).astype(float),
        "grafts": learned.fired.astype(float),
    }


def outcome_measures(
    before: Mapping[str, Outcome], after: Mapping[str, Outcome]
) -> dict[str, Values]:
    """Measures on fresh sequences, each (member,), from outcomes with the graft on and off."""
    return {
        f"{measure}_{graft}{suffix}": values
        for suffix, evaluated in (("", after), ("_before", before))
        for graft, outcome in evaluated.items()
        for measure, values in asdict(outcome).items()
    }


def outcome_table(arms: Sequence[str], measures: Mapping[str, Values]) -> pd.DataFrame:
    """``arm, seed, measure, value`` of measures (arm * seeds + seed,)."""
    return pd.concat(
        [
            pd.DataFrame({**_members(arms, len(values)), "measure": measure, "value": values})
            for measure, values in measures.items()
        ],
        ignore_index=True,
    )


def trial_table(arms: Sequence[str], accuracy: Values) -> pd.DataFrame:
    """``arm, seed, trial, accuracy`` of accuracies (arm * seeds + seed, trial); trials from 1."""
    members, trials = accuracy.shape
    named = {key: np.repeat(column, trials) for key, column in _members(arms, members).items()}
    trial = np.tile(np.arange(1, trials + 1), members)
    return pd.DataFrame({**named, "trial": trial, "accuracy": accuracy.ravel()})


def pretrained_table(accuracy: Values, found: Sequence[Dictionary]) -> pd.DataFrame:
    """The pretrained networks' measures as rows of outcomes; ``accuracy`` is (seed,)."""
    rows = [
        {"arm": PRETRAINED, "seed": seed, "measure": measure, "value": value}
        for seed, dictionary in enumerate(found)
        for measure, value in {
            "pretraining_accuracy": accuracy[seed],
            **{f"decoding_{name}": value for name, value in dictionary.decoding().items()},
        }.items()
    ]
    return pd.DataFrame(rows)


def bounds(pretraining: Corpus, transfer: Corpus, cue: str) -> Bounds:
    """Measure -> its floor (always guessing the commonest symbol) and ceiling (ideal observer).

    The floor of the link's probability is the share of the symbol that is there to be predicted.

    Args:
        pretraining, transfer: the fresh sequences that networks are evaluated on.
    """
    targets, commonest, best = _guesses(transfer)
    at_cue = transfer.tokens[:, :-1] == transfer.symbols.index(cue)
    share = np.bincount(targets.ravel()) / targets.size
    everywhere = float(commonest.mean()), float(best.mean())
    evaluated = {
        "accuracy": everywhere,
        "link": (float(commonest[at_cue].mean()), float(best[at_cue].mean())),
        "elsewhere": (float(commonest[~at_cue].mean()), float(best[~at_cue].mean())),
        "link_probability": (float(share[targets[at_cue]].mean()), float(best[at_cue].mean())),
    }
    _, usual, known = _guesses(pretraining)
    return {
        "pretraining_accuracy": (float(usual.mean()), float(known.mean())),
        "start_accuracy": everywhere,
        "early_accuracy": everywhere,
        **{f"{name}_{graft}": pair for name, pair in evaluated.items() for graft in _EVALUATED},
    }


def summarise_outcomes(outcomes: pd.DataFrame, limits: Bounds) -> pd.DataFrame:
    """Every arm's measures over seeds, beside the control's.

    Args:
        outcomes: ``arm, seed, measure, value``.
        limits: measure -> floor, ceiling.

    Returns:
        ``arm, measure, mean, ci_low, ci_high, n, floor, ceiling, difference, difference_low,
        difference_high``; differences with the control are paired by seed.
    """
    control = outcomes[outcomes["arm"] == CONTROL].pivot(
        index="seed", columns="measure", values="value"
    )
    rows = []
    for (arm, measure), group in outcomes.groupby(["arm", "measure"], sort=False):
        mean = mean_interval(group["value"])
        floor, ceiling = limits.get(str(measure), (np.nan, np.nan))
        row = {"arm": arm, "measure": measure, "mean": mean.mean, "ci_low": mean.low}
        row |= {"ci_high": mean.high, "n": mean.n, "floor": floor, "ceiling": ceiling}
        if measure in control:
            beside = control[str(measure)].loc[group["seed"]]
            difference = paired_difference(group["value"], beside)
            row |= {"difference": difference.mean, "difference_low": difference.low}
            row |= {"difference_high": difference.high}
        rows.append(row)
    return pd.DataFrame(rows)


def _members(arms: Sequence[str], members: int) -> dict[str, NDArray[np.generic]]:
    seeds = members // len(arms)
    return {"arm": np.repeat(arms, seeds), "seed": np.tile(np.arange(seeds), len(arms))}


def _guesses(corpus: Corpus) -> tuple[NDArray[np.integer], NDArray[np.bool_], Values]:
    """Next symbols, whether each is the commonest, and the ideal observer's expected accuracy."""
    assert corpus.next_distribution is not None  # words in noise have one
    targets = corpus.tokens[:, 1:]
    return (
        targets,
        targets == np.bincount(targets.ravel()).argmax(),
        corpus.next_distribution[:, :-1].max(axis=-1),
    )
