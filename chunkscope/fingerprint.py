"""A content hash of the code that a rule calls, so that an edit reruns just what it concerns.

Snakemake sees a script's modification time and nothing of the package it imports. The fingerprint
of a file or module is a hash over its bytes and those of every module of this package that it
imports, directly or not; a touched file or a fresh clone does not change it, an edit does.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "chunkscope"
ROOT = Path(__file__).resolve().parent.parent


def fingerprint(*entries: str | Path) -> str:
    """The hash (16 hex digits) of the import closure of scripts (paths) and modules (names).

    Example:
        >>> fingerprint("scripts/extract_chunks.py", "chunkscope.chunks.extractors.density")

    Raises:
        FileNotFoundError: an entry is neither a file nor a module of the package.
        ValueError: a file uses a relative import, which would be missed.
    """
    todo = [_file_of(entry) for entry in entries]
    seen: set[Path] = set()
    while todo:
        file = todo.pop()
        if file not in seen:
            seen.add(file)
            todo.extend(_imports(file))
    digest = hashlib.sha256()
    for content in sorted(_content(file) for file in seen):
        digest.update(content)
    return digest.hexdigest()[:16]


def _file_of(entry: str | Path) -> Path:
    path = Path(entry)
    if path.suffix and path.exists():
        return path.resolve()
    found = _module_file(str(entry))
    if found is None:
        raise FileNotFoundError(f"{entry}: neither a file nor a module of {PACKAGE}")
    return found


@cache
def _content(file: Path) -> bytes:
    """The hash of the file's place in the package (or its name) and its bytes."""
    name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else Path(file.name)
    return hashlib.sha256(name.as_posix().encode() + b"\0" + file.read_bytes()).digest()


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    """Files of this package that a file imports, packages' ``__init__`` on the way included."""
    if file.suffix != ".py":
        return ()
    found: dict[Path, None] = {}
    for node in ast.walk(ast.parse(file.read_bytes())):
        for name in _imported_names(node, file):
            for module in _with_parents(name):
                if (path := _module_file(module)) is not None:
                    found[path] = None
    return tuple(found)


def _imported_names(node: ast.AST, file: Path) -> Iterator[str]:
    """What an import statement may load; ``from a import b`` may load the module ``a.b``."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        if node.module is None or node.level:
            raise ValueError(f"{file}, line {node.lineno}: relative import; name the whole module")
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    if parts[0] == PACKAGE:
        yield from (".".join(parts[: i + 1]) for i in range(len(parts)))


def _module_file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    if (path / "__init__.py").exists():
        return path / "__init__.py"
    file = path.with_suffix(".py")
    return file if file.exists() else None
