"""Sites: the named places in a network where activity is read or changed. Imports no torch.

Names follow TransformerLens, e.g. ``layers.0.hook_h``. Of layer ``l`` there are:

===========================  =====================  ==========================================
site                         architectures          activity
===========================  =====================  ==========================================
``layers.l.hook_h``          all                    hidden state after the step
``layers.l.hook_c``          lstm                   cell state after the step
``layers.l.hook_gate_i``     lstm                   input gate (also ``_f`` forget, ``_o`` output)
``layers.l.hook_gate_g``     lstm                   candidate of the cell, after its tanh
``layers.l.hook_gate_r``     gru                    reset gate
``layers.l.hook_gate_z``     gru                    update gate
``layers.l.hook_gate_n``     gru                    candidate of the hidden state, after its tanh
===========================  =====================  ==========================================

Gates are read after their nonlinearity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from chunkscope.errors import SiteError, did_you_mean
from chunkscope.networks.settings import NetworkSettings

STATES: dict[str, tuple[str, ...]] = {
    "affine": ("hook_h",),
    "tanh": ("hook_h",),
    "gru": ("hook_h",),
    "lstm": ("hook_h", "hook_c"),
}
"""Architecture -> hooks of its recurrent state, which continue a pass."""

GATES: dict[str, tuple[str, ...]] = {
    "affine": (),
    "tanh": (),
    "gru": ("hook_gate_r", "hook_gate_z", "hook_gate_n"),
    "lstm": ("hook_gate_i", "hook_gate_f", "hook_gate_g", "hook_gate_o"),
}
"""Architecture -> hooks of its gates."""


def site_names(network: NetworkSettings) -> list[str]:
    """Every site of a network, layer by layer, the state before the gates."""
    hooks = STATES[network.architecture] + GATES[network.architecture]
    return [f"layers.{layer}.{hook}" for layer in range(network.layers) for hook in hooks]


def match_sites(patterns: Iterable[str], available: Sequence[str]) -> list[str]:
    """The sites that any of the fnmatch ``patterns`` matches, in the network's order.

    Example:
        >>> match_sites(["layers.*.hook_h"], ["layers.0.hook_h", "layers.0.hook_c"])
        ['layers.0.hook_h']

    Raises:
        SiteError: a pattern matches nothing; the sentence lists the sites there are.
    """
    patterns = list(patterns)
    for pattern in patterns:
        if not any(fnmatchcase(site, pattern) for site in available):
            raise unknown_site(pattern, available)
    return [site for site in available if any(fnmatchcase(site, p) for p in patterns)]


def unknown_site(name: str, available: Sequence[str]) -> SiteError:
    """The error for a site or pattern that this network does not have."""
    hint = did_you_mean(name, available)
    sites = ", ".join(available)
    return SiteError(f"site {name!r} matches nothing; this network has {sites}{hint}")
