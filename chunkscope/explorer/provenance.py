"""Where results come from: package versions, code, and what the activation stores say of theirs."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata

from chunkscope.explorer.cells import Column, Table, text
from chunkscope.explorer.inputs import Files
from chunkscope.store import ActivationStore

PACKAGES = (
    *("chunkscope", "hdbscan", "matplotlib", "numpy", "pandas", "safetensors", "scikit-learn"),
    *("scipy", "snakemake", "torch", "zarr"),
)


def version_table() -> Table:
    """Versions of the packages that results depend on, in the environment of the report."""
    versions = {"python": platform.python_version()}
    versions |= {package: metadata.version(package) for package in PACKAGES}
    return _pairs("Versions", ("package", "version"), versions)


def code_table(fingerprints: Mapping[str, str]) -> Table:
    """The fingerprint of the code behind every script."""
    return _pairs("Code", ("script", "fingerprint"), fingerprints)


def store_table(stores: Files) -> Table:
    """What was written into every activation store when it was recorded."""
    titles = ("run", "code fingerprint", "seeds of the initial weights", "versions", "schema")
    rows = []
    for run, path in stores.items():
        with ActivationStore.open(path) as store:
            attributes = store.attributes
        versions = (f"{name} {version}" for name, version in attributes["versions"].items())
        rows.append(
            [
                text(run),
                text(attributes.get("code_fingerprint")),
                text(", ".join(map(str, attributes.get("network_seeds", [])))),
                text(", ".join(versions)),
                text(attributes["schema_version"]),
            ]
        )
    return Table("Activation stores", [Column(title) for title in titles], rows)


def _pairs(name: str, titles: tuple[str, str], pairs: Mapping[str, str]) -> Table:
    rows = [[text(key), text(value)] for key, value in pairs.items()]
    return Table(name, [Column(title) for title in titles], rows)
