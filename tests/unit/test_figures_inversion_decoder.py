"""The figures of decoders and of patching show their tables, legibly, for every awkward input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from test_figures_probing_run import LOOK, check_legible

from chunkscope.figures.inversion_completeness import NEAREST, SITES, draw_completeness
from chunkscope.figures.inversion_decoder import COVERED, DRAWN, PAIRS, draw_decoder
from chunkscope.figures.inversion_patching import DONORS, draw_patching, stack_points
from chunkscope.figures.inversion_places import GAP, place_sites, short_place, short_site
from chunkscope.figures.inversion_samples import draw_samples
from chunkscope.figures.saving import save_figure, settle_layout
from chunkscope.figures.style import ACTIVITY, BLUE, GREY, style, tint
from chunkscope.inversion.circuits.search import CUMULATIVE, CUTS
from chunkscope.inversion.decoder import completeness, display
from chunkscope.inversion.decoder.scores import QUALITY
from chunkscope.inversion.donors import COLUMNS as PATCHES

Drawn = tuple[Figure, pd.DataFrame]
RADIUS = 0.1
HEADS = tuple(f"blocks.{block}.attn.hook_result.{head}" for block in (0, 1) for head in range(4))
COUNTING = (("target", "blocks.0.hook_attn_out"), ("colon", "blocks.1.hook_resid_post"))
ADDITION = tuple(("equals", site) for site in HEADS) + tuple(("a1", site) for site in HEADS[:4])
GRAMMAR = (("last", "layers.0.hook_h"),)
WAYS = ((1.0, 0.0), (0.5, 0.0), (2.0, 0.0), (2.0, 0.1))


def none(columns: tuple[str, ...]) -> pd.DataFrame:
    """The table of a run in which no network has learned its task."""
    return pd.DataFrame(columns=list(columns))


def quality(places=COUNTING, queries: int = 3) -> pd.DataFrame:
    rng, rows = np.random.default_rng(0), []
    for point, site in places:
        for temperature, noise in WAYS:
            for query in range(queries):
                row = dict(zip(QUALITY, rng.random(len(QUALITY)), strict=True))
                named = {"point": point, "site": site, "query": query}
                rows.append({**row, **named, "temperature": temperature, "noise": noise})
    table = pd.DataFrame(rows, columns=list(QUALITY))
    ideal = [name for name in table if name.startswith("ideal_")]
    table[ideal] = 0.9 + table[ideal] / 10  # nothing covers more
    table.loc[table["noise"] > 0, ["computed", "coverage_100"]] = np.nan
    return table


def scatter(places=COUNTING, queries: int = 2, inputs: int = 20) -> pd.DataFrame:
    rng, rows = np.random.default_rng(1), []
    for point, site in places:
        for query in range(queries):
            for distance in [0.0, *rng.random(inputs - 1)]:
                said, prior = -9 * rng.random(2)
                rows.append((point, site, query, distance, said, prior))
    return pd.DataFrame(rows, columns=list(completeness.COLUMNS))


def shown(places=COUNTING, queries: int = 2, draws: int = 6) -> pd.DataFrame:
    rng, rows = np.random.default_rng(2), []
    for point, site in places:
        for query in range(queries):
            far = np.concatenate([[0], np.sort(rng.random(draws))])
            for rank, distance in enumerate(far):
                symbols = list("^abc" + "c" * int(rng.integers(6)) + "|a:3")
                told = rng.integers(-100, 100, len(symbols))
                rows.append(
                    (point, site, query, rank, distance, distance <= 0.5, len(symbols) - 2,
                     " ".join(symbols), " ".join(map(str, told)))
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(display.COLUMNS))


def patches(sites=HEADS[:2], members: int = 3, donors: int = 20) -> pd.DataFrame:
    rng, rows = np.random.default_rng(3), []
    for member in range(members):
        for site in sites:
            for query in range(2):
                for distance in np.geomspace(0.005, 20, donors):
                    inside, kept = distance <= RADIUS, bool(rng.random() < 0.6)
                    rows.append((member, site, query, 9, distance, rng.random(), inside, kept))
    return pd.DataFrame(rows, columns=list(PATCHES))


def radii(sites=HEADS[:2], members: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = [
        (member, site, query, np.nan if query == 4 else rng.random() + 0.1)
        for member in range(members)
        for site in sites
        for query in range(5)
    ]
    return pd.DataFrame(rows, columns=["member", "site", "query", "radius"])


def cumulative(sites=HEADS[:3], members: int = 3) -> pd.DataFrame:
    rng, rows = np.random.default_rng(5), []
    for member in range(members):
        for order, places in (("forward", sites), ("backward", sites[::-1])):
            for patched in range(len(sites) + 1):
                added = f"{places[patched - 1]}@equals" if patched else np.nan
                share, apart = rng.random(), rng.normal()
                rows.append(
                    (member, "carry2", order, patched, added, share, share - 0.1, share + 0.1,
                     apart, apart - 1, apart + 1, 64)
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(CUMULATIVE))


def cuts(sites=HEADS[:3]) -> pd.DataFrame:
    both = f"{sites[0]}@equals + {sites[2]}@equals"
    rows = [
        (0, "carry2", f"{sites[1]}@equals", 1, 8, 1.0, 0.97, 0.9, 1.04, 32, "", 0.1, 1.0, True),
        (1, "carry2", both, 2, 8, 0.9, 0.5, 0.4, 0.6, 32, "", 0.1, 1.0, False),
    ]
    return pd.DataFrame(rows, columns=list(CUTS))


def patched(runs: int = 1, members: int = 3) -> Drawn:
    names = [f"run{at}" for at in range(runs)]
    places = [(name, "equals") for name in names]
    return draw_patching(
        stack_points(places, [patches(members=members)] * runs),
        stack_points(places, [radii(members=members)] * runs),
        {name: cumulative(members=members) for name in names},
        dict.fromkeys(names, cuts()),
        RADIUS,
        LOOK,
    )


CASES: dict[str, Callable[[], Drawn]] = {
    "decoder": lambda: draw_decoder({"counting": quality()}, 256, LOOK),
    "decoder, many sites": lambda: draw_decoder(
        {"counting": quality(), "addition": quality(ADDITION), "parse": quality(GRAMMAR)}, 256, LOOK
    ),
    "decoder, a run that failed": lambda: draw_decoder(
        {"counting": none(QUALITY), "parse": quality(GRAMMAR, queries=1)}, 256, LOOK
    ),
    "decoder, all failed": lambda: draw_decoder({"counting": none(QUALITY)}, 256, LOOK),
    "decoder, no run": lambda: draw_decoder({}, 256, LOOK),
    "completeness": lambda: draw_completeness({"parse": scatter(GRAMMAR)}, RADIUS, LOOK),
    "completeness, many sites": lambda: draw_completeness(
        {"counting": scatter(), "addition": scatter(ADDITION)}, RADIUS, LOOK
    ),
    "completeness, a run that failed": lambda: draw_completeness(
        {"counting": scatter(), "addition": none(completeness.COLUMNS)}, RADIUS, LOOK
    ),
    "completeness, all failed": lambda: draw_completeness(
        {"counting": none(completeness.COLUMNS)}, RADIUS, LOOK
    ),
    "completeness, no run": lambda: draw_completeness({}, RADIUS, LOOK),
    "samples": lambda: draw_samples({"counting": shown()}, {"counting": quality()}, 0.5, LOOK),
    "samples, many runs": lambda: draw_samples(
        {f"run{at}": shown(draws=24) for at in range(4)},
        {f"run{at}": quality() for at in range(4)},
        0.5,
        LOOK,
    ),
    "samples, a run that failed": lambda: draw_samples(
        {"counting": none(display.COLUMNS), "parse": shown(GRAMMAR)},
        {"counting": none(QUALITY), "parse": quality(GRAMMAR)},
        0.5,
        LOOK,
    ),
    "samples, all failed": lambda: draw_samples(
        {"counting": none(display.COLUMNS)}, {"counting": none(QUALITY)}, 0.5, LOOK
    ),
    "samples, no run": lambda: draw_samples({}, {}, 0.5, LOOK),
    "patching": patched,
    "patching, one network": lambda: patched(members=1),
    "patching, three circuits": lambda: patched(runs=3),
    "patching, a run that failed": lambda: draw_patching(
        stack_points([("a", "equals"), ("b", "last")], [none(PATCHES), patches(GRAMMAR[0][1:])]),
        stack_points(
            [("a", "equals"), ("b", "last")],
            [radii(members=0), radii(GRAMMAR[0][1:])],
        ),
        {"a": none(CUMULATIVE)},
        {"a": none(CUTS)},
        RADIUS,
        LOOK,
    ),
    "patching, all failed": lambda: draw_patching(
        stack_points([("a", "equals")], [none(PATCHES)]),
        stack_points([("a", "equals")], [radii(members=0)]),
        {"a": none(CUMULATIVE)},
        {"a": none(CUTS)},
        RADIUS,
        LOOK,
    ),
    "patching, no run": lambda: draw_patching({}, {}, {}, {}, RADIUS, LOOK),
}


def marked(axes: Axes, color: str | None = None, marker: str | None = None) -> list[float]:
    """Heights of single markers."""
    lines = [line for line in axes.lines if len(line.get_xdata()) == 1]
    lines = [line for line in lines if color is None or line.get_color() == color]
    lines = [line for line in lines if marker is None or line.get_marker() == marker]
    return sorted(float(line.get_ydata()[0]) for line in lines)


def written(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]


@pytest.mark.parametrize("case", CASES)
def test_a_figure_is_drawn_and_legible(case: str):
    figure, data = CASES[case]()
    with style():
        settle_layout(figure)
        check_legible(figure)
    nothing = "failed" in case or "no run" in case
    assert ("not estimable" in written(figure)) == nothing
    assert data.empty == ("all failed" in case or "no run" in case)


def test_the_decoder_is_shown_by_the_means_of_its_scored_draws():
    table = quality()
    figure, data = draw_decoder({"counting": table}, 256, LOOK)
    scored = table[(table["temperature"] == 1) & (table["noise"] == 0)]
    shares, coverage, relative = figure.axes[:3]
    for measure, look in DRAWN.items():
        means = scored.groupby("site")[measure].mean()
        assert marked(shares, look.color, look.marker) == pytest.approx(np.sort(means))
        of = data[(data["panel"] == "draws") & (data["measure"] == measure)].set_index("site")
        assert of["mean"].to_dict() == pytest.approx(means.to_dict())
        assert (of["n"] == 3).all()
    for measure, look in COVERED.items():
        names = [f"{measure}_{size}" for size in (100, 1000, 10000)]
        means = scored.groupby("site")[names].mean().to_numpy().ravel()
        assert marked(coverage, look.color, look.marker) == pytest.approx(np.sort(means))
    means = scored.groupby("site")[["search_1000", "ideal_1000"]].mean()
    ratio = means["search_1000"] / means["ideal_1000"]
    of = data.query("panel == 'relative' and measure == 'search' and draws == 1000")
    assert of.set_index("site")["mean"].to_dict() == pytest.approx(ratio.to_dict())
    assert set(np.round(ratio, 9)) <= set(np.round(marked(relative), 9))


def test_sites_where_draws_are_not_trusted_are_grey():
    table = quality()
    doubted = table["site"].iloc[0]
    table["trusted"] = table["site"] != doubted
    figure, _ = draw_decoder({"counting": table}, 256, LOOK)
    labels = figure.axes[2].get_xticklabels()
    grey = [label.get_text() for label in labels if label.get_color() == GREY]
    assert grey == [short_place(table["point"].iloc[0], doubted)]


def test_what_was_seen_stands_against_what_was_computed():
    table = quality()
    table.loc[0, "seen"] = 1.6  # more than all of a ball whose size is an estimate
    figure, data = draw_decoder({"counting": table}, 256, LOOK)
    scored = table[(table["temperature"] == 1) & (table["noise"] == 0)]
    for axes, (seen, computed) in zip(figure.axes[3:5], PAIRS.items(), strict=True):
        pairs = data[data["measure"].eq(seen) & data["panel"].eq("pairs")]
        assert sorted(pairs["mean"]) == pytest.approx(sorted(scored[seen]))
        assert sorted(pairs["expected"]) == pytest.approx(sorted(scored[computed]))
        dots = axes.lines[0]
        assert dots.get_xdata() == pytest.approx(scored[computed].to_numpy())
        assert dots.get_ydata() == pytest.approx(scored[seen].clip(upper=1).to_numpy())


def test_ways_of_drawing_are_means_over_sites_then_queries():
    table = quality()
    data = draw_decoder({"counting": table}, 256, LOOK)[1]
    ways = data[data["panel"] == "ways"]
    assert len(ways) == 2 * len(WAYS)
    one = ways.query("temperature == 2 and noise == 0.1 and measure == 'inside'").iloc[0]
    rows = table.query("temperature == 2 and noise == 0.1")
    of_query = rows.groupby("query")["inside"].mean()
    assert one["mean"] == pytest.approx(of_query.mean())
    half = 4.302653 * of_query.std() / np.sqrt(3)  # Student's t of two degrees of freedom
    assert one["ci_high"] - one["mean"] == pytest.approx(half, rel=1e-5)
    twice = table.assign(query=table["query"].clip(upper=1))  # the same input, drawn again
    again = draw_decoder({"counting": twice}, 256, LOOK)[1].query("panel == 'ways'")
    pd.testing.assert_frame_equal(again, ways)


def test_completeness_shows_sites_from_the_first_to_the_last():
    figure, data = draw_completeness({"addition": scatter(ADDITION)}, RADIUS, LOOK)
    places = list(data[["point", "site"]].drop_duplicates().itertuples(index=False, name=None))
    assert len(places) == SITES == len(figure.axes)
    assert places[0] == ADDITION[0]
    assert places[-1] == ADDITION[-1]
    first = data[(data["site"] == HEADS[0]) & (data["point"] == "equals")]
    prior, *queries = figure.axes[0].lines[:3]
    assert prior.get_ydata() == pytest.approx(first["log_prior"].to_numpy())
    drawn = np.concatenate([line.get_ydata() for line in queries])
    assert drawn == pytest.approx(first["log_probability"].to_numpy())
    assert first["distance"].min() == 0
    assert min(prior.get_xdata()) == pytest.approx(RADIUS / NEAREST)


def test_samples_are_of_a_site_where_they_are_trusted():
    scores = quality()
    for trusted, expected in (
        (["target"], "target"),
        (["target", "colon"], "colon"),
        ([], "colon"),
    ):
        scores["trusted"] = scores["point"].isin(trusted)
        _, data = draw_samples({"counting": shown()}, {"counting": scores}, 0.5, LOOK)
        assert data["point"].unique().tolist() == [expected]


def test_samples_show_the_first_query_at_the_last_site():
    table = shown()
    figure, data = draw_samples({"counting": table}, {"counting": quality()}, 0.5, LOOK)
    rows = table.query("point == 'colon' and query == 0")
    pd.testing.assert_frame_equal(
        data.drop(columns="run"), rows.reset_index(drop=True), check_like=True
    )
    axes = figure.axes[0]
    cells = {(text.get_position()): text.get_text() for text in axes.texts}
    for line, (symbols, read) in enumerate(zip(rows["symbols"], rows["at"], strict=True)):
        spoken = symbols.split(" ")
        assert [cells[at, line] for at in range(len(spoken))] == spoken
        box = [patch for patch in axes.patches if isinstance(patch, Rectangle)][line]
        assert box.get_xy() == (read - 0.5, line - 0.5)
    (edge,) = axes.lines
    assert edge.get_ydata()[0] == rows["inside"].sum() - 0.5
    image = axes.images[0]
    told = np.array(rows["told"].iloc[3].split(" "), float) / 100
    assert np.ma.getdata(image.get_array())[3, : len(told)] == pytest.approx(told)
    assert image.get_cmap().name == ACTIVITY.name
    assert image.get_clim() == (-1, 1)


def test_donors_count_by_weight_in_each_network_first():
    table = patches()
    figure, data = patched()
    for inside in (True, False):
        rows = table[(table["inside"] == inside) & (table["site"] == HEADS[0])]
        shares = [
            np.average(part["kept"], weights=part["weight"]) for _, part in rows.groupby("member")
        ]
        of = data[data["panel"].eq("ball") & data["inside"].eq(inside)]
        mean = of.set_index("site")["mean"][HEADS[0]]
        assert mean == pytest.approx(np.mean(shares))
        assert mean in marked(figure.axes[0], DONORS[inside].color)
    plain = table[table["inside"] & (table["site"] == HEADS[0])]["kept"].mean()
    assert mean != pytest.approx(plain)


def test_distances_fall_into_bins_that_meet_at_the_radius():
    rows = [
        (0, HEADS[0], 0, at, distance, 1.0, distance <= RADIUS, kept)
        for at, (distance, kept) in enumerate(
            [(0.0, True), (RADIUS, True), (np.nextafter(RADIUS, 1), False), (300.0, False)]
        )
    ]
    table = stack_points([("r", "equals")], [pd.DataFrame(rows, columns=list(PATCHES))])
    given = stack_points([("r", "equals")], [radii(HEADS[:1], 1)])
    figure, data = draw_patching(table, given, {}, {}, RADIUS, LOOK)
    bins = data[data["panel"] == "distance"].sort_values("nearer")
    assert bins["mean"].tolist() == [1, 1, 0, 0]
    assert bins["nearer"].iloc[[0, 2]].tolist() == pytest.approx([0, RADIUS])
    assert bins["farther"].iloc[[1, 3]].tolist() == pytest.approx([RADIUS, np.inf])
    mesh = figure.axes[1].collections[0]
    drawn = np.ma.filled(np.ma.masked_invalid(mesh.get_array()).astype(float), -1).ravel()
    assert [value for value in drawn if value >= 0] == [1, 1, 0, 0]
    assert drawn[0] == 1
    assert drawn[-1] == 0


def test_functional_radii_are_quartiles_over_queries_that_have_one():
    data = patched()[1]
    given = radii().query(f"member == 1 and site == '{HEADS[1]}'")["radius"].dropna()
    row = data.query(f"panel == 'radius' and member == 1 and site == '{HEADS[1]}'").iloc[0]
    quartiles = np.quantile(given, [0.25, 0.5, 0.75])
    assert row[["lower", "mean", "upper"]].tolist() == pytest.approx(quartiles.tolist())
    assert row["n"] == 4


def test_circuits_show_both_orders_on_the_same_places():
    table = cumulative()
    figure, data = patched()
    carried = next(axes for axes in figure.axes if "(share)" in axes.get_xlabel())
    names = [text.get_text() for text in carried.get_yticklabels()]
    assert names == [short_place("equals", site) for site in HEADS[:3]]
    last = table.query("order == 'backward' and patched == 1")["carried"]
    row = data.query("order == 'backward' and patched == 1 and measure == 'carried'")
    assert (row["site"] == HEADS[2]).all()
    assert row.loc[row["member"].isna(), "mean"].item() == pytest.approx(last.mean())
    assert sorted(row["mean"][row["member"].notna()]) == pytest.approx(sorted(last))
    forward = [line for line in carried.lines if line.get_color() == BLUE]
    heights = [line.get_ydata()[0] for line in forward if len(line.get_xdata()) == 1]
    assert np.round(heights).tolist() == [0, 1, 2]
    pale = [line for line in carried.lines if line.get_color() == tint(BLUE, 0.4)]
    assert len(pale) == 3


def test_cuts_stand_at_their_places_and_are_open_where_they_do_not_carry_enough():
    figure, data = patched()
    axes = next(axes for axes in figure.axes if "cut" in axes.get_xlabel())
    drawn = {
        tuple(map(float, line.get_ydata())): to_rgba(line.get_markerfacecolor())
        for line in axes.lines
        if line.get_marker() == "D"
    }
    assert drawn[1.0,] != to_rgba("white")
    assert drawn[0.0, 2.0] == to_rgba("white")
    assert [text.get_text() for text in axes.texts] == [".97", ".50"]
    assert len(data[data["panel"] == "cut"]) == 3


def test_sites_have_short_names():
    assert short_site(HEADS[5]) == "a1.1"
    assert short_site("blocks.0.hook_attn_out") == "a0"
    assert short_site("blocks.1.hook_resid_mid") == "x1.mid"
    assert short_site("layers.0.hook_h") == "h0"
    assert short_site("blocks.0.attn.hook_z") == "blocks.0.attn.hook_z"
    every = {short_site(site) for site in (*HEADS, "blocks.0.hook_mlp_out", "hook_embed")}
    assert len(every) == len(HEADS) + 2


def test_runs_stand_side_by_side_and_an_empty_one_takes_a_place():
    tables = {"a": quality(), "b": none(QUALITY), "c": quality(GRAMMAR)}
    places = place_sites(tables)
    assert places["run"].tolist() == ["a", "a", "b", "c"]
    assert places["at"].tolist() == pytest.approx([0, 1, 2 + GAP, 3 + 2 * GAP])
    assert places["site"].tolist()[2] == ""


@pytest.mark.parametrize("case", ["completeness", "samples", "patching", "patching, no run"])
def test_the_same_tables_give_the_same_bytes(case: str, tmp_path: Path):
    for name in ("first", "second"):
        figure, data = CASES[case]()
        save_figure(figure, data, tmp_path / name, LOOK)
    read = pd.read_csv(tmp_path / "first.csv")
    assert list(read.columns) == list(data.columns)
    assert len(read) == len(data)
    for ending in ("pdf", "png", "csv"):
        first, second = ((tmp_path / f"{n}.{ending}").read_bytes() for n in ("first", "second"))
        assert first == second
