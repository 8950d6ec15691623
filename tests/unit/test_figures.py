"""Figures draw what their tables say, for every awkward input, and the same bytes each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text
from matplotlib.transforms import BboxBase
from store_example import STATES, SYMBOLS, TIME, TOKENS, N, write_example

from chunkscope.chunks.decoding import decode_by_lookup
from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.reading import Parse
from chunkscope.chunks.scoring import ROWS
from chunkscope.figures.chunks_activity import draw_activity_figure
from chunkscope.figures.chunks_decoding import Decoded, decode_steps, draw_decoding
from chunkscope.figures.chunks_dose import draw_dose
from chunkscope.figures.chunks_graft import draw_graft
from chunkscope.figures.chunks_matching import draw_matching
from chunkscope.figures.chunks_matrix import draw_matrix
from chunkscope.figures.chunks_networks import draw_recall, draw_training
from chunkscope.figures.chunks_overview import draw_overview
from chunkscope.figures.chunks_scores import MEASURES, draw_scores
from chunkscope.figures.chunks_sweep import draw_sweep
from chunkscope.figures.chunks_tracing import draw_tracing
from chunkscope.figures.grafts import mean_distributions, mean_success, whole_grafts
from chunkscope.figures.passage import Passage, Span, order_units, read_passage, spans
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import CONDITIONS, READINGS, SMALL
from chunkscope.interventions.conditions import NONE, TARGET
from chunkscope.interventions.controls import CONTROLS
from chunkscope.store import ActivationStore

Drawn = tuple[Figure, pd.DataFrame]
LOOK = FigureSettings(dpi=50)
SITE = "layers.0.hook_h"
ROOT = Path(__file__).parents[2]


def passage(states: int = 5, chunks: bool = True, steps: int = 40) -> Passage:
    """ABCD, then fillers; state t mod ``states`` with one step of noise; the second chunk wrong."""
    rng = np.random.default_rng(0)
    labels = np.arange(steps) % states
    labels[steps // 2] = -1
    words = tuple(Span(first, 4, "ABCD") for first in range(0, steps, 10))
    found = (Span(0, 4, "ABCD"), Span(9, 6, "EABCDE"), Span(30, 4, "ABCD"))
    return Passage(
        seed=0,
        symbols=tuple("ABCDEEEEEE"[t % 10] for t in range(steps)),
        activity=rng.standard_normal((steps, 6)),
        units=np.array([2, 0, 1, 5, 4, 3]),
        states=labels,
        words=words,
        chunks=found if chunks else (),
    )


def alignment(seeds: int = 2, donors: tuple[int, ...] = (1, 2)) -> pd.DataFrame:
    names = ["A·", "AB·", "ABC·", "ABCD", "E"]
    rows = [(seed, donor, names[donor % 5]) for seed in range(seeds) for donor in donors]
    return pd.DataFrame(rows, columns=["seed", "state", "label"])


def effects(seeds: int = 2, donors: tuple[int, ...] = (1, 2)) -> pd.DataFrame:
    """Visible from lag 2 on; success is the strength, controls none; one row of no recipient."""
    rows = []
    for seed in range(seeds):
        for donor in donors:
            for lag in (1, 2, 3):
                for kind, units in (("graft", "all"), ("graft", "constrained"), ("steer", "all")):
                    doses = [(TARGET, s) for s in (0.5, 1.0)] + [(NONE, 0.0)]
                    for control, strength in [*doses, *((name, 1.0) for name in CONTROLS)]:
                        success = (strength - 0.1 * seed) * (control == TARGET)
                        place = (seed, kind, SITE, units, control, strength, donor, lag, "forced")
                        rows.append((*place, lag > 1, success, 8))
    rows.append((0, "graft", SITE, "all", TARGET, 1.0, 9, 2, "forced", True, np.nan, 0))
    place = ["seed", "kind", "sites", "units", "control", "strength", "donor", "lag", "mode"]
    return pd.DataFrame(rows, columns=[*place, "visible", "success", "n"])


def matrix(seeds: int = 2) -> pd.DataFrame:
    rows = [
        (seed, "0", reads, read, read == "B", control, "C", float(control == TARGET), 1)
        for seed in range(seeds)
        for reads in "AB"
        for read in "ABC"
        for control in (TARGET, NONE, "gaussian")
    ]
    place = ["seed", "donor", "reads", "input", "natural", "control", "symbol"]
    return pd.DataFrame(rows, columns=[*place, "success", "n"])


def units(seeds: int = 2) -> pd.DataFrame:
    rows = [
        (seed, "0", share, control, share, 8)
        for seed in range(seeds)
        for share in (0.1, 0.5, 1.0)
        for control in (TARGET, "random units")
    ]
    return pd.DataFrame(rows, columns=["seed", "donor", "share", "control", "success", "n"])


def traced(seeds: int = 2) -> pd.DataFrame:
    rows = [
        (seed, step, measure, np.nan if step == 0 else 0.5 + 0.1 * seed)
        for seed in range(seeds)
        for step in (0, 10, 100)
        for measure in ("boundary_f1", "word_recall", "word_precision", "states")
    ]
    return pd.DataFrame(rows, columns=["seed", "step", "measure", "value"])


def traced_words(seeds: int = 2) -> pd.DataFrame:
    rows = [
        (seed, step, word, step > 0)
        for seed in range(seeds)
        for step in (0, 10, 100)
        for word in ("AB", "CDE")
    ]
    return pd.DataFrame(rows, columns=["seed", "step", "word", "found"])


def matching() -> pd.DataFrame:
    rows = [
        (row, level, measure, 0.5, 0.4, 0.6, 3)
        for row in ("density", "untrained")
        for level in ("states", "chunks")
        for measure in ("jaccard", "matched", "null_jaccard", "null_matched")
    ]
    names = ["row", "level", "measure", "mean", "ci_low", "ci_high", "n"]
    return pd.DataFrame(rows, columns=names)


def distributions(seeds: int = 2, donors: tuple[int, ...] = (1, 2)) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = []
    for seed in range(seeds):
        for donor in donors:
            for control in (NONE, TARGET, *CONTROLS):
                for symbol, p in zip("ABCDE", rng.dirichlet(np.ones(5)), strict=True):
                    rows.append((seed, donor, control, 2, symbol, p, 8))
    columns = ["seed", "donor", "control", "lag", "symbol", "probability", "n"]
    return pd.DataFrame(rows, columns=columns)


def training(seeds: int = 2) -> pd.DataFrame:
    rows = [(s, k, 2.0 / (s + 1) + k, 0.5 + 0.01 * k) for s in (0, 1, 3) for k in range(seeds)]
    table = pd.DataFrame(rows, columns=["step", "seed", "loss", "accuracy"])
    return table.assign(bayes_loss=0.3, bayes_accuracy=0.9)


def recall(seeds: int = 2) -> pd.DataFrame:
    rows = [
        (step, seed, word, word[:1], 16, (step > 0) * (1 - 0.1 * seed))
        for step in (0, 10)
        for seed in range(seeds)
        for word in ("ABCD", "BA", "x y z")
    ]
    return pd.DataFrame(rows, columns=["step", "seed", "word", "cue", "n", "recalled"])


def sweep(seeds: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = pd.DataFrame(
        [(k, size, size == 50) for k in range(seeds) for size in (15, 50, 100)],
        columns=["seed", "min_cluster_size", "chosen"],
    )
    for name in ("code_bits", "symbol_bits", "tracking_bits", "stability", "coverage", "validity"):
        rows[name] = rng.random(len(rows))
    return rows.assign(states=[44, 12, 0] * seeds)


def summary(n: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        [(row, measure) for row in ROWS for measure in (*MEASURES, "states")],
        columns=["row", "measure"],
    )
    rows["mean"] = rng.random(len(rows))
    rows["ci_low"], rows["ci_high"] = rows["mean"] - 0.05, rows["mean"] + 0.05
    rows["n"], rows["floor"], rows["ceiling"] = n, 0.1, 1.0
    rows.loc[rows["row"] == "shuffled", ["mean", "ci_low", "ci_high"]] = np.nan
    if n == 1:
        rows[["ci_low", "ci_high"]] = np.nan
    return rows


def decoding(seeds: int = 2) -> pd.DataFrame:
    rows = [
        (seed, states, steps, 0.8 + 0.01 * seed, 0.85, 1.0, 0.6)
        for seed in range(seeds)
        for states, steps in (("strings", 100), ("strings", 1000), ("dictionary", 2000))
    ]
    measures = ["accuracy", "coverage", "accuracy_seen", "chance"]
    return pd.DataFrame(rows, columns=["seed", "states", "steps", *measures])


def decoded() -> Decoded:
    read = np.array([0, 1, 2, 3, 4, 4, 0, 1])
    answers = {"one": np.array([0, 1, -1, 3, 4, 0, 0, 1]), "two": read}
    return Decoded(seed=0, symbols=tuple("ABCDE"), read=read, answers=answers)


EMPTY = (effects().iloc[:0], distributions().iloc[:0])
CASES: dict[str, Callable[[FigureSettings], Drawn]] = {
    "overview": lambda look: draw_overview(
        passage(), alignment(), (effects(), distributions()), "run", look
    ),
    "overview, nothing found": lambda look: draw_overview(
        passage(chunks=False), alignment(), EMPTY, "run", look
    ),
    "overview, no study": lambda look: draw_overview(passage(44), alignment(), None, "run", look),
    "activity": lambda look: draw_activity_figure(passage(), "run", look),
    "activity, 44 states": lambda look: draw_activity_figure(passage(44, steps=60), "run", look),
    "activity, 400 steps": lambda look: draw_activity_figure(passage(9, steps=400), "run", look),
    "graft": lambda look: draw_graft(effects(), distributions(), alignment(), "run", look),
    "graft, one seed": lambda look: draw_graft(
        effects(1), distributions(1), alignment(1), "run", look
    ),
    "graft, nothing": lambda look: draw_graft(*EMPTY, alignment(), "run", look),
    "matrix": lambda look: draw_matrix(matrix(), "run", look),
    "matrix, nothing": lambda look: draw_matrix(matrix().iloc[:0], "run", look),
    "dose": lambda look: draw_dose(effects(), units(), "run", look),
    "dose, nothing": lambda look: draw_dose(EMPTY[0], units().iloc[:0], "run", look),
    "tracing": lambda look: draw_tracing(
        {"a": traced()}, {"a": traced_words()}, {"a": training()}, look
    ),
    "matching": lambda look: draw_matching({"a": matching(), "b": matching()}, look),
    "training": lambda look: draw_training({"a": training(), "b": training(3)}, look),
    "training, one seed": lambda look: draw_training({"a": training(1)}, look),
    "recall": lambda look: draw_recall({run: recall() for run in "abcd"}, look),
    "recall, one seed": lambda look: draw_recall({"a": recall(1)}, look),
    "sweep": lambda look: draw_sweep({run: sweep() for run in "abcdefg"}, look),
    "sweep, one seed": lambda look: draw_sweep({"a": sweep(1)}, look),
    "scores": lambda look: draw_scores({"a": summary(), "b": summary()}, look),
    "scores, one seed": lambda look: draw_scores({"a": summary(1)}, look),
    "decoding": lambda look: draw_decoding(decoding(), decoded(), "run", look),
    "decoding, one seed": lambda look: draw_decoding(decoding(1), decoded(), "run", look),
}


@pytest.mark.parametrize("case", CASES)
def test_a_figure_is_drawn_saved_and_legible(case: str, tmp_path: Path) -> None:
    """No letter is smaller than 7 pt, and none leaves the page by more than a pixel."""
    figure, data = CASES[case](LOOK)
    save_figure(figure, data, tmp_path / "figure", LOOK)
    assert min(text.get_fontsize() for text in texts(figure)) >= SMALL
    page = figure.bbox.padded(1)
    for box in boxes(figure):
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1
    read = pd.read_csv(tmp_path / "figure.csv")
    assert list(read.columns) == list(data.columns)
    assert len(read) == len(data)


def test_the_same_input_gives_the_same_bytes_whatever_the_process(tmp_path: Path) -> None:
    """Hash seeds and a user's own matplotlib settings change nothing; torch is never loaded."""
    script = tmp_path / "draw.py"
    script.write_text(
        "import sys\n"
        "import matplotlib\n"
        "from test_figures import CASES, LOOK, save_figure\n"
        "matplotlib.rcParams['font.size'] = 20\n"
        "for case in ('overview', 'graft'):\n"
        "    save_figure(*CASES[case](LOOK), case, LOOK)\n"
        "assert 'torch' not in sys.modules\n"
    )
    paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": paths}
    subprocess.run([sys.executable, str(script)], env=environment, cwd=tmp_path, check=True)
    for case in ("overview", "graft"):
        save_figure(*CASES[case](LOOK), tmp_path / "again", LOOK)
        for ending in ("pdf", "png", "csv"):
            there, here = (tmp_path / f"{name}.{ending}" for name in (case, "again"))
            assert there.read_bytes() == here.read_bytes(), ending


@pytest.mark.parametrize("case", ["dose", "graft"])
def test_the_layout_of_a_saved_figure_has_no_last_bits_left(case: str, tmp_path: Path) -> None:
    """Those that constrained layout leaves behind differ from process to process."""
    figure, data = CASES[case](LOOK)
    save_figure(figure, data, tmp_path / "figure", LOOK)
    panels = [panel.bbox_relative for panel in figure.subfigs]
    boxes = [*panels, *(axes.get_position(original=True) for axes in figure.axes)]
    for box in boxes:
        np.testing.assert_array_equal(box.get_points(), np.round(box.get_points(), 9))


@pytest.mark.parametrize("changed", [{"dpi": 60}, {"width": 8.0}])
def test_a_style_key_changes_the_picture_and_no_number(
    changed: dict[str, float], tmp_path: Path
) -> None:
    other = LOOK.model_copy(update=changed)
    save_figure(*CASES["dose"](LOOK), tmp_path / "a", LOOK)
    save_figure(*CASES["dose"](other), tmp_path / "b", other)
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_every_reading_and_condition_has_a_look_of_its_own() -> None:
    assert set(READINGS) <= set(ROWS)
    assert set(CONDITIONS) == {TARGET, NONE, "random units", *CONTROLS}
    for looks in (READINGS, CONDITIONS):
        assert len({look.marker for look in looks.values()}) == len(looks)


def test_scores_show_the_summary_and_nothing_else() -> None:
    figure, data = CASES["scores"](LOOK)
    means = data["mean"].dropna()
    assert data.groupby(["run", "row"]).size().eq(len(MEASURES)).all()
    assert markers(figure, horizontal=True) == pytest.approx(np.sort(means))
    missing = [text for text in texts(figure) if text.get_text() == "n.e."]
    assert len(missing) == data["mean"].isna().sum()
    bars = [s for s in segments(figure) if s[0, 1] == s[1, 1]]
    assert np.sort([s[0, 0] for s in bars]) == pytest.approx(np.sort(data["ci_low"].dropna()))


def test_a_mean_without_an_interval_is_an_open_marker() -> None:
    for seeds, face in ((3, READINGS["density"].color), (1, "white")):
        figure, _ = draw_scores({"a": summary(seeds)}, LOOK)
        first = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
        assert first.get_markerfacecolor() == face


def test_the_sweep_shows_medians_and_marks_the_chosen_sizes() -> None:
    table = sweep(3)
    figure, data = draw_sweep({"a": table}, LOOK)
    code = data[data["criterion"] == "code_bits"].set_index("min_cluster_size")
    assert code["median"].to_dict() == pytest.approx(
        table.groupby("min_cluster_size")["code_bits"].median().to_dict()
    )
    assert code["chosen"].to_dict() == {15: 0, 50: 3, 100: 0}
    curves = [line.get_ydata() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert curves[0] == pytest.approx(code["median"].to_numpy())


def test_learning_curves_are_in_bits() -> None:
    _, data = draw_training({"a": training(2)}, LOOK)
    first = data[(data["measure"] == "loss") & (data["step"] == 0)].iloc[0]
    assert first["low"] == pytest.approx(2 / np.log(2))
    assert first["high"] == pytest.approx(3 / np.log(2))
    assert first["ceiling"] == pytest.approx(0.3 / np.log(2))


def test_the_heatmap_is_the_activity_and_the_table_holds_every_mark() -> None:
    seen = passage()
    figure, data = draw_activity_figure(seen, "run", LOOK)
    image = next(a for axes in figure.axes for a in axes.get_images() if isinstance(a, AxesImage))
    rows = data[data["panel"] == "activity"]
    drawn = rows.pivot(index="unit", columns="first", values="value").reindex(seen.units)
    assert np.asarray(image.get_array()) == pytest.approx(drawn.to_numpy())
    low, high = image.get_clim()
    assert low == -high
    assert data[data["panel"] == "sequence"]["text"].str.cat() == "".join(seen.symbols)
    chunks = data[data["panel"] == "chunk"]
    assert chunks["series"].tolist() == ["spans a word", "spans no word", "spans a word"]


def test_page_one_draws_the_probabilities_of_its_table() -> None:
    figure, data = CASES["overview"](LOOK)
    bars = [patch.get_height() for axes in figure.axes[-3:] for patch in axes.patches]
    shown = data[data["series"].isin((NONE, TARGET))]
    assert bars == pytest.approx(
        shown.sort_values("panel", ascending=False, kind="stable")["value"]
    )
    # state 1 is the first state of the passage that was grafted, in seed 0
    expected = distributions().query("seed == 0 and donor == 1 and control == 'target'")
    grafted = data[data["series"] == TARGET]["value"]
    assert grafted.to_numpy() == pytest.approx(expected["probability"].to_numpy())


def test_donors_are_averaged_within_a_seed_before_seeds() -> None:
    """Two donors of one label in seed 0 (.2 and .4), one in seed 1 (.9): (.3 + .9) / 2."""
    rows = [(0, 1, 0.2), (0, 2, 0.4), (1, 1, 0.9)]
    found = pd.DataFrame(rows, columns=["seed", "donor", "probability"])
    found = found.assign(control=TARGET, lag=1, symbol="A", n=5)
    names = pd.DataFrame(
        [(0, 1, "x"), (0, 2, "x"), (1, 1, "x"), (1, 2, "y")], columns=["seed", "state", "label"]
    )
    table = mean_distributions(found, names)
    assert table["probability"].tolist() == pytest.approx([0.6])
    assert table["n"].tolist() == [2]


def test_grafts_are_read_where_they_first_can_show() -> None:
    rows = whole_grafts(effects())
    assert set(rows["lag"]) == {2}
    assert set(rows["control"]) == {TARGET, NONE, *CONTROLS}
    assert (rows["n"] > 0).all()
    success = mean_success(rows, ["control"]).set_index("control")["mean"]
    assert success[TARGET] == pytest.approx(0.95)
    assert success[NONE] == 0


def test_mean_distributions_are_distributions() -> None:
    table = mean_distributions(distributions(), alignment())
    total = table.groupby(["label", "control"])["probability"].sum()
    assert total.to_numpy() == pytest.approx(np.ones(len(total)))


def test_a_passage_is_read_from_a_store(tmp_path: Path) -> None:
    boundary = np.zeros((N, TIME), dtype=np.int64)
    boundary[:, [0, 2]] = 1
    split = np.r_[np.zeros(4, dtype=np.int64), np.ones(N - 4, dtype=np.int64)]
    path = write_example(
        tmp_path / "a.zarr.zip", labels={"boundary": boundary}, label_names={}, split=split
    )
    units = np.where(np.arange(TIME) < 2, 9, 1) * np.ones((N, 1), dtype=np.int64)
    states = np.arange(N * TIME).reshape(N, TIME)
    stream = Stream(Parse(states, states, units, boundary.astype(bool)), np.array([9]))
    with ActivationStore.open(path) as store:
        seen = read_passage(store, stream, 3, SITE, steps=3)
    text = "".join(SYMBOLS[token] for token in TOKENS[4])
    assert seen.symbols == tuple(text[:3])
    assert seen.words == (Span(0, 2, text[:2]), Span(2, TIME - 2, text[2:]))
    assert seen.chunks == (Span(0, 2, text[:2]),)
    assert seen.states.tolist() == states[4, :3].tolist()
    assert np.array_equal(seen.activity, STATES[3, SITE][4, :3][:, seen.units])


@settings(max_examples=60, deadline=None)
@given(arrays(bool, st.integers(1, 30)))
def test_spans_tile_the_sequence(boundary: np.ndarray) -> None:
    symbols = tuple("abcdefghij"[at % 10] for at in range(len(boundary)))
    found = spans(boundary, symbols)
    assert "".join(span.label for span in found) == "".join(symbols)
    assert {span.first for span in found} == {0, *np.flatnonzero(boundary).tolist()}
    assert all(a.last + 1 == b.first for a, b in pairwise(found))


def test_units_that_act_alike_stand_side_by_side() -> None:
    rng = np.random.default_rng(5)
    groups = rng.standard_normal((3, 50))
    member = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    activity = groups[member].T + 0.01 * rng.standard_normal((50, 9))
    order = order_units(activity)
    assert sorted(order.tolist()) == list(range(9))
    assert (np.diff(member[order]) != 0).sum() == 2


def test_steps_are_decoded_as_the_table_of_scores_says(tmp_path: Path) -> None:
    """One test sequence: the share of right steps is the accuracy of the scoring's own look-up."""
    split = np.r_[np.zeros(N - 1, dtype=np.int64), 1]
    path = write_example(tmp_path / "a.zarr.zip", split=split)
    states = np.random.default_rng(6).integers(-1, 12, (N, TIME))
    with ActivationStore.open(path) as store:
        found = decode_steps(store, states, 0, SITE, steps=TIME)
    table = found.table()
    _, dictionary = found.answers
    rows = table[table["panel"] == dictionary]
    expected = decode_by_lookup(states[:-1].ravel(), TOKENS[:-1].ravel(), states[-1], TOKENS[-1])
    assert (rows["outcome"] == "right").mean() == pytest.approx(expected["accuracy"])
    assert (rows["outcome"] != "unseen").mean() == pytest.approx(expected["coverage"])


def texts(figure: Figure) -> list[Text]:
    """Every text that says something."""
    return [text for text in figure.findobj(Text) if text.get_text().strip()]


def boxes(figure: Figure) -> Iterator[BboxBase]:
    """Extents (pixels) of all axes with their labels and of all text outside axes."""
    for axes in figure.axes:
        if (box := axes.get_tightbbox()) is not None:
            yield box
    for part in (figure, *figure.subfigs):
        yield from (text.get_window_extent() for text in part.texts)


def segments(figure: Figure) -> Iterator[np.ndarray]:
    """End points (2, 2) of every bar of an interval and every floor or ceiling."""
    for axes in figure.axes:
        for lines in axes.collections:
            if isinstance(lines, LineCollection):
                yield from (s for s in lines.get_segments() if len(s) == 2)


def markers(figure: Figure, *, horizontal: bool) -> np.ndarray:
    """Sorted values of all single markers."""
    lines = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1]
    return np.sort([(line.get_xdata() if horizontal else line.get_ydata())[0] for line in lines])
