"""All combinations of interventions in one pass: the batch is combination x sequence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from chunkscope.errors import InterventionError
from chunkscope.interventions.intervention import Combination, Intervention
from chunkscope.networks.caches import Carried
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network
from chunkscope.networks.rollouts import rollout


@dataclass(frozen=True)
class Response:
    """What the network predicts under each combination.

    Attributes:
        probabilities: (seed, combination, sequence, time, symbol) of the next symbol after each
            step of the pass, so that step 0 holds lag 1.
        fired: (combination, sequence) steps and sites at which an intervention acted.
    """

    probabilities: NDArray[np.float32]
    fired: NDArray[np.int64]


@torch.no_grad()
def intervene(
    network: Network,
    tokens: ArrayLike | Tensor,
    combinations: Sequence[Combination],
    state: Mapping[str, ArrayLike | Tensor] | None = None,
    free: bool = False,
) -> Response:
    """Runs every sequence under every combination, equal to one by one.

    Example:
        >>> graft = Intervention("graft", "layers.0.hook_h", value=state_after_a)
        >>> intervene(network, tokens, [(), (graft,)]).probabilities[0, 1]

    Args:
        tokens: (sequence, time) the symbols of the pass.
        combinations: interventions to apply together, in order.
        state: site -> (seed, sequence, unit), activity one step before the pass, as a store
            holds it, so that no prefix is run again; zeros if None. A freeze of a gate needs
            the gate's too.
        free: read only the first symbol of ``tokens``, and then the network's own likeliest
            predictions for as many steps.

    Raises:
        InterventionError: an intervention never fires, or does not fit the pass.
        SiteError: a site that the network does not have.
        NetworkError: tokens or state do not fit the network.
    """
    tokens = torch.as_tensor(tokens)
    if tokens.ndim != 2 or not combinations:
        raise InterventionError(
            f"intervene: got tokens of shape {tuple(tokens.shape)} and {len(combinations)} "
            "combinations; must be (sequence, time) and at least one"
        )
    sequences, time = tokens.shape
    edits, fired = _compile(network, combinations, (sequences, time))
    batch = tokens.repeat(len(combinations), 1)
    before = None if state is None else _repeat(state, len(combinations))
    if free:
        run = rollout(network, batch[:, :1], time, intervene=edits, state=before)
        probabilities = run.probabilities
    else:
        probabilities = torch.softmax(network(batch, before, edits).logits, -1)
    by_combination = probabilities.unflatten(1, (len(combinations), sequences))
    return Response(by_combination.cpu().numpy(), fired)


Shape = tuple[int, int, int, int]  # combination, sequence, time, unit


def _repeat(state: Mapping[str, ArrayLike | Tensor], times: int) -> dict[str, Tensor]:
    repeated: dict[str, Any] = {}
    for site, value in state.items():
        if isinstance(value, Carried):
            repeated[site] = value.repeat(times)
        else:
            tensor = torch.as_tensor(value)
            repeated[site] = tensor.repeat(1, times, *[1] * (tensor.ndim - 2))
    return repeated


def _compile(
    network: Network, combinations: Sequence[Combination], shape: tuple[int, int]
) -> tuple[list[Edit], NDArray[np.int64]]:
    """Edits that carry out all combinations on (sequence, time), and how often each acts.

    The n-th interventions at a site, of all combinations, make one edit: combinations touch
    other rows of the batch, and within a combination order matters at one site alone.
    """
    slots: defaultdict[tuple[str, int], dict[int, Intervention]] = defaultdict(dict)
    for index, combination in enumerate(combinations):
        seen: Counter[str] = Counter()
        for intervention in combination:
            slots[intervention.site, seen[intervention.site]][index] = intervention
            seen[intervention.site] += 1
    sequences, time = shape
    fired = np.zeros((len(combinations), sequences), np.int64)
    edits = []
    for (site, _), entries in slots.items():
        whole = (len(combinations), sequences, time, network.width(site))
        edit, acts = _lay_out(site, entries, whole)
        _check_fires(entries, acts)
        edits.append(edit)
        fired += acts
    return edits, fired


def _lay_out(
    site: str, entries: Mapping[int, Intervention], shape: Shape
) -> tuple[Edit, NDArray[np.int64]]:
    """One edit, and (combination, sequence) the steps at which it acts.

    Row ``combination * sequences + sequence`` of the batch is that pair.
    """
    combinations, sequences, time, unit = shape
    when = np.zeros((combinations, sequences, time), bool)
    units = np.zeros((combinations, sequences, unit), bool)
    keep, hold = np.ones((combinations, sequences)), np.zeros((combinations, sequences))
    value = np.zeros((combinations, sequences, unit), np.float32)
    for index, intervention in entries.items():
        where = f"combination {index}: {intervention}"
        when[index, :, _steps(intervention.when, time, where)] = True
        units[index] = _fit(intervention.units, "units", shape, where)
        keep[index], hold[index] = intervention.keep, intervention.hold
        value[index] = _fit(intervention.value, "value", shape, where)
        value[index] *= intervention.strength
    rows = combinations * sequences
    edit = Edit(
        site,
        when.reshape(rows, time),
        units.reshape(rows, unit),
        keep.reshape(rows),
        hold.reshape(rows),
        value.reshape(rows, unit),
    )
    return edit, when.sum(-1) * units.any(-1)


def _check_fires(entries: Mapping[int, Intervention], acts: NDArray[np.int64]) -> None:
    for index, intervention in entries.items():
        if not acts[index].any():
            raise InterventionError(
                f"combination {index}: {intervention} never fires, with when="
                f"{intervention.when}; give at least one step, one unit and one sequence"
            )


def _steps(when: Sequence[int], time: int, where: str) -> list[int]:
    outside = [step for step in when if not 0 <= step < time]
    if outside:
        raise InterventionError(
            f"{where}: when: got {outside}; this pass has the steps 0..{time - 1}"
        )
    return list(when)


def _fit(
    array: NDArray[np.generic] | None, field: Literal["units", "value"], shape: Shape, where: str
) -> NDArray[np.generic]:
    """``array`` if it fits (sequence, unit); if there is none, all units, or the value 0."""
    if array is None:
        return np.array(field == "units")
    _, sequences, _, unit = shape
    allowed = (unit,), (sequences, unit)
    kind, name = (np.bool_, "bool") if field == "units" else (np.number, "numbers")
    if array.shape not in allowed or not np.issubdtype(array.dtype, kind):
        raise InterventionError(
            f"{where}: {field}: got {array.dtype} of shape {array.shape}; must be {name} of "
            f"shape {allowed[0]} or {allowed[1]}"
        )
    return array
