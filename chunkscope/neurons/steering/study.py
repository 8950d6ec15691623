"""A network steered by units and by states alike: one table, beside the same controls.

arXiv 2410.16443 holds one unit of a code at a value at all steps of a prompt and shows which
symbols come to be predicted. Here hidden units of any network, and states that some method found at
the same site, are tried in the same way, on the same prompts, and read at their last step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from chunkscope.errors import NeuronError
from chunkscope.interventions.intervene import intervene
from chunkscope.interventions.intervention import Combination
from chunkscope.networks.network import Network
from chunkscope.neurons.excerpts import Tokens, Values
from chunkscope.neurons.steering.effects import MEASURES, effects
from chunkscope.neurons.steering.settings import SteeringSettings
from chunkscope.neurons.steering.targets import Target, conditions

COLUMNS = (
    *("kind", "site", "target", "strength", "condition"),
    *(*MEASURES, "promoted", "fired", "n"),
)
NUMBERS_PER_PASS = 2**24  # combinations x prompts x time x symbols or units, 64 MiB of each


def draw_prompts(tokens: Tokens, settings: SteeringSettings, rng: np.random.Generator) -> Tokens:
    """(prompt, time) random stretches of sequences (sequence, time), none of which overlap.

    They stand in the order of the sequences, so that the half on which symbols are picked and the
    half on which they are scored have at most one sequence in common.

    Raises:
        NeuronError: sequences are shorter than a prompt, or there are too few.
    """
    sequences, time = tokens.shape
    length, parts = settings.prompt, time // settings.prompt
    if not parts:
        raise NeuronError(
            f"steering.prompt: got {length} for sequences of {time} symbols; ask for shorter "
            "prompts, or record longer sequences"
        )
    stretches = tokens[:, : parts * length].reshape(-1, length)
    if len(stretches) < settings.prompts:
        raise NeuronError(
            f"steering.prompts: got {settings.prompts}; {sequences} sequences of {time} symbols "
            f"hold {len(stretches)} of {length}: ask for fewer or shorter ones, or record more"
        )
    chosen = np.sort(rng.choice(len(stretches), settings.prompts, replace=False))
    return stretches[chosen].astype(np.int32)


def steer(
    network: Network,
    prompts: Tokens,
    targets: Sequence[Target],
    observed: Values,
    settings: SteeringSettings,
    rng: np.random.Generator,
    symbols: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Every target and control at every strength.

    Args:
        network: an ensemble of one.
        prompts: (prompt, time) of held-out sequences; see :func:`draw_prompts`.
        targets: units and states, all of one site.
        observed: (state, unit) what that site does at random steps.
        symbols: their names as tables write them; the network's own if None.

    Returns:
        :data:`COLUMNS`: ``condition``, one of
        :data:`~chunkscope.neurons.steering.targets.CONDITIONS`; the measures of
        :data:`~chunkscope.neurons.steering.effects.MEASURES`; ``promoted``, a JSON list of the
        symbols that this row promotes, the most risen first; ``fired``, steps of all prompts at
        which the site was changed; ``n`` prompts.

    Raises:
        NeuronError: an ensemble of several, targets or states of other sites or widths, fewer than
            four prompts, or a vocabulary that has no symbols left besides the promoted ones.
        InterventionError: a change never fires.
        NetworkError: prompts do not fit the network.
    """
    if not targets:
        return pd.DataFrame(columns=list(COLUMNS))
    _check(network, prompts, targets, observed, settings)
    names = network.symbols if symbols is None else symbols
    own = _own_activity(network, prompts, targets[0].site)
    before = _predictions(network, prompts, [()])[0][0]
    rows = []
    for target in targets:
        place = {"kind": target.kind, "site": target.site, "target": target.index}
        tried = conditions(target, settings.strengths, own, observed, rng)
        for condition, changes in tried:
            after, fired = _predictions(network, prompts, [change for _, change in changes])
            measures, picked = effects(before, after, settings.promoted)
            for at, (strength, _) in enumerate(changes):
                promoted = json.dumps([names[symbol] for symbol in picked[at]], ensure_ascii=False)
                rows.append(
                    {
                        **place,
                        "strength": strength,
                        "condition": condition,
                        **{name: values[at] for name, values in measures.items()},
                        "promoted": promoted,
                        "fired": fired[at],
                        "n": len(prompts),
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


@torch.no_grad()
def _own_activity(network: Network, prompts: Tokens, site: str) -> Values:
    """(prompt, time, unit) what a site does unsteered."""
    output = network(torch.as_tensor(prompts), record=[site])
    activity: Values = output.activations[site][0].cpu().numpy()
    return activity


def _predictions(
    network: Network, prompts: Tokens, combinations: Sequence[Combination]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(combination, prompt, symbol) after the last step, and how often each combination acted."""
    sites = {change.site for combination in combinations for change in combination}
    widest = max([network.vocabulary, *map(network.width, sites)])
    block = max(1, NUMBERS_PER_PASS // (prompts.size * widest))
    probabilities, fired = [], []
    for first in range(0, len(combinations), block):
        response = intervene(network, prompts, combinations[first : first + block])
        probabilities.append(response.probabilities[0, :, :, -1])
        fired.append(response.fired.sum(1))
    return np.concatenate(probabilities), np.concatenate(fired)


def _check(
    network: Network,
    prompts: Tokens,
    targets: Sequence[Target],
    observed: Values,
    settings: SteeringSettings,
) -> None:
    site, width = targets[0].site, network.width(targets[0].site)
    if len(network.seeds) != 1:
        raise NeuronError(
            f"steering: got an ensemble of {len(network.seeds)}; units and states differ by seed: "
            "give one member, network.select([member])"
        )
    if len(prompts) < 4:
        raise NeuronError(
            f"steering: got {len(prompts)} prompts; must be at least 4: two to pick promoted "
            "symbols on, two to score them"
        )
    if settings.promoted >= network.vocabulary:
        raise NeuronError(
            f"steering.promoted: got {settings.promoted} of a vocabulary of {network.vocabulary} "
            "symbols; must be fewer"
        )
    shapes = {(target.site, target.units.shape) for target in targets}
    if shapes != {(site, (width,))} or observed.shape[1:] != (width,):
        raise NeuronError(
            f"steering at {site}: got observed states of shape {observed.shape} and targets of "
            f"{sorted(shapes)}; must be of this one site and its {width} units"
        )
