"""Excerpts of a unit: where it is most active, where it is so and so, and wherever chance leads.

Recorded sequences are cut into excerpts of one length; no excerpt reaches into another sequence,
and so into no other document. What explains a unit and what its explanation is scored on come from
sequences of different documents, which is the corpus's matter (:mod:`chunkscope.grammars.text`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import NeuronError
from chunkscope.neurons.settings import DrawSettings

Values = NDArray[np.float32]
Tokens = NDArray[np.int32]

NOTHING = -1  # in the place of a symbol that was clipped off


@dataclass(frozen=True)
class Activity:
    """What the units of one site did in all excerpts of one split.

    Attributes:
        tokens: (excerpt, time) the symbols.
        values: (excerpt, time, unit).
    """

    tokens: Tokens
    values: Values

    @classmethod
    def cut(cls, tokens: Tokens, values: Values, length: int) -> Activity:
        """Excerpts of ``length`` from sequences (sequence, time); what is left over is dropped.

        Raises:
            NeuronError: shapes do not fit, sequences are shorter, or a value is not finite.
        """
        if values.ndim != 3 or values.shape[:2] != tokens.shape:
            raise NeuronError(
                f"activity: got values of shape {values.shape} for tokens of {tokens.shape}; must "
                "be (sequence, time, unit) and (sequence, time)"
            )
        sequences, time = tokens.shape
        parts = time // length
        if not parts:
            raise NeuronError(
                f"length: got {length} for sequences of {time} symbols; ask for shorter excerpts, "
                "or record longer sequences"
            )
        if not np.isfinite(values).all():
            raise NeuronError("activity: got values that are not finite; did the network diverge?")
        kept = parts * length
        return cls(
            tokens[:, :kept].reshape(sequences * parts, length).astype(np.int32),
            values[:, :kept].reshape(sequences * parts, length, -1).astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class Sample:
    """Excerpts of every unit's own.

    Attributes:
        tokens: (unit, excerpt, time), :data:`NOTHING` where a symbol was clipped off.
        values: (unit, excerpt, time) what the unit did; 0 where there is no symbol.
        drawn: (excerpt,) which of them were drawn whatever a unit does.
    """

    tokens: Tokens
    values: Values
    drawn: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Units, excerpts, steps."""
        units, excerpts, time = self.tokens.shape
        return units, excerpts, time

    def of_units(self, units: NDArray[np.intp]) -> Sample:
        """The excerpts of some units alone, in this order."""
        return Sample(self.tokens[units], self.values[units], self.drawn)

    @property
    def present(self) -> NDArray[np.bool_]:
        """(unit, excerpt, time) where there is a symbol."""
        return self.tokens != NOTHING


def draw_sample(activity: Activity, settings: DrawSettings, rng: np.random.Generator) -> Sample:
    """The excerpts of every unit: top, by bands, random, clipped, in this order.

    Random excerpts are the same for all units. A band holds equally many excerpts, ranked by the
    largest value in them; of a unit's own draw none is top and in a band at once.

    Raises:
        NeuronError: there are fewer excerpts than are asked for.
    """
    n, units = len(activity), activity.values.shape[-1]
    if n < settings.needed:
        raise NeuronError(
            f"excerpts: got {n}; {settings.needed} are asked for: record more sequences, or ask "
            "for fewer excerpts or shorter ones"
        )
    ranked = np.argsort(-activity.values.max(1), axis=0, kind="stable").T  # (unit, excerpt)
    top, others = ranked[:, : settings.top], ranked[:, settings.top :]
    random = rng.choice(n, settings.random, replace=False)
    parts = [top]
    if settings.per_band:
        places = [
            rng.permuted(np.tile(band, (units, 1)), axis=1)[:, : settings.per_band]
            for band in np.array_split(np.arange(others.shape[1]), settings.bands)
        ]
        parts.append(np.take_along_axis(others, np.concatenate(places, axis=1), axis=1))
    parts += [np.broadcast_to(random, (units, len(random))), top[:, : settings.clipped]]
    picked = np.concatenate(parts, axis=1)

    tokens = activity.tokens[picked]
    values = activity.values.transpose(2, 0, 1)[np.arange(units)[:, None], picked]
    if settings.clipped:
        tokens, values = _clipped(tokens, values, settings)
    drawn = np.zeros(picked.shape[1], bool)
    end = picked.shape[1] - settings.clipped
    drawn[end - settings.random : end] = True
    return Sample(tokens, values, drawn)


def _clipped(tokens: Tokens, values: Values, settings: DrawSettings) -> tuple[Tokens, Values]:
    """The last excerpts reduced to a few symbols, the most active one the last of them."""
    tokens, values = tokens.copy(), values.copy()
    last = slice(tokens.shape[1] - settings.clipped, None)
    step = np.arange(tokens.shape[2])
    peak = values[:, last].argmax(2)[..., None]
    gone = (step > peak) | (step <= peak - settings.clip)
    tokens[:, last][gone], values[:, last][gone] = NOTHING, 0.0
    return tokens, values
