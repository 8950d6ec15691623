"""Documents: texts that belong together, from files or from Python's own help."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chunkscope.errors import GrammarError


@dataclass(frozen=True)
class Document:
    """One text; no sequence crosses its ends.

    Attributes:
        name: the topic, or the file's path within its folder.
        text: not empty; lines end with a newline character alone.
        topic: what it is about, shared with other documents; empty where nothing says.
    """

    name: str
    text: str
    topic: str = ""


def python_topics() -> list[Document]:
    """The topics of ``help()`` as this Python has them, by name (79 in Python 3.11).

    By what ``help()`` itself leads to them, they are about a ``keyword`` (``help("for")``), else
    about a ``symbol`` (``help("+")``), else about a ``subject``.
    """
    from pydoc import Helper  # both here, since no other corpus needs their half megabyte
    from pydoc_data.topics import topics

    entries = {**Helper.keywords, **Helper.topics}
    keywords = {_page(target, entries) for target in Helper.keywords.values()}
    symbols = {_page(target.partition(" ")[0], entries) for target in Helper.symbols.values()}

    def topic(name: str) -> str:
        return "keyword" if name in keywords else "symbol" if name in symbols else "subject"

    return [Document(name, topics[name], topic(name)) for name in sorted(topics)]


def _page(target: str | tuple[str, ...], entries: Mapping[str, str | tuple[str, ...]]) -> str:
    """The page that ``help()`` shows: an entry has its page first, or names another entry."""
    while isinstance(target, str):
        target = entries.get(target, (target, ""))
    return target[0]


def read_documents(path: Path, separator: str) -> list[Document]:
    """The files of a folder, one document each, whose topic is the folder that each lies in; or the
    parts of one file.

    Raises:
        GrammarError: there is no such file or folder, it holds no text, or a file is not UTF-8.
    """
    if path.is_dir():
        documents = [
            Document(name.as_posix(), _read(path / name), name.parent.as_posix())
            for name in (file.relative_to(path) for file in files_of(path))
        ]
    else:
        parts = filter(None, (part.strip("\n") for part in _read(path).split(separator)))
        documents = [Document(f"{path.name}:{at}", part) for at, part in enumerate(parts)]
    documents = [document for document in documents if document.text.strip()]
    if not documents:
        raise GrammarError(f"{path}: holds no text; give a UTF-8 file, or a folder of them")
    return documents


def files_of(path: Path) -> list[Path]:
    """The file itself, or all files below a folder in the order of their names, hidden ones not."""
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(path).parts)
    )


def digest(documents: Sequence[Document]) -> str:
    """SHA-256 (hex) over the names and texts of all documents."""
    whole = hashlib.sha256()
    for document in documents:
        whole.update(f"{document.name}\0{document.text}\0".encode())
    return whole.hexdigest()


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        said = str(error.strerror).lower()
        raise GrammarError(f"{path}: {said}; give a UTF-8 file, or a folder of them") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GrammarError(
            f"{path}: byte {error.object[error.start]:#04x} at offset {error.start} is not UTF-8; "
            "save the file as UTF-8"
        ) from None
    return text.replace("\r\n", "\n")
