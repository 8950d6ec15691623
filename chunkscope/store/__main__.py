"""``python -m chunkscope.store``: look at a store, verify every byte of it, seal a directory."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chunkscope.errors import StoreError
from chunkscope.store.manifest import seal
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
    """Read every byte and compare its digest."""
    with ActivationStore.open(path, verify="digests"):
        print(f"{path}: whole, every digest matches")


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
        description="Look at a store of activations, or check that it is whole. A store that is "
        "not can be had again by deleting it and running snakemake: the same bytes come out.",
    )
    commands = parser.add_subparsers(required=True)
    for name, command, does in (
        ("info", info, "print the arrays and attributes of a store"),
        ("verify", verify, "read every byte of a store and compare digests"),
        ("seal", seal, "write the manifest of a directory made with plain zarr"),
    ):
        subparser = commands.add_parser(name, help=does, description=does)
        subparser.add_argument("path", type=Path, help="activations.zarr.zip, or a directory")
        subparser.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
