"""Units to look at: nobody picks them, and what is shown of them is what they did where they are
scored."""

import gzip
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chunkscope.errors import NeuronError
from chunkscope.neurons.explainers.settings import GramSettings
from chunkscope.neurons.run import explain_run, write_run
from chunkscope.neurons.settings import DrawSettings, NeuronSettings, ProtocolSettings
from chunkscope.neurons.showing import AROUND, choose_units, rank_units, show_run, write_shown
from chunkscope.neurons.symbols import readable
from chunkscope.store import ActivationStore, StoreWarning, StoreWriter

SYMBOLS = ["a", "b", "\u0120c", "\u010a", "e", "f"]
SEQUENCES, TIME, UNITS = 40, 40, 12
SITES = ("blocks.0.mlp.hook_post", "blocks.1.mlp.hook_post")
PEAK, DEAD, SEEN_ONLY, BELOW = 8, 9, 10, 11  # the units before are ever noisier ones of a symbol
PEAK_AT = (3, 5)  # sequence of the test split, step
TRAIN = np.arange(SEQUENCES) % 2 == 0
SETTINGS = NeuronSettings(
    protocols={
        "other": ProtocolSettings(
            length=10, explain=DrawSettings(top=3), score=DrawSettings(top=2, random=5)
        ),
        "random_only": ProtocolSettings(
            length=10, explain=DrawSettings(top=3), score=DrawSettings(random=30)
        ),
        "wide": ProtocolSettings(
            length=10, explain=DrawSettings(top=3, random=20), score=DrawSettings(random=30)
        ),
    },
    explainers={"symbols": GramSettings(), "contexts": GramSettings(order=2, units=4)},
    shown=5,
)


def activity(tokens, seed):
    rng = np.random.default_rng(seed)
    values = np.zeros((*tokens.shape, UNITS), np.float32)
    for unit in range(PEAK):
        noise = 0.2 * unit * rng.random(tokens.shape)
        values[..., unit] = (tokens == unit % len(SYMBOLS)) + noise
    values[..., PEAK] = 0.5 * (tokens == 2)
    values[0, 0, PEAK] = 9.0  # of the half that explains
    values[np.flatnonzero(~TRAIN)[PEAK_AT[0]], PEAK_AT[1], PEAK] = 2.0
    values[TRAIN, 7, SEEN_ONLY] = 1.0
    values[..., BELOW] = np.where(tokens == 1, 0.5, -0.25)
    return values


def write_store(path, tokens):
    with StoreWriter(path, tokens=tokens, symbols=SYMBOLS, split=~TRAIN + 0) as writer:
        for seed in (4, 6):
            writer.create(seed, dict.fromkeys(SITES, UNITS))
            values = {site: activity(tokens, 10 * seed + at) for at, site in enumerate(SITES)}
            writer.write(seed, 0, values, loss=np.zeros(tokens.shape))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    tokens = np.random.default_rng(0).integers(len(SYMBOLS), size=(SEQUENCES, TIME))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StoreWarning)  # one unit is dead
        write_store(folder / "store.zarr.zip", tokens)
    with ActivationStore.open(folder / "store.zarr.zip") as store:
        explained = explain_run(store, SETTINGS, 0, lambda place: None, Path("unused"))
        written = map(readable, store.symbols)
        tables = write_run(explained, written, folder / "explanations.jsonl.gz")
    return folder, tables


def show(files, explanations="explanations.jsonl.gz", settings=SETTINGS):
    folder, tables = files
    with ActivationStore.open(folder / "store.zarr.zip") as store:
        return show_run(store, settings, 0, tables, folder / explanations)


@pytest.fixture(scope="module")
def shown(files):
    return show(files)


@pytest.fixture(scope="module")
def everything(files):
    """All units."""
    return show(files, settings=SETTINGS.model_copy(update={"shown": UNITS}))


@pytest.fixture(scope="module")
def did(files):
    """Symbols, and what the first member's units did at the first site, of the test split."""
    with ActivationStore.open(files[0] / "store.zarr.zip") as store:
        tokens = store.tokens("test")
        symbols = [readable(symbol) for symbol in store.symbols]
        read = [[symbols[token] for token in sequence] for sequence in tokens]
        return read, store.activations(4, SITES[0], "test")


def unit_of(shown, unit):
    (found,) = [one for one in shown["sites"][0]["shown"] if one["unit"] == unit]
    return found


def test_units_are_spread_evenly_from_the_best_to_the_worst(files, shown):
    scores = files[1]["scores"]
    assert [site["name"] for site in shown["sites"]] == list(SITES)
    assert (shown["member"], shown["protocol"], shown["explainer"]) == (4, "random_only", "symbols")
    for site in shown["sites"]:
        own = scores[
            (scores["seed"] == 4)
            & (scores["site"] == site["name"])
            & (scores["protocol"] == "random_only")
            & (scores["explainer"] == "symbols")
            & (scores["control"] == "own")
        ].set_index("unit")["pearson"]
        units = [one["unit"] for one in site["shown"]]
        assert [one["rank"] for one in site["shown"]] == [1, 4, 7, 9, 12]  # of linspace, rounded
        assert own[units[0]] == own.max()
        assert own[units].dropna().is_monotonic_decreasing
        assert (site["units"], site["unscored"]) == (UNITS, own.isna().sum())
        assert own.isna()[units].tolist() == [False] * 4 + [True]


def test_a_unit_is_shown_with_the_exact_label_that_it_comes_nearest_to(files, shown):
    folder, tables = files
    chosen = [one["unit"] for one in shown["sites"][0]["shown"]]
    labels = pd.DataFrame(
        {
            "seed": 4,
            "site": SITES[0],
            "unit": chosen[:2],
            "kind": ["symbol", "depth"],
            "value": [2, 1],
            "seen": [0.91, -0.8],
            "pearson": [0.9, np.nan],
        }
    )
    found = show((folder, {**tables, "labels": labels}))["sites"][0]["shown"]
    assert [one["label"] for one in found[:2]] == [
        {"name": "symbol ' c'", "less": False, "pearson": 0.9},
        {"name": "depth 1", "less": True, "pearson": None},
    ]
    assert all(one["label"] is None for one in found[2:])
    assert all(one["label"] is None for one in shown["sites"][0]["shown"])


def test_a_protocol_of_another_name_ranks_where_there_is_no_random_one(files):
    protocols = {name: SETTINGS.protocols[name] for name in ("wide", "other")}
    renamed = show(files, settings=SETTINGS.model_copy(update={"protocols": protocols}))
    assert renamed["protocol"] == "wide"


def test_near_a_rank_stands_the_unit_that_most_explainers_explained():
    scores = pd.DataFrame(
        {
            "unit": np.tile(np.arange(41), 2),
            "protocol": "random_only",
            "explainer": np.repeat(["symbols", "tree"], 41),
            "control": "own",
            "pearson": np.tile(np.linspace(1, 0, 41), 2),
        }
    )
    explained_twice = {1, 8, 11, 20, 22, 33, 39}
    kept = scores[(scores["explainer"] == "symbols") | scores["unit"].isin(explained_twice)]
    ranked = rank_units(kept, "random_only", "symbols")
    # of 0, 10, 20, 30, 40, those at most two ranks away, but never for the first and the last
    assert choose_units(ranked, 5)["unit"].tolist() == [0, 11, 20, 30, 40]
    assert choose_units(ranked, 1)["unit"].tolist() == [0]
    assert choose_units(ranked, 99)["unit"].tolist() == list(range(41))
    assert choose_units(ranked, 0).empty


def test_excerpts_are_of_the_half_that_is_scored_and_hold_the_peak(everything, did):
    read, values = did
    for unit in everything["sites"][0]["shown"]:
        of_unit = values[..., unit["unit"]]
        most = of_unit.max(1)
        first = [at for at in np.argsort(-most, kind="stable")[:4] if most[at] > 0]
        assert len(unit["top"]) == len(first)
        for excerpt, sequence in zip(unit["top"], first, strict=True):
            peak = of_unit[sequence].argmax()
            window = slice(max(0, peak - AROUND), peak + AROUND + 1)
            assert excerpt["symbols"] == read[sequence][window]
            expected = 100 * of_unit[sequence][window] / of_unit.max()
            np.testing.assert_allclose(excerpt["activity"], expected, atol=0.51)
            assert max(excerpt["activity"]) == round(100 * most[sequence] / most.max())


def test_a_unit_is_measured_by_the_most_it_did_in_that_half(everything, did):
    read, _ = did
    first, *others = unit_of(everything, PEAK)["top"]
    sequence, step = PEAK_AT
    assert max(first["activity"]) == first["activity"][step] == 100  # 2, not 9
    assert len(first["symbols"]) == step + AROUND + 1, "nothing lies before its sequence"
    assert first["symbols"] == read[sequence][: step + AROUND + 1]
    assert {value for other in others for value in other["activity"]} == {0, 25}
    assert " c" in first["symbols"] + others[0]["symbols"], "symbols are readable"


def test_what_lies_below_zero_says_so(everything):
    values = {value for one in unit_of(everything, BELOW)["top"] for value in one["activity"]}
    assert values == {100, -50}


def test_units_that_do_nothing_break_nothing(everything):
    dead = unit_of(everything, DEAD)
    assert (dead["dead"], dead["active"], dead["token_share"]) == (True, 0, None)
    silent = unit_of(everything, SEEN_ONLY)
    assert (silent["dead"], silent["active"]) == (False, 0)
    for unit in (dead, silent):
        assert unit["top"] == []
        assert not np.any(unit["chance"])
        assert all(own is None for one in unit["explanations"] for own, _ in one["scores"].values())
    assert {dead["rank"], silent["rank"]} <= {11, 12}, "they rank last"
    assert everything["sites"][0]["unscored"] == 2


def test_chance_excerpts_are_the_same_for_all_units(everything, did):
    read, values = did
    length = 2 * AROUND + 1
    for at, symbols in enumerate(everything["chance"]):
        (place,) = [
            (sequence, slice(start, start + length))
            for sequence in range(len(read))
            for start in range(TIME - length + 1)
            if read[sequence][start : start + length] == symbols
        ]
        for unit in everything["sites"][0]["shown"]:
            of_unit = values[..., unit["unit"]]
            scale = 100 / max(of_unit.max(), 1e-9)
            np.testing.assert_allclose(
                unit["chance"][at], of_unit[place[0]][place[1]] * scale, atol=0.51
            )


def test_all_that_is_said_of_a_unit_stands_with_its_scores(files, everything):
    folder, tables = files
    with gzip.open(folder / "explanations.jsonl.gz", "rt") as file:
        lines = [json.loads(line) for line in file]
    key = ["seed", "site", "unit", "protocol", "explainer", "control"]
    scores = tables["scores"].set_index(key)["pearson"]
    for unit in everything["sites"][0]["shown"]:
        place = {"seed": 4, "site": SITES[0], "unit": unit["unit"]}
        said = [line for line in lines if place.items() <= line.items()]
        assert len(said) in (2, 4), "few have contexts; two protocols share what they show"
        for shown, line in zip(unit["explanations"], said, strict=True):
            assert {name: shown[name] for name in ("explainer", "length", "sentence")}.items() <= (
                line.items()
            )
            assert set(shown["scores"]) == set(line["protocols"])
            for protocol, values in shown["scores"].items():
                at = (*place.values(), protocol, line["explainer"])
                expected = [scores[*at, control] for control in ("own", "another")]
                found = [np.nan if value is None else value for value in values]
                np.testing.assert_allclose(found, expected, atol=0.0006)


def test_lines_of_other_units_are_not_parsed_and_a_missing_one_is_told(files, shown):
    folder, _ = files
    units = [one["unit"] for one in shown["sites"][0]["shown"]]
    of_both = [{one["unit"] for one in site["shown"]} for site in shown["sites"]]
    whole = gzip.decompress((folder / "explanations.jsonl.gz").read_bytes()).splitlines(True)

    def wanted(line):
        read = json.loads(line)
        return read["seed"] == 4 and read["unit"] in of_both[SITES.index(read["site"])]

    kept = [line if wanted(line) else line[: len(line) // 2] + b"\n" for line in whole]
    (folder / "broken.jsonl.gz").write_bytes(gzip.compress(b"".join(kept)))
    assert show(files, "broken.jsonl.gz") == shown

    gone = f'{{"seed":4,"site":"{SITES[0]}","unit":{units[1]},'.encode()
    less = [line for line in whole if not line.startswith(gone)]
    assert len(less) < len(whole)
    (folder / "less.jsonl.gz").write_bytes(gzip.compress(b"".join(less)))
    with pytest.raises(NeuronError, match=rf"less.jsonl.gz: unit {units[1]} of {SITES[0]} is miss"):
        show(files, "less.jsonl.gz")


def test_the_same_units_give_the_same_bytes(files, shown, tmp_path):
    write_shown(shown, tmp_path / "first.json")
    write_shown(show(files), tmp_path / "second.json")
    content = (tmp_path / "first.json").read_bytes()
    assert content == (tmp_path / "second.json").read_bytes()
    assert json.loads(content) == shown
