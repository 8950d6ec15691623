"""Claims about units: verdicts follow the intervals, and what cannot be judged is not."""

import numpy as np
import pandas as pd
import pytest

from chunkscope.neurons.claims import PUBLISHED, Tables, judge_neurons
from chunkscope.neurons.comparison import LOSS, STEPS, Pair
from chunkscope.neurons.controls import ANOTHER, OWN, SHUFFLED
from chunkscope.neurons.steering.targets import ANOTHER as INSTEAD
from chunkscope.neurons.steering.targets import DIRECTION, TARGET
from chunkscope.neurons.study import EVERYTHING
from chunkscope.neurons.summary import ALL, AS_ZERO, TRAINED, UNTRAINED

PAIR = Pair("white", "twin")
PROTOCOLS = ("top_and_random", "random_only")
NOISE = np.array([-0.002, 0.001, 0.001])


def seeds(means, layers=2, control=OWN, units=8):
    """What `by_seed` gives, of means by protocol; the second layer scores .01 more."""
    rows = []
    for protocol, mean in means.items():
        for seed, apart in enumerate(NOISE):
            sites = {f"blocks.{at}": mean + apart + 0.01 * at for at in range(layers)}
            for site, value in {**sites, ALL: np.mean(list(sites.values()))}.items():
                rows.append({"seed": seed, "site": site, "protocol": protocol, "value": value})
    named = {"explainer": "symbols", "measure": "pearson", "policy": AS_ZERO}
    return pd.DataFrame(rows).assign(control=control, units=units, **named)


def run(trained, untrained=0.3, layers=2, units=8):
    floors = [seeds(dict.fromkeys(trained, 0.0), layers, name) for name in (ANOTHER, SHUFFLED)]
    return {
        TRAINED: pd.concat([seeds(trained, layers, units=units), *floors]),
        UNTRAINED: seeds(dict.fromkeys(trained, untrained), layers),
    }


def tracing(loss, active):
    rows = [
        {"step": step, "seed": seed, "site": "blocks.0", "loss": loss + apart, "active": active}
        for step in (0, 10)
        for seed, apart in enumerate(NOISE)
    ]
    return pd.DataFrame(rows).assign(measure="pearson")


def comparison(at_steps, at_loss):
    rows = [
        {"at": at, "difference": mean, "ci_low": low, "ci_high": high}
        for at, (mean, low, high) in {STEPS: at_steps, LOSS: at_loss}.items()
    ]
    named = {"protocol": EVERYTHING, "explainer": "symbols", "site": ALL, "measure": "pearson"}
    table = pd.DataFrame(rows).assign(white_box="white", twin="twin", policy=AS_ZERO, n=3, **named)
    return table.assign(white_box_loss=3.8, twin_loss=3.8)


def judged(white, twin, layers=2, at_loss=(-0.02, -0.04, -0.01), **given):
    """Claims by id; ``given`` are the pairs, tables of steering, and the runs as published."""
    pairs, published = given.get("pairs", (PAIR,)), given.get("published", PAIR.runs)
    tables = Tables(
        comparison((0.05, 0.03, 0.07), at_loss),
        {"white": run(white, layers=layers), "twin": run(twin, layers=layers)},
        {"white": tracing(3.8, 0.4), "twin": tracing(3.5, 0.1)},
        {"white": layers, "twin": layers},
        given.get("steering", {}),
        frozenset(published),
    )
    return {claim.id: claim for claim in judge_neurons(pairs, tables)}


HIGHER, EQUAL = {"top_and_random": 0.70, "random_only": 0.68}, {"top_and_random": 0.69}
LOWER = {"top_and_random": 0.69, "random_only": 0.60}


def test_a_gain_at_equal_steps_is_judged_beside_what_was_published():
    claims = judged(HIGHER, LOWER)
    found = claims["neurons-higher-random_only-white-twin"]
    assert found.verdict == "reproduced"
    assert found.value.mean == pytest.approx(0.08)
    assert found.published == "6.95 against 1.95 (x 100)"
    assert "0.685 against 0.605" in found.control
    assert "white untrained 0.305" in found.control
    assert claims["neurons-random-white-twin"].value.mean == pytest.approx(0.07)
    assert claims["neurons-loss-white-twin"].verdict == "reproduced"
    assert claims["neurons-denser-white-twin"].value.mean == pytest.approx(0.3)


def test_of_one_layer_the_twin_is_expected_to_be_higher():
    assert PUBLISHED[1]["random_only"][0] < PUBLISHED[1]["random_only"][1]
    claims = judged(LOWER, HIGHER, layers=1)
    found = claims["neurons-higher-random_only-white-twin"]
    assert "with a lower score" in found.statement
    assert found.verdict == "reproduced"
    assert judged(HIGHER, LOWER, layers=1)[found.id].verdict == "not reproduced"
    assert "neurons-steadier-white-twin" not in claims  # one layer does not vary


def test_nothing_was_published_of_grammars_and_variants():
    name = "neurons-higher-random_only-white-twin"
    published = judged(HIGHER, LOWER)[name]
    own = judged(HIGHER, LOWER, published=("white",))[name]
    assert (published.paper, own.paper) == ("arXiv 2410.16443", "chunkscope")
    assert own.published == own.published_source == ""
    assert own.verdict == published.verdict


def test_equal_loss_is_judged_by_its_own_interval():
    name = "neurons-equal-loss-white-twin"
    assert judged(HIGHER, LOWER)[name].verdict == "not reproduced"
    assert judged(HIGHER, LOWER, at_loss=(0.02, 0.01, 0.03))[name].verdict == "reproduced"
    assert judged(HIGHER, LOWER, at_loss=(0.02, -0.01, 0.05))[name].verdict == "direction only"
    nothing = (np.nan, np.nan, np.nan)
    assert judged(HIGHER, LOWER, at_loss=nothing)[name].verdict == "not estimable"


def test_protocols_that_were_not_run_are_not_judged():
    claims = judged(HIGHER, EQUAL)
    assert "neurons-higher-top_and_random-white-twin" in claims
    assert "neurons-higher-random_only-white-twin" not in claims
    assert "neurons-random-white-twin" not in claims
    assert not any("quantiles" in name for name in claims)


def test_runs_without_a_twin_stand_beside_their_floors_alone():
    claims = judged(HIGHER, LOWER, pairs=())
    assert set(claims) == {
        f"neurons-trained-{protocol}-{name}" for protocol in PROTOCOLS for name in ("white", "twin")
    }
    found = claims["neurons-trained-random_only-white"]
    assert found.value.mean == pytest.approx(0.38)
    assert "shuffled 0.005" in found.control


@pytest.mark.parametrize(
    ("layers", "latents", "paper"),
    [(3, 128, "arXiv 2410.16443"), (2, 128, "chunkscope"), (3, 16, "chunkscope")],
)
def test_latents_of_a_twin_stand_beside_units_of_the_white_box(layers, latents, paper):
    """Published of three layers and 16 latents for each unit alone."""
    protocols = {**HIGHER, "quantiles": 0.8}
    networks = run(protocols, layers=layers)
    code = run({"quantiles": 0.9}, layers=layers, units=latents)
    tables = Tables(
        comparison((0.05, 0.03, 0.07), (0.0, -0.1, 0.1)),
        {"white": networks, "twin": networks, "twin-latents": code},
        {"white": tracing(3.8, 0.4), "twin": tracing(3.5, 0.1)},
        {"white": layers, "twin": layers},
        {},
        frozenset(PAIR.runs),
    )
    claims = {claim.id: claim for claim in judge_neurons([PAIR], tables)}
    found = claims["neurons-latents-white-twin"]
    assert found.value.mean == pytest.approx(0.1)
    assert found.verdict == "reproduced"
    assert found.paper == paper
    assert f"with {latents // 8} latents for each" in found.control
    assert claims["neurons-trained-random_only-white"].statement.startswith("Units of white")


def test_steering_is_judged_by_what_another_unit_does():
    kl = {TARGET: 0.3, INSTEAD: 0.1, DIRECTION: 0.1}
    table = pd.DataFrame(
        [
            {"seed": seed, "kind": kind, "condition": name, "kl": value + apart}
            for seed, apart in enumerate(NOISE)
            for kind in ("unit", "state")
            for name, value in kl.items()
        ]
    )
    table.loc[table["kind"] == "state", "kl"] *= -1
    claims = judged(HIGHER, LOWER, steering={"white": table})
    assert claims["neurons-steering-unit-white"].value.mean == pytest.approx(0.2)
    assert claims["neurons-steering-unit-white"].verdict == "reproduced"
    assert claims["neurons-steering-state-white"].verdict == "not reproduced"
