"""What is known of units before anything is said of them: how active, and whether at all."""

from __future__ import annotations

import pandas as pd

from chunkscope.neurons.excerpts import Activity, Tokens, Values
from chunkscope.neurons.scores import varies
from chunkscope.neurons.tables import table_scores

EXCERPT = 16  # symbols; in longer ones most units fire somewhere, and detection has nothing to tell


def everything(tokens: Tokens, values: Values) -> Activity:
    """All of a half, (sequence, time) and (sequence, time, unit), in excerpts of :data:`EXCERPT`
    symbols; what is left over at the end of a sequence is dropped."""
    return Activity.cut(tokens, values, min(EXCERPT, tokens.shape[1]))


def unit_facts(explain: Activity, score: Activity, vocabulary: int) -> pd.DataFrame:
    """A row for every unit.

    Returns:
        Columns ``unit``; ``active``, the share of symbols at which it is above 0; ``dead``, whether
        it is 0 at all of those that explain; ``constant``, whether it does not vary there, which
        dead ones do not either; ``token_share``, R2 of the mean that it did at the current symbol,
        on sequences that were not used for it (NaN where it does not vary there): a unit that is a
        function of the symbol alone is easily explained; and ``pearson, auprc, detection``, the
        other scores of these means, on all symbols of one half after all of the other.
    """
    seen, held_out = (x.values.reshape(-1, x.values.shape[-1]) for x in (explain, score))
    low, high = seen.min(0), seen.max(0)
    scores = table_scores(explain, score, vocabulary).rename(columns={"r2": "token_share"})
    scores.insert(1, "active", (held_out > 0).mean(0))
    scores.insert(2, "dead", (low == 0) & (high == 0))
    scores.insert(3, "constant", ~varies(low, high))
    return scores
