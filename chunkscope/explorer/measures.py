"""What the measures of the score tables are: their unit, their direction, their meaning."""

from __future__ import annotations

from dataclasses import dataclass

SHARE = "0–1, higher is better"
CHANCE_0 = "0 is chance, 1 is perfect"
BITS = "bits per symbol"


@dataclass(frozen=True)
class Measure:
    """A measure as readers know it."""

    label: str
    unit: str
    meaning: str


MEASURES = {
    "states": Measure("states", "count", "states found"),
    "chunks": Measure("chunks", "count", "chunks found"),
    "noise": Measure("noise", "0–1", "share of test steps that belong to no state"),
    "state_ari": Measure("state ARI", CHANCE_0, "pairs of steps grouped as in the parse state"),
    "state_ami": Measure("state AMI", CHANCE_0, "information shared with the parse state"),
    "state_v_measure": Measure(
        "state V-measure", SHARE, "harmonic mean of homogeneity and completeness"
    ),
    "state_homogeneity": Measure("state homogeneity", SHARE, "a state holds one parse state only"),
    "state_completeness": Measure("state completeness", SHARE, "a parse state lies in one state"),
    "causal_ari": Measure("causal ARI", CHANCE_0, "as state ARI, for the minimal predictive state"),
    "causal_ami": Measure("causal AMI", CHANCE_0, "as state AMI, for the minimal predictive state"),
    "causal_v_measure": Measure(
        "causal V-measure", SHARE, "as state V-measure, for the minimal predictive state"
    ),
    "causal_homogeneity": Measure(
        "causal homogeneity", SHARE, "a state holds one minimal predictive state only"
    ),
    "causal_completeness": Measure(
        "causal completeness", SHARE, "a minimal predictive state lies in one state"
    ),
    "word_words": Measure("true words", "count", "word types of two or more symbols in the test"),
    "word_recall": Measure("word recall", SHARE, "share of the true word types that some chunk is"),
    "word_precision": Measure("word precision", SHARE, "share of the chunks that are true words"),
    "word_occurrence_recall": Measure(
        "word occurrence recall", SHARE, "share of word occurrences that one chunk spans"
    ),
    "word_occurrence_precision": Measure(
        "word occurrence precision", SHARE, "share of chunk occurrences that span one word"
    ),
    "boundary_precision": Measure(
        "boundary precision", SHARE, "share of the found boundaries that are true"
    ),
    "boundary_recall": Measure(
        "boundary recall", SHARE, "share of the true boundaries that were found"
    ),
    "boundary_f1": Measure(
        "boundary F1", SHARE, "harmonic mean of boundary precision and boundary recall"
    ),
    "boundary_f1_every_step": Measure(
        "boundary F1, every step", "0–1, a floor", "of calling every step a boundary"
    ),
    "boundary_f1_random": Measure(
        "boundary F1, random", "0–1, a floor", "of random boundaries at the rate that was found"
    ),
    "state_bits": Measure(
        "state information", BITS, "about the next symbol in the state, higher is better"
    ),
    "hidden_bits": Measure(
        "hidden information", BITS, "about the next symbol, read linearly from the activations"
    ),
    "bayes_bits": Measure(
        "Bayes information", BITS, "about the next symbol, had by the ideal observer"
    ),
    "share_of_hidden": Measure(
        "share of hidden information",
        "ratio, higher is better",
        "state information over hidden information; above 1 if a linear read-out loses some",
    ),
    "share_of_bayes": Measure(
        "share of Bayes information",
        "ratio, higher is better",
        "state information over Bayes information",
    ),
    "seed_agreement": Measure(
        "agreement between seeds", CHANCE_0, "mean ARI with the states of the other seeds"
    ),
    "subsample_agreement": Measure(
        "agreement between subsamples", CHANCE_0, "ARI of states found in other subsamples"
    ),
}
"""Name in the score tables -> what it is."""


def label_of(measure: str) -> str:
    """The label of a measure, or its name if it has none."""
    return MEASURES[measure].label if measure in MEASURES else measure
