"""Checks what is handed to a store's writer, and says what is wrong in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import StoreError, did_you_mean
from chunkscope.store import layout
from chunkscope.store.layout import INPUT, LOSS, NEXT_DISTRIBUTION, SPLIT, SPLITS, TOKEN

_INT32_MAX = int(np.iinfo(np.int32).max)


def checked_corpus(
    where: str,
    tokens: ArrayLike,
    n_symbols: int,
    labels: Mapping[str, ArrayLike],
    next_distribution: ArrayLike | None,
    split: ArrayLike | None,
    inputs: ArrayLike | None,
    n_channels: int,
) -> dict[str, NDArray[Any]]:
    """The arrays at the root of a store, by name and in the order in which they are written."""
    token = _integers(f"{where}: {TOKEN}", tokens, "int32", 0, n_symbols - 1)
    if token.ndim != 2 or 0 in token.shape:
        raise StoreError(
            f"{where}: {TOKEN}: got shape {token.shape}; must be (sequence, time), both at least 1"
        )
    corpus = {TOKEN: token}
    if inputs is not None:
        name = f"{where}: {INPUT}"
        given = np.ascontiguousarray(inputs, dtype=np.float32)
        corpus[INPUT] = _shaped(name, given, (*token.shape, n_channels))
        check_finite(name, given, 0)
    for kind, values in labels.items():
        if kind in layout.NOT_LABELS or not layout.is_site_name(kind):
            raise StoreError(f"{where}: {kind!r} cannot name a kind of label; choose another name")
        label = _integers(f"{where}: {kind}", values, "int32", -_INT32_MAX, _INT32_MAX)
        corpus[kind] = _shaped(f"{where}: {kind}", label, token.shape)
    if next_distribution is not None:
        name = f"{where}: {NEXT_DISTRIBUTION}"
        probability = np.ascontiguousarray(next_distribution, dtype=np.float32)
        corpus[NEXT_DISTRIBUTION] = _shaped(name, probability, (*token.shape, n_symbols))
        check_finite(name, probability, 0)
    if split is not None:
        part = _integers(f"{where}: {SPLIT}", split, "uint8", 0, len(SPLITS) - 1)
        corpus[SPLIT] = _shaped(f"{where}: {SPLIT}", part, token.shape[:1])
    return corpus


def check_attributes(where: str, attributes: Mapping[str, Any], own: Sequence[str]) -> None:
    """Refuse attributes that JSON cannot hold or whose names are the store's own."""
    for name in attributes:
        if name in own:
            raise StoreError(f"{where}: attribute {name!r} is the store's own; choose another name")
    try:
        json.dumps(attributes, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"{where}: attributes: {error}; they must be what JSON can hold"
        ) from error


def check_label_names(
    where: str, label_names: Mapping[str, Sequence[str]], kinds: Sequence[str]
) -> None:
    """Refuse names for a kind of label that is not there."""
    for kind in label_names:
        if kind not in kinds:
            raise StoreError(
                f"{where}: label_names: got {kind!r}; there are labels of {list(kinds)}"
                f"{did_you_mean(kind, kinds)}"
            )


def check_sites(where: str, sites: Mapping[str, int]) -> None:
    """Refuse sites that cannot name an array, or that have no units."""
    for site, units in sites.items():
        if not layout.is_site_name(site):
            raise StoreError(
                f"{where}: site {site!r} cannot name an array; use letters, digits, '.', '_' and "
                f"'-' (and not {LOSS!r}, which is the seed's own)"
            )
        if units < 1:
            raise StoreError(f"{where}: site {site}: got {units} units; must be at least 1")


def checked_blocks(
    where: str,
    blocks: Mapping[str, ArrayLike],
    shapes: Mapping[str, tuple[int, ...]],
    first: int,
) -> dict[str, NDArray[np.float32]]:
    """The next sequences of every array of a seed as float32, in the order of ``shapes``."""
    if set(blocks) != set(shapes):
        raise StoreError(
            f"{where}: got blocks for {sorted(set(blocks) - {LOSS})}; each write needs all of "
            f"{sorted(set(shapes) - {LOSS})}"
        )
    checked = {
        name: _block(f"{where}: {name}", blocks[name], shape, first)
        for name, shape in shapes.items()
    }
    lengths = {name: len(block) for name, block in checked.items()}
    if len(set(lengths.values())) > 1:
        raise StoreError(f"{where}: got unlike numbers of sequences {lengths}; must be the same")
    for name, block in checked.items():
        check_finite(f"{where}: {name}", block[:, :-1] if name == LOSS else block, first)
    return checked


def check_finite(where: str, block: NDArray[np.float32], first: int) -> None:
    """Refuse NaN and infinity; ``first`` is the index of the block's first sequence."""
    finite = np.isfinite(block)
    if finite.all():
        return
    index = tuple(int(i) for i in np.argwhere(~finite)[0])
    place = (index[0] + first, *index[1:])
    axes = (*layout.DIMENSIONS, layout.UNIT)[: block.ndim]
    raise StoreError(
        f"{where}: got {block[index]} at ({', '.join(axes)}) {place}; every value must be finite: "
        "did the network diverge?"
    )


def _block(
    where: str, values: ArrayLike, shape: tuple[int, ...], first: int
) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, refused later
        block = np.ascontiguousarray(values, dtype=np.float32)
    room = shape[0] - first
    if block.shape[1:] != shape[1:] or not 0 < len(block) <= room:
        raise StoreError(
            f"{where}: got a block of shape {block.shape}; must be (1 to {room}, "
            f"{', '.join(map(str, shape[1:]))}), as {room} sequences are left"
        )
    return block


def _integers(where: str, values: ArrayLike, dtype: str, low: int, high: int) -> NDArray[Any]:
    given = np.asarray(values)
    if given.dtype.kind not in "iub":
        raise StoreError(f"{where}: got {given.dtype} values; must be whole numbers")
    if given.size and not low <= given.min() <= given.max() <= high:
        raise StoreError(
            f"{where}: got values from {given.min()} to {given.max()}; must be from {low} to {high}"
        )
    return np.ascontiguousarray(given, dtype=dtype)


def _shaped(where: str, values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if values.shape != shape:
        raise StoreError(f"{where}: got shape {values.shape}; must be {shape}, to fit the tokens")
    return values
