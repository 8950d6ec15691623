"""The figure across architectures: its marks are the tables' numbers, each with its control."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chunkscope.experiments.hierarchy.published import CORRELATIONS
from chunkscope.figures.architectures import EXPERIMENTS, Networks, compare_networks
from chunkscope.figures.chunks_architectures import BANDS, draw_architectures
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings

HIDDEN, WHOLE = "layers.0.hook_h", "layers.0.hook_h+layers.0.hook_c"
INTERVAL = ["mean", "ci_low", "ci_high"]


def effects(*sites: str) -> pd.DataFrame:
    """Two seeds of two donors; at the last set of sites grafts succeed, at others never."""
    rows = [
        {
            "seed": seed,
            "kind": "graft",
            "units": "all",
            "sites": at,
            "control": control,
            "mode": mode,
            "visible": True,
            "strength": strength,
            "reads": reads,
            "symbol": symbol,
            "n": 8,
            "success": float(
                at == sites[-1]
                and control == "target"
                and strength == 1
                and mode == "forced"
                and symbol in "CD"
            ),
        }
        for seed in (0, 1)
        for at in sites
        for control in ("target", "random observed state")
        for mode in ("forced", "free")
        for strength in (0.5, 1.0)
        for reads, symbol in (("A", "C"), ("B", "D"), ("A", "B"), ("C", "E"))
    ]
    return pd.DataFrame(rows)


def decoding() -> pd.DataFrame:
    columns = ["seed", "states", "steps", "accuracy", "chance"]
    rows = [(0, "strings", 100, 0.8, 0.5), (1, "strings", 100, 0.6, 0.5)]
    rows += [(0, "strings", 1000, 1.0, 0.5), (0, "dictionary", 100, 1.0, 0.5)]
    return pd.DataFrame(rows, columns=columns)


def transfer() -> pd.DataFrame:
    gain = ["difference", "difference_low", "difference_high"]
    columns = ["arm", "measure", *INTERVAL, "n", "floor", "ceiling", *gain]
    rows = [
        (arm, measure, value, value - 0.1, value + 0.1, 3, 0.0, 1.0, value - 0.7, -0.1, 0.2)
        for arm, value in (("control", 0.7), ("donor", 0.8), ("random observed state", 0.6))
        for measure in ("early_accuracy", "link_off", "link_on")
    ]
    return pd.DataFrame(rows, columns=columns)


def context() -> pd.DataFrame:
    columns = ["condition", "reading", "symbol", "position", "measure", *INTERVAL, "n"]
    told = [("trained", "noisy vector", 0.9), ("untrained", "noisy vector", 0.6)]
    told += [("symbols", "last 1", 0.5), ("symbols", "ideal observer", 0.95)]
    rows = [(c, r, "all", "all", "accuracy", v, v - 0.1, v + 0.1, 4) for c, r, v in told]
    rows += [("trained", "noisy vector", "A", "all", "accuracy", 0.1, 0.0, 0.2, 4)]
    rows += [
        (c, np.nan, np.nan, np.nan, "states", v, v - 1, v + 1, 4)
        for c, v in (("trained", 300.0), ("untrained", 30.0))
    ]
    return pd.DataFrame(rows, columns=columns)


def correlations(rho: float) -> pd.DataFrame:
    columns = ["reading", "variant", "measure", "given", "rho", "ci_low", "ci_high", "n"]
    rows = [
        (reading, variant, measure, given, value, value - 0.1, value + 0.1, 20)
        for reading, sign in (("trained", 1), ("untrained", -1))
        for measure in ("states", "parse_length")
        for variant, given, value in (
            ("default", np.nan, sign * rho),
            ("default", "radius", 0.99),
            ("other", np.nan, 0.99),
        )
    ]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def networks() -> Networks:
    return Networks(
        effects={"affine12": effects(HIDDEN), "lstm24": effects(HIDDEN, WHOLE)},
        decoding={"affine12": decoding()},
        transfer={"affine12": transfer()},
        context={"gru24": context()},
        hierarchy={
            "affine12": {"published": correlations(0.4), "balanced": correlations(0.2)},
        },
        published={"hierarchy": "affine12", "transfer": "gru24"},
    )


def mark(data: pd.DataFrame, measure: str, series: str, network: str = "affine12") -> pd.Series:
    at = data.set_index(["measure", "series", "network"]).sort_index()
    (row,) = (row for _, row in at.loc[[(measure, series, network)]].iterrows())
    return row


def test_grafts_are_those_of_the_paper_in_the_whole_state(networks: Networks) -> None:
    data = compare_networks(networks)
    for network in ("affine12", "lstm24"):
        assert mark(data, "graft", "donor", network)["mean"] == 1
        assert mark(data, "graft", "random", network)["mean"] == 0
        assert mark(data, "graft", "donor", network)["n"] == 2


def test_marks_are_the_numbers_of_the_tables(networks: Networks) -> None:
    data = compare_networks(networks)
    assert mark(data, "decoding", "strings")["mean"] == pytest.approx(0.7)
    assert mark(data, "decoding", "strings")["floor"] == 0.5
    assert mark(data, "gain", "donor")["mean"] == pytest.approx(0.1)
    assert mark(data, "gain", "random")["mean"] == pytest.approx(-0.1)
    assert mark(data, "link", "control")["mean"] == pytest.approx(0.7)
    parent = mark(data, "parent", "trained", "gru24")
    assert parent[["mean", "floor", "ceiling"]].tolist() == [0.9, 0.5, 0.95]
    assert mark(data, "states", "untrained", "gru24")["mean"] == 30
    assert mark(data, "rho_states", "trained")["mean"] == pytest.approx(0.4)
    assert mark(data, "rho_states", "trained, balanced")["mean"] == pytest.approx(0.2)
    assert mark(data, "rho_parse", "untrained")["mean"] == pytest.approx(-0.4)


def test_published_values_stand_beside_the_paper_s_network_alone(networks: Networks) -> None:
    data = compare_networks(networks)
    published = data.dropna(subset="published")
    assert set(published["experiment"]) == {"hierarchy"}, "no other repeats the paper here"
    assert set(published["series"]) == {"trained"}
    found = mark(data, "rho_parse", "trained")["published"]
    assert found == CORRELATIONS["trained", "parse_length"]


def test_every_measure_has_a_panel() -> None:
    assert [measure for band in BANDS for measure in band] == list(EXPERIMENTS)


@pytest.mark.parametrize("kind", ["effects", "decoding", "transfer", "context", "hierarchy"])
def test_one_experiment_alone_is_drawn(networks: Networks, kind: str, tmp_path: Path) -> None:
    figure, data = draw_architectures(
        Networks(**{kind: getattr(networks, kind)}), FigureSettings(dpi=50)
    )
    save_figure(figure, data, tmp_path / "one", FigureSettings(dpi=50))
    assert len(data) == len(pd.read_csv(tmp_path / "one.csv")) > 0
    panels = [axes for part in figure.subfigs for axes in part.axes]
    assert len(panels) == data["measure"].nunique()


@pytest.mark.parametrize("none", [effects(HIDDEN).assign(n=0), effects(HIDDEN).iloc[:0]])
def test_what_no_seed_has_is_said_to_be_not_estimable(none: pd.DataFrame) -> None:
    figure, data = draw_architectures(Networks(effects={"affine12": none}), FigureSettings(dpi=50))
    assert data["mean"].isna().all()
    texts = [text.get_text() for axes in figure.subfigs[0].axes for text in axes.texts]
    assert texts == ["not estimable"] * 2


def test_same_tables_give_the_same_bytes(networks: Networks, tmp_path: Path) -> None:
    for name in "ab":
        figure, data = draw_architectures(networks, FigureSettings(dpi=50))
        save_figure(figure, data, tmp_path / name, FigureSettings(dpi=50))
    for ending in ("png", "pdf", "csv"):
        a, b = ((tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
        assert a == b
