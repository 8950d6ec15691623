"""``python -m chunkscope.store``: look at a store, verify every byte of it, seal a directory."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chunkscope.errors import StoreError
from chunkscope.store import manifest
from chunkscope.store.reader import ActivationStore


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 1, with one sentence, when the store is not sound."""
    chosen = _parser().parse_args(arguments)
    try:
        chosen.command(chosen.path)
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def verify(path: Path) -> None:
    """Read every byte and compare the digests."""
    with ActivationStore.open(path, verify="digests"):
        print(f"{path}: whole, every digest matches")


def seal(path: Path) -> None:
    """Write the manifest of a directory."""
    manifest.seal(path)
    print(f"{path}: sealed; it reads like a store that chunkscope wrote")


def info(path: Path) -> None:
    """Print what the store holds."""
    with ActivationStore.open(path) as store:
        for name, (shape, dtype) in store.arrays.items():
            print(f"{name:40} {dtype:8} {' x '.join(map(str, shape))}")
        for name, value in store.attributes.items():
            print(f"{name}: {value}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chunkscope.store",
        description="Look at a store of activations, or check that it is whole. If a store that "
        "the workflow wrote is not, delete it and run snakemake again: the same bytes come out.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    store = "a store: a .zarr.zip file, or a sealed directory"
    for name, command, path, does in (
        ("info", info, store, "List the arrays of a store with type and shape, and its attributes"),
        ("verify", verify, store, "Read every byte of a store and compare it with the manifest"),
        ("seal", seal, "a directory", "Make a store of a directory written with plain zarr (v3)"),
    ):
        subparser = commands.add_parser(name, help=does, description=f"{does}.")
        subparser.add_argument("path", type=Path, metavar="PATH", help=path)
        subparser.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
