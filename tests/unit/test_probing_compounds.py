"""Compounds: what drives a unit that was made to be driven, and the claims from tables alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from chunkscope.errors import ProbingError
from chunkscope.figures.probing_compounds import CompoundTables as Drawn
from chunkscope.figures.probing_compounds import draw_compounds
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import SMALL
from chunkscope.grammars import Compounds, Corpus
from chunkscope.probing.compounds.claims import CompoundTables, f1_by_size, judge_compounds
from chunkscope.probing.compounds.settings import compound_settings
from chunkscope.probing.compounds.stimuli import LEAST, Responses
from chunkscope.probing.compounds.study import compound_symbols, probe_compounds
from chunkscope.probing.settings import ProbingSettings
from chunkscope.store import ActivationStore, StoreWriter

SOURCE = Compounds(pairs={"AB": "1", "CD": "2", "EF": "3"}, filler={"x": 0.5, "y": 0.5})
SITES = ("blocks.0.mlp.hook_post", "blocks.1.mlp.hook_post")
UNITS = 12
TRAIN = 110


@cache
def corpus() -> Corpus:
    return SOURCE.sample(np.random.default_rng(0), 170, 40)


def places_of(text: str) -> np.ndarray:
    """(sequence, time) bool: where ``text``, of one symbol or two, has just been read."""
    tokens = corpus().tokens
    codes = [corpus().symbols.index(symbol) for symbol in text]
    found = tokens == codes[-1]
    if len(codes) > 1:
        found = found.copy()
        found[:, 1:] &= tokens[:, :-1] == codes[0]
        found[:, 0] = False
    return found


def activity(layer: int, seed: int = 0) -> np.ndarray:
    """Noise; in the second layer units 0 to 3 answer AB; AB and CD; CD and EF; the symbol B."""
    rng = np.random.default_rng([layer, seed])
    values = 0.05 * rng.standard_normal((*corpus().tokens.shape, UNITS))
    if layer == 1:
        for unit, texts in enumerate((["AB"], ["AB", "CD"], ["CD", "EF"], ["B"])):
            for text in texts:
                values[places_of(text), unit] += 1
    return values.astype(np.float32)


def write_store(path: Path, trained: bool) -> Path:
    made = corpus()
    split = (np.arange(len(made.tokens)) >= TRAIN).astype(np.uint8)
    with StoreWriter(
        path,
        tokens=made.tokens,
        symbols=list(made.symbols),
        labels=made.labels,
        label_names={kind: list(names) for kind, names in made.names.items()},
        next_distribution=made.next_distribution,
        split=split,
        attributes={},
    ) as writer:
        for member in (0, 1):
            writer.create(member, dict.fromkeys(SITES, UNITS))
            values = {
                site: activity(layer if trained else 0, 10 * member + 5 * (not trained) + layer)
                for layer, site in enumerate(SITES)
            }
            writer.write(member, 0, values, loss=np.zeros(made.tokens.shape, np.float32))
    return path


def test_a_unit_is_driven_by_what_it_was_made_to_answer() -> None:
    answers = Responses.of(activity(1), corpus().tokens)
    compounds = np.array([[corpus().symbols.index(s) for s in pair] for pair in SOURCE.pairs])
    table = answers.stimuli(np.arange(4), compounds).set_index("unit")
    assert table["compounds"].tolist() == [1, 2, 2, 1]
    assert table["symbols"].tolist() == [1, 2, 2, 1]
    assert table["pairs"].tolist()[:3] == [1, 2, 2]
    assert table["pairs"][3] > 3  # whatever stands before B
    assert table["of_symbols"].tolist() == [False, False, False, True]


def test_answers_run_from_the_median_pair_to_the_best() -> None:
    answers = Responses.of(activity(1), corpus().tokens).answers
    assert answers.max(axis=0) == pytest.approx(np.ones(UNITS))
    assert np.median(answers, axis=0) == pytest.approx(np.zeros(UNITS))


def test_means_are_those_of_the_steps_after_each_pair() -> None:
    values, tokens = activity(0), corpus().tokens
    answers = Responses.of(values, tokens)
    for at in (0, len(answers.n) // 2, -1):
        here = (tokens[:, :-1] == answers.previous[at]) & (tokens[:, 1:] == answers.current[at])
        assert answers.n[at] == here.sum() >= LEAST
        np.testing.assert_allclose(answers.means[at], values[:, 1:][here].mean(axis=0), rtol=1e-5)


def test_a_unit_that_never_changes_is_driven_by_nothing() -> None:
    tokens = corpus().tokens
    answers = Responses.of(np.zeros((*tokens.shape, 2), np.float32), tokens)
    assert not answers.drives.any()


def test_pairs_that_are_too_rare_are_refused() -> None:
    with pytest.raises(ProbingError, match="no pair of symbols occurs 10 times in 1 sequences"):
        Responses.of(np.zeros((1, 4, 2), np.float32), np.arange(4)[None])


@cache
def probed(folder: Path) -> dict[str, pd.DataFrame]:
    paths = write_store(folder / "a.zarr.zip", True), write_store(folder / "b.zarr.zip", False)
    settings = ProbingSettings.model_validate(
        {"sizes": [1, 2, 4, 8], "permutations": 20, "resamples": 40, "compared": 2}
    )
    with ActivationStore.open(paths[0]) as trained, ActivationStore.open(paths[1]) as untrained:
        symbols = [trained.symbols[at] for at in compound_symbols(trained).ravel()]
        assert symbols == list("ABCDEF")
        return probe_compounds(trained, untrained, SOURCE, settings, 0, "a")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return probed(tmp_path_factory.mktemp("stores"))


def test_compounds_alone_are_probed_at_the_published_penalty() -> None:
    settings = compound_settings(ProbingSettings(), 3)
    assert settings.features.kinds == ("compound",)
    assert settings.penalties == (1.0,)
    assert settings.rows == ProbingSettings().rows


def test_two_polysemantic_units_isolate_what_neither_does(
    tables: dict[str, pd.DataFrame],
) -> None:
    """CD drives unit 1 beside AB, and unit 2 beside EF: alone each errs at the other compound.

    The published rows of CD hold neither AB nor EF, so that one of them is enough there.
    """
    halves = f1_by_size(tables["scores"], "balanced")["probe"].groupby("name").mean()
    everywhere = f1_by_size(tables["everywhere"], "natural")["probe"].groupby("name").mean()
    assert halves.loc["CD", 1] > 0.99
    assert everywhere.loc["CD", 1] < 0.8
    assert everywhere.loc["CD", 2] > 0.97
    assert everywhere.loc["AB", 1] > 0.99  # unit 0 is its own
    stimuli = tables["stimuli"].query(f"condition == 'probe' and site == '{SITES[1]}'")
    first = stimuli.query("rank < 2 and compound == 'CD'")
    assert set(first["unit"]) == {1, 2}
    assert (first["compounds"] == 2).all()


def test_the_last_two_symbols_solve_it_and_the_present_one_does_not(
    tables: dict[str, pd.DataFrame],
) -> None:
    scores = tables["scores"].query("prevalence == 'balanced'")
    by_condition = scores.groupby("condition")["f1"].mean()
    assert by_condition["lookup 2"] == 1
    assert by_condition["lookup 1"] == pytest.approx(0.5, abs=0.06)
    assert by_condition["untrained"] < 0.7
    everywhere = tables["everywhere"].groupby("condition")["f1"].mean()
    assert everywhere["lookup 2"] == 1
    assert everywhere["lookup 1"] == pytest.approx(2 / 3, abs=0.06)  # right in half of its calls


def test_responses_name_the_symbols(tables: dict[str, pd.DataFrame]) -> None:
    rows = tables["responses"].query(f"compound == 'EF' and site == '{SITES[1]}' and answer > .5")
    assert set(rows["previous"] + rows["current"]) == {"CD", "EF"}


def claim_tables(
    single: float = 0.9, joint: float = 0.97, rotated: float = 0.8, symbols: int = 3
) -> CompoundTables:
    """Two sites, of which validation prefers the first; the second would say something else."""
    rng = np.random.default_rng(0)
    rows = [
        {"name": name, "condition": condition, "member": member, "prevalence": "balanced",
         "site": site, "size": size, "validation": 0.9 - 0.1 * site,
         "f1": (value if site == 0 else 0.3) + 0.002 * rng.random()}
        for name in ("AB", "CD") for member in range(5) for site in (0, 1)
        for condition, size, value in (
            ("probe", 1, single), ("probe", 4, joint), ("probe", 8, joint), ("rotated", 1, rotated),
            ("rotated", 4, joint - 0.01), ("rotated", 8, joint - 0.01), ("untrained", 1, 0.5),
        )
    ]  # fmt: skip
    stimuli = [
        {"condition": "probe", "member": member, "rank": rank, "symbols": symbols}
        for member in range(5)
        for rank in range(8)
    ]
    scores = pd.DataFrame(rows)
    everywhere = scores.assign(prevalence="natural", f1=scores["f1"].where(scores["size"] > 1, 0.5))
    return CompoundTables(scores, everywhere, pd.DataFrame(stimuli))


@pytest.mark.parametrize(
    ("changed", "claim", "verdict"),
    [
        ({}, "single", "reproduced"),
        ({"single": 0.7}, "single", "direction only"),
        ({"single": 0.45}, "single", "not reproduced"),
        ({}, "jointly", "reproduced"),
        ({"symbols": 1}, "jointly", "direction only"),
        ({"joint": 0.9}, "jointly", "not reproduced"),
        ({}, "basis", "reproduced"),
        ({"rotated": 0.88}, "basis", "direction only"),
        ({"rotated": 0.92}, "basis", "not reproduced"),
        ({}, "gap", "reproduced"),
        ({"rotated": 0.885}, "gap", "direction only"),
        ({"rotated": 0.9}, "gap", "not reproduced"),
    ],
)
def test_claims_follow_their_rules(changed: dict[str, float], claim: str, verdict: str) -> None:
    claims = {c.id: c for c in judge_compounds({"a": claim_tables(**changed)})}
    assert claims[f"probing-compounds-{claim}-a"].verdict == verdict


def test_what_is_asked_at_every_step_is_judged_on_its_own_table() -> None:
    claims = {c.id: c for c in judge_compounds({"a": claim_tables()})}
    assert len(claims) == 7
    basis = claims["probing-compounds-basis-everywhere-a"]
    assert (basis.paper, basis.published, basis.verdict) == ("chunkscope", "", "not reproduced")
    assert basis.value.mean == 0


@pytest.mark.parametrize("members", [1, 2])
def test_the_figure_shows_its_tables(
    members: int, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    kept = {name: tables[name] for name in ("scores", "everywhere", "stimuli", "responses")}
    kept = {n: t[~(t["member"] >= members)] for n, t in kept.items()}
    look = FigureSettings(dpi=50)
    figure, data = draw_compounds({"a": Drawn(**kept)}, look)
    save_figure(figure, data, tmp_path / "figure", look)
    lines = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1]
    drawn = np.sort([line.get_ydata()[0] for line in lines])
    shown = data[(data["panel"] == "drivers") | data["of"].isin(["curve", "compound"])]["mean"]
    assert drawn == pytest.approx(np.sort(shown))
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= SMALL
    page = figure.bbox.padded(1)
    for box in (axes.get_tightbbox() for axes in figure.axes):
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1
