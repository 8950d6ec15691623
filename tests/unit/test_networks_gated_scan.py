"""The gated scan: against the loop it replaces, in values and gradients, for every length."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chunkscope.networks.gated_scan import gated_scan

TIMES = [1, 2, 3, 4, 5, 7, 8, 9, 60, 97]
each_time = pytest.mark.parametrize("time", TIMES)
Inputs = tuple[Tensor, Tensor, Tensor]


def draw(time: int, batch: int = 2, members: int = 3, units: int = 4, seed: int = 0) -> Inputs:
    """Gates, inputs and an initial state, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    shape = (members, batch, time, units)
    keep = torch.rand(shape, generator=generator, dtype=torch.double)
    drive = torch.randn(shape, generator=generator, dtype=torch.double)
    return keep, drive, torch.randn(shape[:2] + shape[3:], generator=generator, dtype=torch.double)


def loop(keep: Tensor, drive: Tensor, initial: Tensor) -> Tensor:
    """The recurrence as it is written."""
    state, states = initial, []
    for gate, added in zip(keep.unbind(2), drive.unbind(2), strict=True):
        state = gate * state + added
        states.append(state)
    return torch.stack(states, 2)


def gradients(function: Callable[..., Tensor], inputs: Inputs) -> tuple[Tensor, ...]:
    """The gradients of a sum that weighs every state differently."""
    leaves = [tensor.detach().requires_grad_() for tensor in inputs]
    hidden = function(*leaves)
    generator = torch.Generator().manual_seed(9)
    weights = torch.randn(hidden.shape, generator=generator, dtype=torch.double).to(hidden)
    return torch.autograd.grad((weights * hidden).sum(), leaves)


@each_time
@pytest.mark.parametrize(("batch", "members"), [(1, 1), (5, 2)])
def test_states_and_gradients_are_those_of_the_loop(time: int, batch: int, members: int) -> None:
    inputs = draw(time, batch, members)
    torch.testing.assert_close(gated_scan(*inputs), loop(*inputs), rtol=1e-12, atol=1e-12)
    for got, expected in zip(gradients(gated_scan, inputs), gradients(loop, inputs), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(time=st.integers(1, 70), units=st.integers(1, 5), seed=st.integers(0, 999))
def test_any_length(time: int, units: int, seed: int) -> None:
    inputs = draw(time, units=units, seed=seed)
    torch.testing.assert_close(gated_scan(*inputs), loop(*inputs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("time", [1, 2, 5, 8])
def test_gradients_are_those_of_finite_differences(time: int) -> None:
    inputs = [tensor.requires_grad_() for tensor in draw(time, members=1)]
    assert torch.autograd.gradcheck(gated_scan, inputs, fast_mode=True)


@pytest.mark.parametrize("least", [0.0, 0.9, 1.0], ids=["forgets", "remembers", "keeps all"])
def test_single_precision_over_a_long_window(least: float) -> None:
    keep, drive, initial = draw(3001, batch=1, members=1)
    single = (least + (1 - least) * keep).float(), drive.float(), initial.float()
    exact = loop(*(tensor.double() for tensor in single))
    assert (gated_scan(*single) - exact).abs().max() < 1e-6 * exact.abs().max()


def test_closed_forms() -> None:
    """Gates of 1 count up, gates of 0 forget, gates of a half are a geometric series."""
    ones, initial = torch.ones(1, 1, 50, 3, dtype=torch.double), torch.full((1, 1, 3), 8.0).double()
    keep = ones * torch.tensor([1.0, 0.0, 0.5])
    hidden = gated_scan(keep, ones, initial)[0, 0]
    steps = torch.arange(1, 51, dtype=torch.double)
    expected = torch.stack([8 + steps, 1 + 0 * steps, 2 * (1 - 0.5**steps) + 8 * 0.5**steps], 1)
    torch.testing.assert_close(hidden, expected)


def test_nothing_flows_back_in_time_or_between_units() -> None:
    keep, drive, initial = draw(20)
    hidden = gated_scan(keep, drive, initial)
    changed = drive.clone()
    changed[1, 0, 7, 2] += 1
    moved = gated_scan(keep, changed, initial) != hidden
    assert moved[1, 0, 7:10, 2].all()
    moved[1, 0, 7:, 2] = False
    assert not moved.any()


def test_no_input_is_changed() -> None:
    inputs = draw(10)
    before = [tensor.clone() for tensor in inputs]
    gated_scan(*inputs)
    assert all(torch.equal(a, b) for a, b in zip(inputs, before, strict=True))
