"""Sites: the named places in a network where activity is read or changed. Imports no torch.

Names follow TransformerLens, e.g. ``layers.0.hook_h``. Of layer ``l`` of a recurrent network there
are:

===========================  =====================  ==========================================
site                         architectures          activity
===========================  =====================  ==========================================
``layers.l.hook_h``          all of them            hidden state after the step
``layers.l.hook_c``          lstm                   cell state after the step
``layers.l.hook_gate_i``     lstm                   input gate (also ``_f`` forget, ``_o`` output)
``layers.l.hook_gate_g``     lstm                   candidate of the cell, after its tanh
``layers.l.hook_gate_r``     gru                    reset gate
``layers.l.hook_gate_z``     gru                    update gate
``layers.l.hook_gate_n``     gru                    candidate of the hidden state, after its tanh
===========================  =====================  ==========================================

Gates are read after their nonlinearity.

Of layer ``l`` of a recurrence on a residual stream (:mod:`chunkscope.networks.residual`) there are,
in the order in which they are computed:

=============================  =============  ================================================
site                           architectures  activity
=============================  =============  ================================================
``layers.l.hook_gate_z``       mingru         update gate
``layers.l.hook_gate_n``       mingru         candidate of the hidden state
``layers.l.hook_delta``        ssm            step size, after its softplus
``layers.l.hook_h``            both           state after the step; of ssm, ``state`` numbers
                                              of the first unit, then of the next
``layers.l.hook_resid_post``   both           residual stream that leaves the layer
=============================  =============  ================================================

Of block ``b`` of a transformer (:mod:`chunkscope.networks.gpt` and ``crate``), in the order in
which they are computed, heads side by side, queries and keys before they are turned by their
positions:

===========================================  =================================================
site                                         activity
===========================================  =================================================
``hook_embed``                               embedding of the symbol (one, before all blocks)
``hook_pos_embed``                           vector of the position, where it is learned
``blocks.b.hook_resid_pre``                  residual stream that enters the block
``blocks.b.ln1.hook_normalized``             what attention reads
``blocks.b.attn.hook_q`` (``_k``, ``_v``)    queries, keys, values
``blocks.b.attn.hook_u``                     of crate: the one projection that is all three
``blocks.b.attn.hook_z``                     what each head gathered
``blocks.b.attn.hook_result.h``              what head ``h`` adds to the stream
``blocks.b.hook_attn_out``                   what attention adds to the stream (with its bias)
``blocks.b.hook_resid_mid``                  residual stream after attention
``blocks.b.ln2.hook_normalized``             what the MLP reads, or what is coded
``blocks.b.mlp.hook_pre``                    hidden units before the GELU, or code units before
                                             the last threshold
``blocks.b.mlp.hook_post``                   hidden units after the GELU, or the code
``blocks.b.hook_mlp_out``                    what the MLP adds to the stream, or the code says
``blocks.b.hook_resid_post``                 residual stream that leaves the block
``ln_final.hook_normalized``                 what the readout reads (one, after all blocks)
===========================================  =================================================

Of block ``b`` of a Hugging Face network (:mod:`chunkscope.networks.huggingface`) there are
``hook_resid_pre`` and ``hook_resid_post``, besides ``hook_embed``; where
:data:`chunkscope.networks.directories.PARTS` knows the family, ``hook_attn_out``, ``mlp.hook_post``
and ``hook_mlp_out`` too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from chunkscope.errors import SiteError, did_you_mean
from chunkscope.networks.directories import describe
from chunkscope.networks.settings import (
    CRATESettings,
    GPTSettings,
    HuggingFaceSettings,
    MinGRUSettings,
    NetworkSettings,
    RecurrentSettings,
    SSMSettings,
)

STATES: dict[str, tuple[str, ...]] = {
    "affine": ("hook_h",),
    "tanh": ("hook_h",),
    "gru": ("hook_h",),
    "lstm": ("hook_h", "hook_c"),
    "mingru": ("hook_h",),
    "ssm": ("hook_h",),
}
"""Architecture that carries over nothing but activity -> hooks of its state, which continue a
pass."""

GATES: dict[str, tuple[str, ...]] = {
    "affine": (),
    "tanh": (),
    "gru": ("hook_gate_r", "hook_gate_z", "hook_gate_n"),
    "lstm": ("hook_gate_i", "hook_gate_f", "hook_gate_g", "hook_gate_o"),
}
"""Architecture of the recurrent family -> hooks of its gates."""

CODE_SITES = ("blocks.*.mlp.hook_post",)
"""Patterns of a transformer's code units: the hidden units of an MLP, or a sparse code."""

MLP_RATIO = 4
"""Hidden units of a transformer's MLP per unit of its residual stream, as in GPT-2."""

_AFTER_ATTENTION = (
    "hook_attn_out",
    "hook_resid_mid",
    "ln2.hook_normalized",
    "mlp.hook_pre",
    "mlp.hook_post",
    "hook_mlp_out",
    "hook_resid_post",
)


def site_widths(network: NetworkSettings) -> dict[str, int]:
    """Every site of a network -> its units, layer by layer.

    Of the recurrent family the state stands before the gates.

    Raises:
        NetworkError: the directory of a ready network cannot be read.
    """
    return _WIDTHS[network.architecture](network)


def site_names(network: NetworkSettings) -> list[str]:
    """Every site of a network, in the order of :func:`site_widths`."""
    return list(site_widths(network))


def state_sites(network: NetworkSettings) -> list[str]:
    """The sites whose activity at a step is all that a network carries over to the next.

    There are none where it carries over something else.
    """
    states = STATES.get(network.architecture, ())
    return [site for site in site_widths(network) if site.rsplit(".", 1)[-1] in states]


def _recurrent(network: RecurrentSettings) -> dict[str, int]:
    hooks = STATES[network.architecture] + GATES[network.architecture]
    return _layers(dict.fromkeys(hooks, network.hidden), network.layers)


def _mingru(network: MinGRUSettings) -> dict[str, int]:
    hooks = ("hook_gate_z", "hook_gate_n", "hook_h", "hook_resid_post")
    return _layers(dict.fromkeys(hooks, network.hidden), network.layers)


def _ssm(network: SSMSettings) -> dict[str, int]:
    units = network.hidden
    hooks = {"hook_delta": units, "hook_h": units * network.state, "hook_resid_post": units}
    return _layers(hooks, network.layers)


def _layers(hooks: dict[str, int], layers: int) -> dict[str, int]:
    return {f"layers.{index}.{hook}": hooks[hook] for index in range(layers) for hook in hooks}


def _transformer(network: GPTSettings | CRATESettings) -> dict[str, int]:
    widths = {"hook_embed": network.width}
    if network.positions == "learned":
        widths["hook_pos_embed"] = network.width
    for block in range(network.layers):
        for hook in _block_hooks(network):
            hidden = hook in ("mlp.hook_pre", "mlp.hook_post")
            widths[f"blocks.{block}.{hook}"] = (
                MLP_RATIO * network.width if hidden else network.width
            )
    return {**widths, "ln_final.hook_normalized": network.width}


def _block_hooks(network: GPTSettings | CRATESettings) -> Iterator[str]:
    one = isinstance(network, CRATESettings) and network.attention == "subspace"
    yield from ("hook_resid_pre", "ln1.hook_normalized")
    yield from ("attn.hook_u",) if one else (f"attn.hook_{name}" for name in "qkv")
    yield "attn.hook_z"
    yield from (f"attn.hook_result.{head}" for head in range(network.heads))
    yield from _AFTER_ATTENTION


def _huggingface(network: HuggingFaceSettings) -> dict[str, int]:
    found = describe(network.path)
    block = {"hook_resid_pre": found.width}
    if found.hidden is not None:
        block |= {
            "hook_attn_out": found.width,
            "mlp.hook_post": found.hidden,
            "hook_mlp_out": found.width,
        }
    block["hook_resid_post"] = found.width
    widths = {"hook_embed": found.width}
    for index in range(found.blocks):
        widths |= {f"blocks.{index}.{hook}": width for hook, width in block.items()}
    return widths


_WIDTHS: dict[str, Callable[[Any], dict[str, int]]] = {
    **dict.fromkeys(GATES, _recurrent),
    "mingru": _mingru,
    "ssm": _ssm,
    "gpt": _transformer,
    "crate": _transformer,
    "huggingface": _huggingface,
}
"""Architecture -> the sites that its settings give it, with their units."""


def matching_sites(patterns: Iterable[str], available: Sequence[str]) -> list[str]:
    """The sites that any of the fnmatch ``patterns`` matches, in their order; maybe none."""
    chosen = list(patterns)
    return [site for site in available if any(fnmatchcase(site, pattern) for pattern in chosen)]


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
    return matching_sites(patterns, available)


def sites_of_study(patterns: Iterable[str], recorded: Sequence[str]) -> list[str]:
    """The recorded sites that any of a study's fnmatch ``patterns`` matches, in their order.

    A study's patterns serve runs of all architectures, so that some may match nothing here.

    Raises:
        SiteError: none of them matches anything.
    """
    patterns = list(patterns)
    found = matching_sites(patterns, recorded)
    if not found:
        raise SiteError(
            f"sites: got {', '.join(patterns)}, which match nothing; recorded are "
            f"{', '.join(recorded)}: name one of these, or record others"
        )
    return found


def unknown_site(name: str, available: Sequence[str]) -> SiteError:
    """The error for a site or pattern that this network does not have."""
    hint = did_you_mean(name, available)
    sites = ", ".join(available)
    return SiteError(f"site {name!r} matches nothing; this network has {sites}{hint}")
