"""Settings of grammars: what cannot be a grammar is refused in one sentence, at its key."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from chunkscope.grammars import GRAMMARS, Grammar, GrammarSettings

ADAPTER: TypeAdapter[Grammar] = TypeAdapter(GrammarSettings)
E = {"E": 1.0}


def arc(to: str, probability: float = 1.0, symbol: str = "x") -> dict[str, object]:
    return {"symbol": symbol, "to": to, "probability": probability}


def automaton(**states: list[dict[str, object]]) -> dict[str, object]:
    return {"grammar": "automaton", "states": states, "start": next(iter(states))}


def words(vocabulary: dict[str, float], **fields: object) -> dict[str, object]:
    return {"grammar": "words", "vocabulary": vocabulary, **fields}


def context(contexts: dict[str, dict[str, float]], **fields: object) -> dict[str, object]:
    return {"grammar": "context", "contexts": contexts, **fields}


@pytest.mark.parametrize(
    ("given", "key", "sentence"),
    [
        (words({"AB": 0.5, "C": 0.4}), "vocabulary", "'AB', 'C' sum to 0.9; they must sum to 1"),
        (words({"AB": 1.5}), "vocabulary.AB", "less than or equal to 1"),
        (words({"AB": 1.0, "C": 0.0}), "vocabulary.C", "greater than 0"),
        (words({}), "vocabulary", "got no words"),
        (words({"": 1.0}), "vocabulary", "at least 1 character"),
        (words({"A": 1}, filler={"EF": 1}), "filler", "filler 'EF' has 2 symbols; must be one"),
        (words({"A": 1}, filler=E), "", "filler 'E' never occurs"),
        (words({"A": 1}, gap={"kind": "fixed", "count": 1}), "", "the gap needs a filler"),
        (words({"A": 1}, gap={"kind": "uniform", "low": 3, "high": 1}), "gap.uniform", "low is 3"),
        (words({"AB": 0.5, "A": 0.3, "B": 0.2}), "", "word 'AB' is shadowed: .* A \\+ B;"),
        (words({"AA": 0.5, "A": 0.5}), "", "word 'AA' is shadowed: .* A \\+ A;"),
        (
            words({"EE": 1.0}, filler=E, gap={"kind": "fixed", "count": 1}),
            "",
            "word 'EE' is shadowed: .* E \\+ E;",
        ),
        (
            words({"AEB": 0.5, "A": 0.3, "B": 0.2}, filler=E, gap={"kind": "fixed", "count": 1}),
            "",
            "word 'AEB' is shadowed: .* A \\+ E \\+ B;",
        ),
        (words({"A": 1}, voccabulary={}), "voccabulary", "Extra inputs"),
        (context({}), "contexts", "at least 1 item"),
        (context({"P": {}}), "contexts", "context 'P' has no words"),
        (context({"P": {"A": 0.9}}), "contexts.P", "sum to 0.9"),
        (context({"": {"A": 1}, "P": {"B": 1}}), "contexts", "empty cue is for a single context"),
        (context({"P": {"Q": 1}, "Q": {"B": 1}}), "contexts", "word 'Q' of context 'P' is also"),
        (context({"P": {"A": 1}}, switch=0.5), "", "switch is 0.5 but there is one context"),
        (context({"P": {"A": 1}}, separator="P"), "", "separator 'P' is also a cue"),
        (context({"P": {"AB": 0.5, "A": 0.2, "B": 0.3}}), "", "word 'AB' is shadowed"),
        ({"grammar": "hierarchy", "level": 1, "symbols": "ABA"}, "symbols", "'A' occurs twice"),
        ({"grammar": "hierarchy", "level": 1, "filler": "A"}, "", "filler 'A' is also one of"),
        (
            {"grammar": "hierarchy", "level": 9, "symbols": "A", "max_length": 4},
            "",
            "after 3 of 9 compositions no new word of at most 4 symbols is left",
        ),
        (automaton(a=[]), "states.a", "the state leads nowhere"),
        (automaton(a=[arc("a", 0.5)]), "states.a", "sum to 0.5"),
        (automaton(begin=[arc("bgein")]), "states", "is no state; did you mean begin\\?"),
        (automaton(a=[arc("a")], b=[arc("a")]), "", "state 'b' cannot be reached from 'a'"),
        (automaton(first=[arc("first")]) | {"start": "frist"}, "start", "did you mean first\\?"),
        (automaton(a=[arc("a")]) | {"boundary": ["b"]}, "boundary", "'b' is no state"),
        ({"grammar": "word"}, "", "does not match any of the expected tags"),
    ],
)
def test_a_wrong_grammar_is_refused_at_its_key(
    given: dict[str, object], key: str, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence) as refusal:
        ADAPTER.validate_python(given)
    places = [".".join(map(str, error["loc"])) for error in refusal.value.errors()]
    tag = given["grammar"] if given["grammar"] in GRAMMARS else ""
    assert any(place.startswith(f"{tag}.{key}" if key else f"{tag}") for place in places)


@pytest.mark.parametrize(
    "given",
    [
        words({"AB": 0.5, "CD": 0.3, "ABCD": 0.2}, filler=E, gap={"kind": "fixed", "count": 1}),
        words({"ABCD": 0.5, "E": 0.5}, filler=E, gap={"kind": "uniform", "low": 0, "high": 9}),
        context({"P": {"AB": 1}, "Q": {"AB": 1}}, switch=0.1),
        context({"": {"CDAB": 0.1, "AB": 0.1, "ABCD": 0.1, "E": 0.7}}, separator="E"),
        {"grammar": "hierarchy", "level": 35},
        automaton(a=[arc("b", 0.5), arc("a", 0.5)], b=[arc("a")]),
    ],
)
def test_a_true_grammar_survives_the_way_through_its_settings(given: dict[str, object]) -> None:
    grammar = ADAPTER.validate_python(given)
    assert isinstance(grammar, GRAMMARS[str(given["grammar"])])
    assert ADAPTER.validate_json(grammar.model_dump_json()) == grammar


@pytest.mark.parametrize("grammar", GRAMMARS.values())
def test_every_field_says_what_it_is(grammar: type[Grammar]) -> None:
    assert all(field.description for field in grammar.model_fields.values())
