"""Superposition: the toy model reaches its closed forms, the fingerprint folds its layer norm."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.text import Text
from torch.nn import functional

from chunkscope.errors import ProbingError
from chunkscope.figures.probing_superposition import (
    COLUMNS,
    draw_superposition,
    relative_depth,
)
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import SMALL
from chunkscope.networks.building import build
from chunkscope.networks.gpt import GPT
from chunkscope.networks.settings import GPTSettings, GRUSettings
from chunkscope.probing.planted.settings import CodesSettings
from chunkscope.probing.superposition.claims import Tables, judge_superposition
from chunkscope.probing.superposition.fingerprint import fold_norm, measure_fingerprint
from chunkscope.probing.superposition.settings import (
    CircleSettings,
    RandomCodesSettings,
    SuperpositionSettings,
    ToySettings,
)
from chunkscope.probing.superposition.study import study_superposition
from chunkscope.probing.superposition.tables import SuperpositionTables
from chunkscope.probing.superposition.toy import ToyModel, train_toys

LOOK = FigureSettings(dpi=50)
TOY = ToySettings(
    features=6, hidden=2, densities=(1.0, 0.03), steps=800, learning_rate=0.02, seeds=2, rows=200
)
SMALL_STUDY = SuperpositionSettings(
    seeds=3,
    circle=CircleSettings(active=(0.005, 0.1), rows=800),
    codes=RandomCodesSettings(
        codes={
            "few": CodesSettings(rows=800, features=16),
            "many": CodesSettings(rows=800, features=256),
        },
        sizes=(1, 4, 8, 64),
    ),
    toy=TOY,
)


@pytest.fixture(scope="module")
def tables() -> SuperpositionTables:
    return study_superposition(SMALL_STUDY, seed=0)


@pytest.fixture(scope="module")
def toys() -> list[ToyModel]:
    return train_toys(TOY, seed=0)


def gpt(layers: int = 2) -> GPT:
    """Two members whose every weight matters, norms and biases too."""
    network = build(GPTSettings(layers=layers, width=12, heads=3, context=16), 7, [3, 1]).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=generator, dtype=weight.dtype))
    assert isinstance(network, GPT)
    return network


# --- the toy model


def test_dense_features_are_represented_as_far_as_there_are_units_and_no_further(
    toys: list[ToyModel],
) -> None:
    """The best of a linear map: the most important features exactly, the rest at their variance."""
    for model in toys:
        if model.density == 1.0 and model.hidden == "linear":
            np.testing.assert_allclose(model.norm[:2], 1, atol=0.02)
            assert (model.norm[2:] < 0.1).all()
            left = (TOY.decay ** np.arange(2, 6)).sum() / 12  # variance of a uniform feature
            assert model.loss == pytest.approx(left, rel=0.05)


def test_sparse_features_are_more_than_units(toys: list[ToyModel]) -> None:
    represented = {
        (model.hidden, model.density, model.seed): int((model.norm > 0.5).sum()) for model in toys
    }
    for seed in range(TOY.seeds):
        assert represented["linear", 1.0, seed] == 2
        assert represented["linear", 0.03, seed] >= 4


def test_a_model_does_not_depend_on_those_it_is_trained_beside(toys: list[ToyModel]) -> None:
    alone = train_toys(TOY.model_copy(update={"densities": (0.03,), "seeds": 1}), seed=0)
    among = [m for m in toys if m.density == 0.03 and m.seed == 0]
    other = [m for m in toys if m.density == 0.03 and m.seed == 1]
    for one, two, three in zip(alone, among, other, strict=True):
        assert one.hidden == two.hidden
        np.testing.assert_allclose(one.weight, two.weight, atol=1e-4)
        assert np.abs(one.weight - three.weight).max() > 0.1


def test_interference_and_norm_are_what_the_weights_say() -> None:
    weight = np.array([[1.0, 0.0, 0.6], [0.0, 2.0, 0.8]])
    model = ToyModel("relu", 1.0, 0, weight, np.zeros(3), 0.0)
    assert model.norm.tolist() == pytest.approx([1, 2, 1])
    assert model.interference.tolist() == pytest.approx([0.36, 0.64, 0.36 + 2.56])
    assert model.activity(np.array([[-1.0, 1.0, 0.0]])).tolist() == [[0.0, 2.0]]


def test_a_feature_without_a_direction_has_no_interference_and_no_nan() -> None:
    model = ToyModel("linear", 1.0, 0, np.array([[1.0, 0.0]]), np.zeros(2), 0.0)
    assert model.interference.tolist() == [0.0, 0.0]


# --- the fingerprint


def test_folding_a_norm_changes_no_pre_activation() -> None:
    network = gpt()
    tokens = torch.randint(7, (3, 9), generator=torch.Generator().manual_seed(1))
    seen = network(tokens, record=["blocks.1.hook_resid_mid", "blocks.1.mlp.hook_pre"]).activations
    normal = functional.layer_norm(seen["blocks.1.hook_resid_mid"], (12,)).detach().numpy()
    block = network.blocks[1]
    for member in range(2):
        tensors = block.mlp.weight_in, block.mlp.bias_in, block.ln2.weight, block.ln2.bias
        weight, bias = fold_norm(*(tensor[member].detach().numpy() for tensor in tensors))
        expected = seen["blocks.1.mlp.hook_pre"][member].detach().numpy()
        np.testing.assert_allclose(normal[member] @ weight.T + bias, expected, atol=1e-10)
        np.testing.assert_allclose(weight.mean(axis=1), 0, atol=1e-12)
        assert np.abs(bias - block.mlp.bias_in[member].detach().numpy()).max() > 0.1


def test_the_fingerprint_is_a_median_of_products() -> None:
    network = gpt()
    table = measure_fingerprint(network, seed=0)
    assert table[["seed", "layer"]].values.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    block = network.blocks[1]
    tensors = block.mlp.weight_in, block.mlp.bias_in, block.ln2.weight, block.ln2.bias
    weight, bias = fold_norm(*(tensor[1].detach().numpy() for tensor in tensors))
    product = np.linalg.norm(weight, axis=1) * bias
    row = table.iloc[3]
    assert row["median"] == pytest.approx(np.median(product))
    assert row["negative"] == pytest.approx((product < 0).mean())
    assert row["units"] == 48


def test_coupled_norms_and_biases_differ_from_those_dealt_anew() -> None:
    """Biases of -norm^3: the rank correlation is -1, and dealt anew the median is another."""
    network = gpt(1)
    block = network.blocks[0]
    with torch.no_grad():
        block.ln2.weight.fill_(1)
        block.ln2.bias.fill_(0)
        centred = block.mlp.weight_in - block.mlp.weight_in.mean(-1, keepdim=True)
        block.mlp.bias_in.copy_(-(centred.norm(dim=-1) ** 3))
    table = measure_fingerprint(network, seed=0)
    assert (table["correlation"] < -0.999).all()
    assert (table["negative"] == 1).all()
    assert (table["median"] != table["shuffled"]).all()


def test_before_training_every_product_is_zero() -> None:
    network = build(GPTSettings(layers=2, width=12, heads=3, context=16), 7, [3])
    table = measure_fingerprint(network, seed=0)
    assert not table[["median", "low", "high", "shuffled", "negative"]].to_numpy().any()
    assert (table["norm"] > 0).all()
    assert table["correlation"].isna().all()


def test_a_network_without_a_layer_norm_is_refused() -> None:
    with pytest.raises(ProbingError, match=r"architecture gru; must be gpt"):
        measure_fingerprint(build(GRUSettings(hidden=4), 3, [0]), seed=0)


# --- the study, its figure and its claims


def test_more_features_on_a_unit_need_more_units(tables: SuperpositionTables) -> None:
    mean = tables.codes.groupby(["code", "basis", "size"])["f1"].mean()
    assert mean["few", "units", 1] > mean["many", "units", 1]
    assert mean["many", "units", 4] > mean["many", "units", 1] + 0.05
    assert mean["many", "units", 1] > mean["many", "rotated", 1] + 0.05
    loads = tables.codes.groupby("code")["per_unit"].first()
    assert loads.to_dict() == {"few": 1.0, "many": 16.0}


def test_a_crowd_hides_a_feature_of_the_circle(tables: SuperpositionTables) -> None:
    mean = tables.crowd.groupby(["basis", "active"])["f1"].mean().unstack()
    assert (mean[0.005] > mean[0.1] + 0.1).all()


def test_a_feature_that_is_not_represented_is_not_read(tables: SuperpositionTables) -> None:
    dense = tables.toy[(tables.toy["density"] == 1) & (tables.toy["hidden"] == "linear")]
    kept = dense[dense["norm"] > 0.5]["f1"]
    lost = dense[dense["norm"] < 0.1]["f1"]
    assert lost.max() < 2 / 6 + 0.05  # F1 of calling every row, of which 20 % are right
    assert kept.min() > lost.max() + 0.3


def test_the_study_is_the_same_each_time_and_another_for_another_seed(
    tables: SuperpositionTables,
) -> None:
    again, other = (study_superposition(SMALL_STUDY, seed=seed) for seed in (0, 1))
    for name in ("circle", "crowd", "codes", "models", "toy"):
        pd.testing.assert_frame_equal(getattr(tables, name), getattr(again, name))
    for name in ("crowd", "codes", "toy"):
        assert not getattr(tables, name)["f1"].equals(getattr(other, name)["f1"])


def test_sizes_above_the_units_are_all_of_them_once(tables: SuperpositionTables) -> None:
    assert sorted(tables.toy["size"].unique()) == [1, 2]
    assert not tables.toy.duplicated(
        ["hidden", "density", "seed", "feature", "basis", "size"]
    ).any()


def fingerprint(layers: int = 4, members: int = 3) -> pd.DataFrame:
    rows = [(m, n, 8, -1.0 / (n + 1) + 0.01 * m) for m in range(members) for n in range(layers)]
    table = pd.DataFrame(rows, columns=["seed", "layer", "units", "median"])
    return table.assign(
        low=table["median"] - 0.1,
        high=table["median"] + 0.1,
        shuffled=table["median"] + 0.05,
        norm=1.0,
        correlation=-0.5,
    )


@pytest.mark.parametrize(
    "runs",
    [
        {},
        {"a": fingerprint(1, 1), **{name: fingerprint(6) for name in "bcdef"}},
    ],
)
def test_the_figure_is_legible(
    tables: SuperpositionTables, runs: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    figure, data = draw_superposition(tables, runs, LOOK)
    save_figure(figure, data, tmp_path / "figure", LOOK)
    assert list(data.columns) == COLUMNS
    assert {f"d, {run}" for run in runs} <= set(data["panel"])
    assert set(data[data["panel"] == "d, depth"]["series"]) == set(runs)
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= SMALL
    page = figure.bbox.padded(1)
    for box in (axes.get_tightbbox() for axes in figure.axes):
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1
    for part in figure.subfigs[:3]:  # a row of panels each, whose titles stand side by side
        names = [axes.get_title("left") for axes in part.axes]
        titles = [t for t in part.findobj(Text) if t.get_text() in names and t.get_size() == 8]
        boxes = sorted((title.get_window_extent() for title in titles), key=lambda box: box.x0)
        assert len(boxes) == len(part.axes)
        assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))


def test_medians_are_relative_to_the_largest_layer() -> None:
    depth = relative_depth(fingerprint())
    assert depth["x"].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert depth["mean"].iloc[0] == -1


def test_interference_is_judged_within_models_and_never_across_them() -> None:
    """Sparser models have more of it and lower F1; within each one F1 rises with it."""
    rows = [
        ("linear", "units", size, seed, density, 1.0, load + at, 0.8 - load / 10 + 0.01 * at)
        for size in (1, 5) for seed in range(3) for density, load in ((0.1, 1), (0.02, 3))
        for at in np.linspace(0, 1, 7) + 0.01 * seed
    ]  # fmt: skip
    names = ["hidden", "basis", "size", "seed", "density", "norm", "interference", "f1"]
    toy = pd.DataFrame(rows, columns=names)
    models = [("linear", d, s, 5, 7) for d in (0.1, 0.02) for s in range(3)]
    table = pd.DataFrame(models, columns=["hidden", "density", "seed", "units", "represented"])
    nothing = pd.DataFrame({"per_unit": [], "size": []})
    for factor, rho, verdict in ((1, 1, "not reproduced"), (-1, -1, "reproduced")):
        turned = toy.assign(f1=0.8 - toy["interference"] / 10) if factor < 0 else toy
        claims = {c.id: c for c in judge_superposition(Tables(nothing, table, turned), {})}
        found = claims["probing-superposition-interference"]
        assert found.value.mean == pytest.approx(rho)
        assert found.verdict == verdict


def test_verdicts_follow_the_numbers(tables: SuperpositionTables) -> None:
    found = Tables(tables.codes, tables.models, tables.toy)
    claims = {claim.id: claim for claim in judge_superposition(found, {"gpt": fingerprint()})}
    assert claims["probing-superposition-several-units"].verdict == "reproduced"
    assert claims["probing-superposition-toy"].value.mean > 2
    early = claims["probing-fingerprint-early-gpt"]
    assert early.verdict == "reproduced"
    assert early.value.mean == pytest.approx(-0.99)

    single = Tables(tables.codes.query("size < 8"), tables.models, tables.toy)
    assert "probing-superposition-basis" not in {c.id for c in judge_superposition(single, {})}

    units = tables.codes["basis"].map({"units": "rotated", "rotated": "units"})
    turned = Tables(tables.codes.assign(basis=units), tables.models, tables.toy)
    flipped = fingerprint().assign(median=1.0)
    claims = {claim.id: claim for claim in judge_superposition(turned, {"gpt": flipped})}
    assert claims["probing-superposition-basis"].verdict == "not reproduced"
    assert claims["probing-fingerprint-early-gpt"].verdict == "not reproduced"
