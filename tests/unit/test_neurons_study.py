"""All units of a site explained and scored: controls, what is known of units, determinism."""

import numpy as np
import pandas as pd
import pytest

from chunkscope.neurons.controls import ANOTHER, OWN, SHUFFLED
from chunkscope.neurons.excerpts import Activity
from chunkscope.neurons.explainers.settings import GramSettings, PatternSettings, TreeSettings
from chunkscope.neurons.explaining import Known
from chunkscope.neurons.facts import unit_facts
from chunkscope.neurons.settings import DrawSettings, NeuronSettings, ProtocolSettings
from chunkscope.neurons.study import SCORES, Recorded, explain_site

VOCABULARY, LENGTH = 12, 32
TOKEN, CONTEXT, NOISE, DEAD, CONSTANT = range(5)
SETTINGS = NeuronSettings(
    protocols={
        "wide": ProtocolSettings(
            length=16,
            explain=DrawSettings(top=5, random=60),
            score=DrawSettings(random=60),
        ),
        "top": ProtocolSettings(
            length=16, explain=DrawSettings(top=5), score=DrawSettings(top=5, random=5)
        ),
    },
    explainers={
        "symbols": GramSettings(),
        "contexts": GramSettings(order=3),
        "tree": TreeSettings(depth=3, units=2),
    },
)
KNOWN = Known([str(n) for n in range(VOCABULARY)])


def activity(seed, sequences=120):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(VOCABULARY, size=(sequences, LENGTH)).astype(np.int32)
    values = np.zeros((*tokens.shape, 5), np.float32)
    values[..., TOKEN] = tokens == 3
    values[:, 1:, CONTEXT] = (tokens[:, 1:] == 5) & (tokens[:, :-1] % 2 == 0)
    values[..., NOISE] = np.maximum(0, rng.normal(size=tokens.shape))
    values[..., CONSTANT] = 0.7
    return tokens, values


@pytest.fixture(scope="module")
def explained():
    return explain_site(
        Recorded(*activity(0), *activity(1)), KNOWN, SETTINGS, 1
    )  # shuffles the symbol of TOKEN


def test_every_unit_has_a_row_for_every_protocol_explainer_and_control(explained):
    scores = explained.scores
    counts = scores.groupby(["protocol", "explainer", "control"]).size()
    assert len(counts) == 2 * 3 * 3
    assert (counts.drop("tree", level="explainer") == 5).all()
    assert (counts.xs("tree", level="explainer") == 2).all()
    trees = scores[scores["explainer"] == "tree"]
    assert set(trees["unit"]) == {0, 4}  # evenly spread
    assert scores[list(SCORES)].max(axis=None) <= 1


def test_own_explanations_are_told_from_the_controls(explained):
    scores = explained.scores.set_index(["protocol", "explainer", "control", "unit"])
    wide = scores.loc["wide"]
    assert wide.loc[("symbols", OWN, TOKEN), "pearson"] > 0.99
    assert wide.loc[("contexts", OWN, CONTEXT), "pearson"] > 0.9
    assert wide.loc[("symbols", OWN, CONTEXT), "pearson"] < 0.8
    for control, unit in ((ANOTHER, TOKEN), (SHUFFLED, TOKEN)):
        assert abs(wide.loc[("symbols", control, unit), "pearson"]) < 0.3
        assert wide.loc[("symbols", control, unit), "r2"] < 0.2
    assert np.isnan(wide.loc[("symbols", ANOTHER, NOISE), "pearson"])  # it is a constant one
    assert wide.loc[("contexts", OWN, NOISE), "pearson"] < 0.1
    for unit in (DEAD, CONSTANT):
        assert scores.xs(unit, level="unit")[list(SCORES)].isna().all(axis=None)


def test_what_is_known_of_units():
    tokens, values = activity(0)
    other, held_out = activity(1)
    explain, score = Activity.cut(tokens, values, LENGTH), Activity.cut(other, held_out, LENGTH)
    facts = unit_facts(explain, score, VOCABULARY)
    assert facts["dead"].tolist() == [False, False, False, True, False]
    assert facts["constant"].tolist() == [False, False, False, True, True]
    assert facts["active"][TOKEN] == pytest.approx(1 / 12, abs=0.02)
    assert facts["active"][CONSTANT] == 1
    share = facts["token_share"]
    assert share[TOKEN] == pytest.approx(1)
    # at the symbol it fires half of the time: variance left p q / 12 of 1/24 (1 - 1/24)
    assert share[CONTEXT] == pytest.approx(1 - (1 / 4 / 12) / (1 / 24 * 23 / 24), abs=0.05)
    assert share[NOISE] == pytest.approx(0, abs=0.02)
    assert share[[DEAD, CONSTANT]].isna().all()


def test_the_same_seed_gives_the_same_scores(explained):
    again = explain_site(Recorded(*activity(0), *activity(1)), KNOWN, SETTINGS, 1)
    pd.testing.assert_frame_equal(explained.scores, again.scores)
    other = explain_site(Recorded(*activity(0), *activity(1)), KNOWN, SETTINGS, 2)
    assert not explained.scores.equals(other.scores)


def test_another_score_half_changes_no_explanation(explained):
    other = explain_site(Recorded(*activity(0), *activity(7)), KNOWN, SETTINGS, 1)
    for mine, others in zip(explained.explanations, other.explanations, strict=True):
        for unit in range(len(mine.units)):
            expected = mine.said.as_json(unit, KNOWN.symbols)
            assert others.said.as_json(unit, KNOWN.symbols) == expected


def test_protocols_that_show_the_same_share_an_explanation():
    shown = DrawSettings(top=5)
    both = NeuronSettings(
        protocols={
            "top": ProtocolSettings(length=16, explain=shown, score=DrawSettings(top=5)),
            "random": ProtocolSettings(length=16, explain=shown, score=DrawSettings(random=9)),
            "more": ProtocolSettings(
                length=16, explain=DrawSettings(top=6), score=DrawSettings(random=9)
            ),
        },
        explainers={"symbols": GramSettings()},
    )
    found = explain_site(Recorded(*activity(0), *activity(1)), KNOWN, both, 0)
    assert [one.protocols for one in found.explanations] == [("top", "random"), ("more",)]


def test_some_units_are_asked_about_under_their_own_numbers():
    """Patterns of every second unit are those that these units have among all others."""

    def ask(prompts):
        did = np.zeros((len(prompts), 5), np.float32)
        did[:, TOKEN] = prompts[:, -1] == 3
        did[:, CONSTANT] = 0.7 * (prompts[:, -1] == 8)
        return did

    tokens, values = activity(0)
    values[..., CONSTANT] = 0.7 * (tokens == 8)
    other, held_out = activity(1)
    held_out[..., CONSTANT] = 0.7 * (other == 8)
    some = SETTINGS.model_copy(update={"explainers": {"patterns": PatternSettings(units=2)}})
    recorded = Recorded(tokens, values, other, held_out)
    found = explain_site(recorded, Known(KNOWN.symbols, ask), some, 0)
    scores = found.scores.set_index(["protocol", "control", "unit"])["pearson"]
    assert scores["wide", OWN, TOKEN] > 0.99
    assert scores["wide", OWN, CONSTANT] > 0.99
