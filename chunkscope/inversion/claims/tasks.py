"""Claims about single tasks: counting, addition, and the prefixes of a grammar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chunkscope.inversion.claims.shares import (
    SOME,
    chosen_heads,
    kept,
    listed,
    paired,
    prior,
    same,
    same_everywhere,
)
from chunkscope.inversion.reading import SLIGHT, SURE, TRAINED, UNTRAINED
from chunkscope.statistics import Claim, judge, mean_interval
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2405.17653"
CHECKED = "measured on the authors' checkpoint with other code; the full text was not available"
RECALLED = "from memory of the paper; the full text was not available"

COUNTED = (
    ("target", "blocks.0.hook_attn_out"),
    ("target", "blocks.0.hook_mlp_out"),
    ("colon", "blocks.1.hook_attn_out"),
)
"""Where the published network counts, from the first site to the last."""
DIGITS = ("f1", "s1", "f2", "s2", "f3", "s3")
EARLY = 0.9  # share of the answers without a possible ripple that are right, early in training
PATHS = (0.6, 0.95)  # shares of the last three symbols: at most, trained; at least, untrained
KEEPS = 0.99


def count_becomes_precise(run: str, balls: pd.DataFrame) -> Claim:
    shares = [same(balls, "count", *place) for place in COUNTED]
    value = paired(shares[-1], shares[0])
    means = [float(share.mean()) for share in shares]
    untrained = same(balls, "count", *COUNTED[-1], condition=UNTRAINED).mean()
    return Claim(
        id=f"inversion-count-precise-{run}",
        study="inversion",
        paper=PAPER,
        statement=f"The count becomes precise along the layers of {run}: share of the ball with "
        "the query's count, after attention of block 1 at the colon minus after attention of "
        "block 0 at the target letter",
        published=".45 after attention 0 at the letter, .93 after its MLP, .998 at the colon",
        published_source=CHECKED,
        value=value,
        control=f"at the three sites {means[0]:.3f}, {means[1]:.3f}, {means[2]:.3f}; untrained at "
        f"the last {untrained:.3f}; of all inputs {prior(balls, 'count'):.3f}",
        rule="reproduced: above 0 with the whole interval of the paired difference over members, "
        "and no mean below the one before; direction: mean above 0",
        verdict=judge(
            value,
            reproduced=value.low > 0 and means == sorted(means),
            direction=value.mean > 0,
        ),
    )


def answer_forgets_letter(run: str, balls: pd.DataFrame) -> Claim:
    first, _, last = COUNTED
    letter, count = (kept(balls, kind, *last) for kind in ("letter", "count"))
    before = kept(balls, "letter", *first)
    value, lost = mean_interval(letter), paired(before, letter)
    holds = mean_interval(count)
    return Claim(
        id=f"inversion-forgets-letter-{run}",
        study="inversion",
        paper=PAPER,
        statement=f"The answer position of {run} holds the count and forgets the letter: letter "
        "kept beyond chance after attention of block 1 at the colon",
        published="same letter .09 of the ball (chance), same count .998",
        published_source=CHECKED,
        value=value,
        control=f"count kept {holds:.3f}; letter kept after attention 0 at the letter "
        f"{before.mean():.3f}",
        rule=f"reproduced: at most {SLIGHT} with the whole interval over members, and the count "
        f"kept by at least {SURE} of the ball beyond chance with its interval; direction: less "
        "than after attention 0 at the letter, with the whole interval of the paired difference",
        verdict=judge(
            value,
            reproduced=value.high <= SLIGHT and holds.low >= SURE,
            direction=lost.low > 0,
        ),
    )


def head_holds_carry(run: str, balls: pd.DataFrame) -> Claim:
    """That a head keeps the carry of the tens, and not the digits that it comes from."""
    chosen, untrained = _heads(balls, ["carry2"], minus="pair2")
    value, digits = mean_interval(chosen["kept"]), mean_interval(chosen["minus"])
    learned = paired(chosen["kept"], untrained["kept"])
    return Claim(
        id=f"inversion-carry-head-{run}",
        study="inversion",
        paper=PAPER,
        statement=f"A head of {run} holds the carry of the tens at the equals sign, and not the "
        "digits it comes from: carry kept beyond chance",
        published="same carry 1.00, same pair {F2, S2} .40 (head 0.3)",
        published_source=CHECKED,
        value=value,
        control=f"pair {{F2, S2}} kept {digits:.3f}; heads {listed(chosen)}; untrained, chosen "
        f"likewise, {untrained['kept'].mean():.3f}",
        rule=f"reproduced: carry at least {SURE} and pair at most {SOME} with the whole intervals "
        "over members, and more than untrained with the whole interval of the paired difference, "
        "in the head of the largest difference on half of the queries, on the others; direction: "
        f"carry above {SOME}, above the pair and above untrained in the mean",
        verdict=judge(
            value,
            reproduced=value.low >= SURE and digits.high <= SOME and learned.low > 0,
            direction=value.mean > max(SOME, digits.mean) and learned.mean > 0,
        ),
    )


def head_holds_digit(run: str, balls: pd.DataFrame) -> Claim:
    """That a head keeps a digit of a summand."""
    chosen, untrained = _heads(balls, DIGITS)
    value = mean_interval(chosen["kept"])
    learned = paired(chosen["kept"], untrained["kept"])
    return Claim(
        id=f"inversion-digit-head-{run}",
        study="inversion",
        paper=PAPER,
        statement=f"A head of {run} holds a digit of a summand at the equals sign: digit kept "
        "beyond chance",
        published="heads 0.0, 0.1 and 0.2 bring the hundreds",
        published_source=RECALLED,
        value=value,
        control=f"heads and digits {listed(chosen)}; untrained, chosen likewise, "
        f"{untrained['kept'].mean():.3f}; trained minus untrained {learned:.3f}",
        rule=f"reproduced: at least {SURE} with the whole interval over members, and more than "
        "untrained with the whole interval of the paired difference, in the head and for the digit "
        "of the largest share on half of the queries, on the others; direction: mean above "
        f"{SOME}, and above untrained",
        verdict=judge(
            value,
            reproduced=value.low >= SURE and learned.low > 0,
            direction=value.mean > SOME and learned.mean > 0,
        ),
    )


def _heads(
    balls: pd.DataFrame, features: Sequence[str], minus: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Heads at the equals sign, of the trained and of the untrained network."""
    there = balls[balls["point"] == "equals"]
    trained, untrained = (
        chosen_heads(there, features, minus, condition) for condition in (TRAINED, UNTRAINED)
    )
    return trained, untrained


def errors_ripple(run: str, learning: pd.DataFrame) -> Claim:
    """That errors concentrate where a carry may ripple, early in training."""
    nines = learning[learning["feature"] == "nine2"]
    wrong = 1 - nines.pivot_table(index=["step", "member"], columns="value", values="mean")
    wrong = wrong.reindex(columns=[0, 1])
    right = 1 - wrong[0].groupby("step").mean()
    early = [int(step) for step in right.index[(right >= EARLY) & (right.index > 0)]]
    at = wrong.loc[early[0]] if early else wrong.iloc[:0]
    value = paired(at[1], at[0])
    factor = at[1].mean() / max(at[0].mean(), 1e-9) if early else np.nan
    return Claim(
        id=f"inversion-ripples-{run}",
        study="inversion",
        paper=PAPER,
        statement=f"Early in training errors of {run} concentrate where F2 + S2 = 9: share of "
        "wrong answers there minus elsewhere",
        published=".196 wrong where F2 + S2 = 9, none elsewhere (98 % right in all)",
        published_source=CHECKED,
        value=value,
        control=f"at step {early[0]}: wrong {at[1].mean():.3f} there, {at[0].mean():.3f} elsewhere"
        if early
        else "no step",
        rule="reproduced: above 0 with the whole interval of the paired difference over members, "
        "and three times as often wrong, at the first kept step at which "
        f"{EARLY:.0%} of the others are right; direction: mean above 0",
        verdict=judge(value, reproduced=value.low > 0 and factor >= 3, direction=value.mean > 0),
    )


def state_without_path(run: str, balls: pd.DataFrame) -> Claim:
    """That balls keep the state and forget the path, where an untrained network keeps the path."""
    state = mean_interval(same_everywhere(balls, "causal"))
    trained, untrained = (
        same_everywhere(balls, "last 3 symbols", condition) for condition in (TRAINED, UNTRAINED)
    )
    value, most, least = paired(untrained, trained), *PATHS
    held = state.low >= KEEPS
    return Claim(
        id=f"inversion-state-{run}",
        study="inversion",
        paper=OWN,
        statement=f"{run} holds the minimal predictive state and forgets the path, which it keeps "
        "before training: share of the ball with the query's last three symbols, untrained minus "
        "trained",
        published="",
        published_source="",
        value=value,
        control=f"same state {state:.3f}, untrained "
        f"{same_everywhere(balls, 'causal', UNTRAINED).mean():.3f}, of all inputs "
        f"{prior(balls, 'causal'):.3f}; same path trained {mean_interval(trained):.3f}, untrained "
        f"{mean_interval(untrained):.3f}, of all inputs {prior(balls, 'last 3 symbols'):.3f}",
        rule=f"reproduced: same state at least {KEEPS} with the whole interval over members, same "
        f"path trained at most {most} and untrained at least {least} in the mean, and above 0 with "
        "the whole interval of the paired difference; direction: same state so, and mean above 0",
        verdict=judge(
            value,
            reproduced=held
            and value.low > 0
            and trained.mean() <= most
            and untrained.mean() >= least,
            direction=held and value.mean > 0,
        ),
    )
