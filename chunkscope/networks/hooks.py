"""Taps on the modules of a model that somebody else wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from chunkscope.errors import SiteError
from chunkscope.networks.taps import PassTap

Place = tuple[nn.Module, bool]
"""A module, and whether a site is what comes in (its first argument) or what goes out."""


@contextmanager
def tapped(
    places: Mapping[str, Place], widths: Mapping[str, int], tap: PassTap, shape: tuple[int, int]
) -> Iterator[None]:
    """Lets the activity of the sites that ``tap`` wants pass through it, for one pass of ``shape``.

    Raises:
        SiteError: a site's module did not run exactly once, or its activity has another shape.
    """
    ran = dict.fromkeys(tap.sites, 0)

    def through(site: str, activity: object) -> Tensor:
        ran[site] += 1
        expected = (*shape, widths[site])
        if not isinstance(activity, Tensor) or tuple(activity.shape) != expected:
            got = tuple(getattr(activity, "shape", ())) or type(activity).__name__
            raise SiteError(f"site {site}: its module gives {got}; must be of shape {expected}")
        # copies, since some models go on to change an activity in place
        whole = tap(site, activity.to(torch.float32, copy=True).unsqueeze(0))
        return whole[0].to(activity.dtype, copy=True)

    handles = [_hook(*places[site], site, through) for site in ran]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    for site, times in ran.items():
        if times != 1:
            raise SiteError(f"site {site}: its module ran {times} times in a pass; must be once")


def _hook(
    module: nn.Module, comes_in: bool, site: str, through: Callable[[str, object], Tensor]
) -> torch.utils.hooks.RemovableHandle:
    def entering(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args:
            return (through(site, args[0]), *args[1:]), kwargs
        return args, kwargs | {"hidden_states": through(site, kwargs.get("hidden_states"))}

    def leaving(_: nn.Module, __: object, output: Any) -> Any:
        if isinstance(output, tuple):
            return (through(site, output[0]), *output[1:])
        return through(site, output)

    if comes_in:
        return module.register_forward_pre_hook(entering, with_kwargs=True)
    return module.register_forward_hook(leaving)
