"""Context units: what an ablation costs is known where it can be worked out by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.text import Text
from torch import Tensor

from chunkscope.errors import NetworkError, ProbingError
from chunkscope.figures.probing_ablation import AblationTables as Drawn
from chunkscope.figures.probing_ablation import draw_ablation
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import SMALL
from chunkscope.grammars import Context, Corpus
from chunkscope.networks.building import CLASSES, build
from chunkscope.networks.recurrent import Recurrent
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    RecurrentSettings,
    TanhSettings,
)
from chunkscope.probing.ablation.activity import (
    activity_histogram,
    activity_quantiles,
    most_active,
)
from chunkscope.probing.ablation.claims import AblationTables, judge_ablation
from chunkscope.probing.ablation.context_units import deal_contexts
from chunkscope.probing.ablation.effects import Places, summarise_effects
from chunkscope.probing.ablation.information import context_information
from chunkscope.probing.ablation.matching import matched_sets, nearest_units, readout_weights
from chunkscope.probing.ablation.passes import readout_losses, recurrent_losses, top_state
from chunkscope.probing.ablation.settings import AblationSettings
from chunkscope.probing.ablation.steps import ContextSteps
from chunkscope.probing.ablation.study import ContextStudy
from chunkscope.probing.settings import RowSettings
from chunkscope.probing.unit_ranking import rank_units

ARCHITECTURES: list[RecurrentSettings] = [
    AffineSettings(hidden=5),
    TanhSettings(hidden=5, layers=2),
    GRUSettings(hidden=5),
    LSTMSettings(hidden=5, layers=2),
]
each_network = pytest.mark.parametrize("model", ARCHITECTURES, ids=lambda m: m.architecture)
VOCABULARY = 4
SETS = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 1, 0], [1, 1, 1, 1, 1]], dtype=bool)
THIRD = 1 / 3


@cache
def network(model: RecurrentSettings) -> Recurrent:
    built = build(model, VOCABULARY, [3])
    assert isinstance(built, Recurrent)
    return built


def tokens(sequences: int = 3, time: int = 8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, VOCABULARY, (sequences, time))


@torch.no_grad()
def run(model: Recurrent, symbols: np.ndarray) -> tuple[Tensor, np.ndarray]:
    """Logits (sequence, time, symbol) and the activity that the readout sees."""
    site = top_state(model)
    output = model(torch.as_tensor(symbols), record=[site])
    return output.logits[0], output.activations[site][0].numpy()


def losses_of(logits: np.ndarray, symbols: np.ndarray) -> np.ndarray:
    """(..., sequence, time - 1) cross-entropy, written out."""
    logits = logits[..., :-1, :].astype(np.float64)
    chosen = np.take_along_axis(logits, np.broadcast_to(symbols[:, 1:, None], logits.shape), -1)
    return np.log(np.exp(logits).sum(-1)) - chosen[..., 0]


@each_network
def test_recorded_states_read_out_to_the_logits_of_the_pass(model: RecurrentSettings) -> None:
    built = build(model, VOCABULARY, [3, 4])
    assert isinstance(built, Recurrent)
    symbols = torch.as_tensor(tokens())
    output = built(symbols, record=[top_state(built)])
    read = built.read_out(symbols, output.activations[top_state(built)])
    torch.testing.assert_close(read, output.logits)


def test_states_of_another_shape_are_not_read_out() -> None:
    with pytest.raises(NetworkError, match=r"hidden: got shape \(1, 3, 8, 4\); must be"):
        network(ARCHITECTURES[2]).read_out(torch.as_tensor(tokens()), torch.zeros(1, 3, 8, 4))


@each_network
def test_readout_weights_are_those_of_the_readout(model: RecurrentSettings) -> None:
    weights = network(model).state_dict()
    name = "readout.weight_hh" if model.architecture == "affine" else "readout.weight"
    np.testing.assert_allclose(readout_weights(network(model)), weights[name][0].T, atol=1e-6)


@pytest.mark.parametrize("model", ARCHITECTURES[1:], ids=lambda m: m.architecture)
def test_a_readout_only_ablation_is_analytic(model: RecurrentSettings) -> None:
    """The readout is linear: logits minus w_j (h_j - value_j), summed over the units."""
    built, symbols = network(model), tokens()
    logits, hidden = run(built, symbols)
    value = np.linspace(-0.5, 0.5, 5, dtype=np.float32)
    found = readout_losses(built, symbols, hidden, SETS, value)
    columns = built.state_dict()["readout.weight"][0].numpy().astype(np.float64).T
    for mask, losses in zip(SETS, found, strict=True):
        moved = np.where(mask, hidden.astype(np.float64) - value, 0) @ columns
        expected = losses_of(logits.numpy() - moved, symbols)
        np.testing.assert_allclose(losses, expected, atol=1e-6)
    assert np.ptp(found.mean(axis=(1, 2))) > 1e-3


def test_a_recurrent_ablation_holds_the_units_at_every_step() -> None:
    """The tanh network stepped by hand, its units set before the readout and the next step."""
    built, symbols = network(TanhSettings(hidden=5)), tokens()
    value = np.linspace(-0.5, 0.5, 5, dtype=np.float32)
    weights = {k: v[0].numpy().astype(np.float64) for k, v in built.state_dict().items()}
    for mask, losses in zip(SETS, recurrent_losses(built, symbols, SETS, value), strict=True):
        h, logits = np.zeros((len(symbols), 5)), []
        for at in range(symbols.shape[1]):
            drive = weights["layers.0.weight_ih"].T[symbols[:, at]] + weights["layers.0.bias_ih"]
            h = np.tanh(drive + h @ weights["layers.0.weight_hh"].T + weights["layers.0.bias_hh"])
            h = np.where(mask, value, h)
            logits.append(h @ weights["readout.weight"].T + weights["readout.bias"])
        expected = losses_of(np.stack(logits, 1), symbols)
        np.testing.assert_allclose(losses, expected, rtol=1e-5, atol=1e-6)


def test_nearest_units_are_near_in_both() -> None:
    """Unit 3 is as lively as unit 0, unit 1 as much read; unit 2 is a little off in both."""
    spread = np.array([1.0, 10.0, 1.1, 1.0, 10.0])
    length = np.array([1.0, 1.0, 1.1, 20.0, 20.0])
    others = np.array([1, 2, 3, 4])
    assert nearest_units(spread, length, 0, others, 1).tolist() == [2]
    assert nearest_units(spread, length, 0, others, 4)[-1] == 4


def test_matched_sets_replace_every_unit_by_a_near_one() -> None:
    rng = np.random.default_rng(0)
    spread, length = rng.lognormal(size=(2, 40))
    single = matched_sets(spread, length, np.array([7]), 20, rng)
    nearest = nearest_units(spread, length, 7, np.delete(np.arange(40), 7), 20)
    assert sorted(single[:, 0]) == sorted(nearest)
    units = np.array([7, 3, 12, 30])
    sets = matched_sets(spread, length, units, 20, rng)
    assert sets.shape == (20, 4)
    assert all(len(set(row)) == 4 and not set(row) & set(units) for row in sets.tolist())
    spread[:] = np.where(np.isin(np.arange(40), [*units, *range(15, 23)]), 9.0, 0.1)
    alike = matched_sets(spread, np.ones(40), np.array([7]), 8, rng)
    assert set(alike[:, 0]) <= {3, 12, 30, *range(15, 23)}


def test_too_few_units_cannot_be_matched() -> None:
    with pytest.raises(ProbingError, match="got 20 for sets of 2 of 16 units; must be at most 13"):
        matched_sets(np.ones(16), np.ones(16), np.array([0, 1]), 20, np.random.default_rng(0))


def test_information_is_that_between_context_and_next_symbol() -> None:
    """Told apart: log 2. The same: 0. In between: by the definition of the mutual information."""
    symbols = np.array([0, 0, 0, 1, 1, 2, 3, 3])
    context = np.array([0, 0, 1, 0, 1, 0, 0, 1])
    following = np.array(
        [[1, 0], [1, 0], [0, 1], [0.3, 0.7], [0.3, 0.7], [0.9, 0.1], [0.8, 0.2], [0.4, 0.6]]
    )
    found = context_information(following, symbols, np.zeros(8, int), context)
    joint = np.array([[0.8, 0.2], [0.4, 0.6]]) / 2
    product = joint.sum(0) * joint.sum(1, keepdims=True)
    between = (joint * np.log(joint / product)).sum()
    expected = [np.log(2)] * 3 + [0, 0, 0] + [between] * 2
    np.testing.assert_allclose(found, expected, atol=1e-12)
    apart = context_information(following, symbols, context, context)
    np.testing.assert_allclose(apart, 0, atol=1e-12)


@cache
def mixture() -> Corpus:
    """Words whose last symbol alone depends on the context."""
    contexts = {
        "x": {"ABCA": THIRD, "BCAB": THIRD, "CABC": THIRD},
        "y": {"ABCB": THIRD, "BCAC": THIRD, "CABA": THIRD},
    }
    return Context(contexts=contexts, switch=0.1).sample(np.random.default_rng(0), 60, 40)


def steps_of(corpus: Corpus, train: int) -> ContextSteps:
    assert corpus.next_distribution is not None
    is_train = np.arange(len(corpus.tokens)) < train
    return ContextSteps.of(corpus.tokens, corpus.labels, corpus.next_distribution, is_train)


def test_the_context_informs_before_the_last_symbol_alone() -> None:
    steps = steps_of(mixture(), 30)
    places = Places.of(steps, informative=0.1).masks
    inside = (steps.inside & (steps.context == 1))[:, :-1]
    assert np.array_equal(places[1, "informative"], inside & (steps.position[:, :-1] == 2))
    assert np.array_equal(places[1, "informative"] ^ places[1, "uninformative"], inside)
    assert np.array_equal(places[1, "all"], inside)
    assert not steps.inside[np.isin(np.array([*mixture().symbols])[steps.tokens], ["x", "y"])].any()


def test_a_corpus_of_one_context_is_refused() -> None:
    corpus = Context(contexts={"": {"AB": 1.0}}).sample(np.random.default_rng(0), 4, 10)
    with pytest.raises(ProbingError, match="a single context"):
        steps_of(corpus, 2)


def test_effects_are_means_over_the_steps_of_a_place() -> None:
    places = Places({(0, "all"): np.array([[True, True, False]])}, np.array([[0.1, 0.3, 9.0]]))
    unablated = np.array([[1.0, 3.0, 9.0]])
    losses = np.array([[[4.0, 6, 0]], [[2, 4, 0]], [[5, 7, 0]], [[1, 3, 0]]])
    table = places.effects(losses, unablated, np.array([0])).set_index("units")
    assert table.loc["context", ["loss", "unablated", "delta", "percent"]].tolist() == [
        5,
        2,
        3,
        150,
    ]
    assert table.loc["matched", "delta"] == pytest.approx((1 + 4 + 0) / 3)
    assert table["bayes"].tolist() == pytest.approx([0.2, 0.2])
    assert table["p"].tolist() == [0.5, 0.5]  # itself and one of three
    assert table["spread"].tolist() == pytest.approx([np.std([3, 6, 2], ddof=1)] * 2)


def test_the_activity_of_a_unit_by_context() -> None:
    steps = steps_of(mixture(), 30)
    rng = np.random.default_rng(0)
    values = np.where(steps.context == 1, -0.8, 0.1) + 0.01 * rng.standard_normal(
        steps.tokens.shape
    )
    assert most_active(values, steps) == 1
    assert most_active(values + 0.7, steps) == 0
    shares = activity_histogram(values, steps)
    assert shares.groupby("context")["share"].sum().tolist() == pytest.approx([1, 1])
    assert shares.query("context == 1 and low > -.5")["share"].sum() == 0
    table = activity_quantiles(values, steps).set_index(["context", "token"])
    token = mixture().symbols.index("A")
    at = steps.inside & ~steps.is_train[:, None] & (steps.context == 1) & (steps.tokens == token)
    assert table.loc[(1, token), "upper"] == pytest.approx(np.quantile(values[at], 0.75))
    assert table.loc[(1, token), "n"] == at.sum()


PLANTED = Context(contexts={"x": {"AB": 1.0}, "y": {"AC": 1.0}}, switch=0.2)
IDLE = 30


def planted_network(symbols: tuple[str, ...]) -> Recurrent:
    """Unit 0 holds the context, 1 to 5 say what was read, and 30 units move and tell nobody.

    After A the readout adds what unit 0 says of B and of C; whatever else it predicts is flat.
    """
    units = 1 + len(symbols) + IDLE
    settings = TanhSettings(hidden=units)
    weights = {k: torch.zeros_like(v) for k, v in CLASSES["tanh"].draw(settings, 5, 5).items()}
    place = {symbol: at for at, symbol in enumerate(symbols)}
    into, back, out = (
        weights[name][0] for name in ("layers.0.weight_ih", "layers.0.weight_hh", "readout.weight")
    )
    into[0, place["x"]], into[0, place["y"]], back[0, 0] = 6, -6, 3
    for symbol, at in place.items():
        into[1 + at, at] = 10
        if symbol in "BC":
            out[at, 1 + place["A"]] = 8
    out[place["B"], 0], out[place["C"], 0] = 8, -8
    generator = torch.Generator().manual_seed(0)
    into[1 + len(symbols) :] = torch.randn(IDLE, len(symbols), generator=generator)
    return CLASSES["tanh"](settings, symbols, [0], weights)  # type: ignore[return-value]


@cache
def planted() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, ContextStudy, np.ndarray]:
    """Units, effects and matches of the planted network, the study, and the activity."""
    corpus = PLANTED.sample(np.random.default_rng(0), 120, 40)
    model = planted_network(corpus.symbols)
    steps = steps_of(corpus, 80)
    settings = AblationSettings(sizes=(1, 2), controls=20, sequences=30)
    study = ContextStudy(steps, RowSettings(), settings, 40, np.random.default_rng(1))
    logits, hidden = run(model, corpus.tokens)
    loss = np.full(corpus.tokens.shape, np.nan, np.float32)
    loss[:, :-1] = losses_of(logits.numpy(), corpus.tokens)
    units, ranking = study.find(hidden, np.random.default_rng(2))
    effects, matches = study.ablate(model, hidden, loss, ranking, np.random.default_rng(3))
    return units, effects, matches, study, hidden


def test_a_planted_context_unit_is_found() -> None:
    units = planted()[0]
    assert units["unit"][0] == 0
    assert units["f1"][0] == 1
    assert units["f1"][1] < 0.9
    assert (units["f1_low"] <= units["f1"]).all()


def test_a_context_is_not_told_for_being_the_commoner_one() -> None:
    """Noise reaches the same F1 of a context that holds 5 % of the time and of the other one."""
    rng = np.random.default_rng(0)
    shape = (120, 40)
    context = (rng.random(shape) < 0.05).astype(int)
    steps = ContextSteps(
        np.zeros(shape, int), context, np.zeros(shape, int), np.ones(shape, bool),
        np.ones((*shape, 1), np.float32), np.arange(120) < 80,
    )  # fmt: skip
    rows = deal_contexts(steps, RowSettings(), rng)
    noise = rng.standard_normal((*shape, 6)).astype(np.float32)
    f1 = {at: rank_units(noise, of_it, 0.2).f1 for at, of_it in rows.items()}
    assert f1[0].mean() == pytest.approx(f1[1].mean(), abs=0.06)
    assert f1[0].max() < 0.5


def test_intervals_of_units_hold_the_prevalence_in_every_resample() -> None:
    """Precision of a unit that says nothing is the prevalence, hardly more, hardly less."""
    rng = np.random.default_rng(0)
    shape = (120, 40)
    context = np.repeat(rng.random((120, 1)) < 0.3, 40, axis=1).astype(int)
    steps = ContextSteps(
        np.zeros(shape, int), context, np.zeros(shape, int), np.ones(shape, bool),
        np.ones((*shape, 1), np.float32), np.arange(120) < 80,
    )  # fmt: skip
    rows = deal_contexts(steps, RowSettings(), rng)
    noise = rng.standard_normal((*shape, 6)).astype(np.float32)
    unit = rank_units(noise, rows[1], 0.2).test(1, 200, rng).iloc[0]
    assert unit["floor"] == pytest.approx(1 / 3)
    assert unit["precision"] == pytest.approx(0.2, abs=0.05)
    assert unit["precision_high"] - unit["precision_low"] < 0.05


@pytest.mark.parametrize("path", ["readout", "recurrent"])
@pytest.mark.parametrize("held_at", ["zero", "mean"])
def test_a_planted_context_unit_is_needed_where_it_informs(path: str, held_at: str) -> None:
    """B and C are 16 h apart in their logits, h being what it is held at; a toss-up at zero."""
    effects = planted()[1].query("path == @path and held_at == @held_at and size == 1")
    by_units = effects.set_index(["units", "place"])["delta"]
    informative = by_units["context", "informative"]
    _, _, _, study, hidden = planted()
    value = hidden[study.steps.is_train, :, 0].mean() if held_at == "mean" else 0.0
    apart = np.array([-16, 16]) * value  # in x, where B follows, and in y
    assert informative.to_numpy() == pytest.approx(np.log(1 + np.exp(apart)), abs=2e-3)
    matched = by_units["matched", "informative"]
    assert (matched < informative.to_numpy() / 2).all()
    at_words_ends = by_units["context", "position 1"]
    assert not np.isclose(at_words_ends, np.log(2), atol=0.1).any()
    p = effects.query("units == 'context' and place == 'informative'")["p"]
    assert (p == 1 / 21).all()


def test_effects_of_the_planted_unit_are_summed_up_over_members() -> None:
    effects = planted()[1]
    both = pd.concat(
        [effects.assign(member=0), effects.assign(member=1, delta=effects["delta"] + 2)]
    )
    table = summarise_effects(both).query("measure == 'delta' and place == 'informative'")
    row = table.query(
        "path == 'readout' and held_at == 'zero' and size == 1 and units == 'context'"
    )
    assert row["mean"].tolist() == pytest.approx([np.log(2) + 1] * 2, abs=1e-3)
    assert (row["n"] == 2).all()


def claim_tables(
    f1: float = 0.97, own: float = 0.3, others: float = 0.01, matched: float = 0.02
) -> AblationTables:
    """Five members whose every number has a little spread; what a readout loses is a tenth."""
    rng = np.random.default_rng(0)
    units = [
        {"member": member, "rank": 0, "condition": condition, "f1": value + 0.01 * rng.random(),
         "floor": 1 / 3}
        for member in range(5)
        for condition, value in (("trained", f1), ("untrained", 0.68))
    ]  # fmt: skip
    effects = [
        {"member": member, "path": path, "held_at": "zero", "size": size, "units": units_,
         "place": "informative", "own": is_own,
         "delta": value * (0.1 if path == "readout" else 1) + 0.002 * rng.random()}
        for member in range(5) for path in ("readout", "recurrent") for size in (1, 4)
        for units_, is_own, value in (
            ("context", True, own), ("context", False, others),
            ("matched", True, matched), ("matched", False, matched),
        )
    ]  # fmt: skip
    return AblationTables(pd.DataFrame(units), pd.DataFrame(effects))


@pytest.mark.parametrize(
    ("changed", "claim", "verdict"),
    [
        ({}, "unit", "reproduced"),
        ({"f1": 0.9}, "unit", "direction only"),
        ({"f1": 0.68}, "unit", "not reproduced"),
        ({}, "ablation", "reproduced"),
        ({"others": 0.1}, "ablation", "direction only"),
        ({"matched": 0.5}, "ablation", "direction only"),
        ({"others": 0.3}, "ablation", "not reproduced"),
        ({}, "needed", "reproduced"),
        ({"matched": 0.4}, "needed", "not reproduced"),
        ({}, "recurrence", "reproduced"),
        ({"own": -0.1, "others": -0.1}, "recurrence", "not reproduced"),
        ({"matched": 0.4}, "recurrence", "not reproduced"),
    ],
)
def test_claims_follow_their_rules(changed: dict[str, float], claim: str, verdict: str) -> None:
    claims = {c.id: c for c in judge_ablation({"a": claim_tables(**changed)})}
    assert claims[f"probing-context-{claim}-a"].verdict == verdict


def drawn_tables(members: int) -> Drawn:
    units, effects, _, study, hidden = planted()
    histogram, quantiles = (
        activity_histogram(hidden[..., 0], study.steps),
        activity_quantiles(hidden[..., 0], study.steps),
    )
    many = pd.concat([effects.assign(member=m, delta=effects["delta"] + m) for m in range(members)])
    conditions = [units.assign(condition=c) for c in ("trained", "untrained")]
    return Drawn(
        pd.concat(conditions).assign(member=0),
        summarise_effects(many),
        histogram.assign(member=0),
        quantiles.assign(member=0).replace({"token": {0: "A", 1: "B", 2: "C"}}),
    )


@pytest.mark.parametrize(
    ("runs", "members"), [(("mixture_gru64", "mixture_of_grammars_tanh128"), 3), (("a",), 1)]
)
def test_the_figure_shows_its_tables(runs: tuple[str, ...], members: int, tmp_path: Path) -> None:
    look = FigureSettings(dpi=50)
    figure, data = draw_ablation({run: drawn_tables(members) for run in runs}, look)
    save_figure(figure, data, tmp_path / "figure", look)
    lines = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1]
    drawn = np.sort([line.get_ydata()[0] for line in lines])
    shown = data[data["panel"].isin(["position", "loss"])]["mean"]
    assert drawn == pytest.approx(np.sort(shown))
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= SMALL
    page = figure.bbox.padded(1)
    titles = [text.get_window_extent() for text in texts if "F1 of" in text.get_text()]
    assert len(titles) == len(runs)
    for box in (*(axes.get_tightbbox() for axes in figure.axes), *titles):
        assert box is not None
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1
