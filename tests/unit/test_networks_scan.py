"""The scan: against the loop it replaces, in values and gradients, for every shape of window."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chunkscope.networks.affine import AffineLayer
from chunkscope.networks.building import build
from chunkscope.networks.recurrent import Layer
from chunkscope.networks.scan import scan
from chunkscope.networks.settings import AffineSettings

TIMES = [1, 2, 3, 4, 5, 16, 17, 24, 25, 26, 97]
each_time = pytest.mark.parametrize("time", TIMES)


def draw(
    time: int, batch: int = 2, members: int = 3, units: int = 4, scale: float = 0.4, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, initial state and weight of a recurrence that neither dies nor explodes."""
    generator = torch.Generator().manual_seed(seed)
    shapes = (members, time, batch, units), (members, batch, units), (members, units, units)
    drive, initial, weight = (
        torch.randn(shape, generator=generator, dtype=torch.double) for shape in shapes
    )
    return drive, initial, scale * weight


def loop(drive: Tensor, initial: Tensor, weight: Tensor) -> Tensor:
    """The recurrence as it is written."""
    state, states = initial, []
    for inputs in drive.unbind(1):
        state = state @ weight + inputs
        states.append(state)
    return torch.stack(states, 1)


def gradients(function, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The gradients of a sum that weighs every state differently."""
    leaves = [tensor.detach().requires_grad_() for tensor in inputs]
    hidden = function(*leaves)
    generator = torch.Generator().manual_seed(9)
    weights = torch.randn(hidden.shape, generator=generator, dtype=torch.double).to(hidden)
    return torch.autograd.grad((weights * hidden).sum(), leaves)


def largest_error(got: Tensor, expected: Tensor) -> float:
    return float(((got - expected).abs().max() / expected.abs().max()).detach())


@each_time
@pytest.mark.parametrize(("batch", "members"), [(1, 1), (1, 3), (5, 2)])
def test_states_and_gradients_are_those_of_the_loop(time: int, batch: int, members: int) -> None:
    inputs = draw(time, batch, members)
    assert largest_error(scan(*inputs), loop(*inputs)) < 1e-12
    for got, expected in zip(gradients(scan, inputs), gradients(loop, inputs), strict=True):
        assert largest_error(got, expected) < 1e-10


@settings(max_examples=30, deadline=None)
@given(
    time=st.integers(1, 60),
    batch=st.integers(1, 4),
    members=st.integers(1, 3),
    units=st.integers(1, 5),
    seed=st.integers(0, 999),
)
def test_any_shape(time: int, batch: int, members: int, units: int, seed: int) -> None:
    inputs = draw(time, batch, members, units, seed=seed)
    assert largest_error(scan(*inputs), loop(*inputs)) < 1e-10


@each_time
def test_gradients_are_those_of_finite_differences(time: int) -> None:
    inputs = [tensor.requires_grad_() for tensor in draw(time, members=2)]
    assert torch.autograd.gradcheck(scan, inputs, fast_mode=True)


@pytest.mark.parametrize("radius", [0.3, 0.99, 1.001])
def test_single_precision_over_a_long_window(radius: float) -> None:
    """For a spectral radius that forgets at once, that remembers long, and that explodes."""
    drive, initial, weight = draw(3001, batch=1, units=12)
    weight *= radius / torch.linalg.eigvals(weight).abs().amax(-1)[:, None, None]
    single = tuple(tensor.float() for tensor in (drive, initial, weight))
    single_as_double = tuple(tensor.double() for tensor in single)
    assert largest_error(scan(*single), loop(*single_as_double).float()) < 1e-5
    for got, expected in zip(
        gradients(scan, single), gradients(loop, single_as_double), strict=True
    ):
        assert largest_error(got.double(), expected) < 1e-5


def test_a_closed_form() -> None:
    """One unit, a constant input: a geometric series."""
    ones = torch.ones(1, 50, 1, 1, dtype=torch.double)
    hidden = scan(ones, torch.full((1, 1, 1), 8.0).double(), torch.full((1, 1, 1), 0.5).double())
    steps = torch.arange(1, 51, dtype=torch.double)
    torch.testing.assert_close(hidden.flatten(), 2 * (1 - 0.5**steps) + 8 * 0.5**steps)


def test_members_and_rows_do_not_touch() -> None:
    drive, initial, weight = draw(20)
    hidden = scan(drive, initial, weight)
    drive, initial = drive.clone(), initial.clone()
    drive[1], initial[:, 1], drive[:, :, 1] = 7, 7, 7
    changed = scan(drive, initial, weight)
    kept = torch.tensor([[True, False], [False, False], [True, False]])  # (member, row)
    assert torch.equal(changed.transpose(1, 2)[kept], hidden.transpose(1, 2)[kept])
    assert (changed.transpose(1, 2)[~kept] != hidden.transpose(1, 2)[~kept]).any(-1).all()


def test_no_input_is_changed() -> None:
    inputs = draw(10)
    before = [tensor.clone() for tensor in inputs]
    scan(*inputs)
    assert all(torch.equal(a, b) for a, b in zip(inputs, before, strict=True))


def test_a_network_trains_as_its_loop_does(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(5, (2, 1, 90), generator=generator)

    def run() -> tuple[dict[str, Tensor], list[Tensor]]:
        network = build(AffineSettings(hidden=6), 5, (3, 1))
        start = network(tokens[:, :, :40]).state
        output = network(tokens[:, :, 40:], start, record=["*"])
        output.logits.log_softmax(-1).square().mean((1, 2, 3)).sum().backward()
        recorded = output.activations["layers.0.hook_h"]
        states = [recorded, output.logits, output.state["layers.0.hook_h"]]
        return {k: p.grad for k, p in network.named_parameters()}, states

    gradients_of_scan, scanned = run()
    monkeypatch.setattr(AffineLayer, "forward", Layer.forward)
    gradients_of_loop, looped = run()
    for got, expected in zip(scanned, looped, strict=True):
        assert largest_error(got, expected) < 1e-5
    for name, expected in gradients_of_loop.items():
        assert largest_error(gradients_of_scan[name], expected) < 1e-5, name
