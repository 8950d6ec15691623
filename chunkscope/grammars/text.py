"""Text: excerpts of documents, with exact labels of words and characters.

No grammar made them, so that the true parse and the true next distribution are not known. What is
known exactly is which word every symbol belongs to, and how it is written.

    corpora:
      help:
        source: {grammar: text, tokenizer: 512}
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chunkscope.errors import GrammarError
from chunkscope.grammars.base import Source
from chunkscope.grammars.corpus import Corpus
from chunkscope.grammars.documents import (
    Document,
    digest,
    files_of,
    python_topics,
    read_documents,
)
from chunkscope.grammars.text_labels import (
    CLASSES,
    NO_WORD,
    OTHER_WORD,
    common_words,
    label_tokens,
)
from chunkscope.grammars.tokenisation import (
    Tokenizer,
    load_tokenizer,
    symbols_of,
    train_tokenizer,
)

SPLITS = ("training", "recording.train", "recording.test")

Rows = dict[str, NDArray[np.int32]]
"""Kind of label -> one number per token; ``token`` is the tokens themselves."""


class Text(Source):
    """Text of your own, or the topics of Python's ``help()``.

    Whole documents are dealt to training and to the two splits of the recording, by chance and in
    proportion to the symbols asked of each; sequences are excerpts that share no symbol.
    """

    grammar: Literal["text"] = "text"
    """Which grammar."""
    path: str | None = Field(default=None, min_length=1)
    """A UTF-8 file, or a folder with a document in each file; null takes the topics of `help()`."""
    separator: str = Field(default="\n\n\n", min_length=1)
    """What stands between the documents of a single file; two empty lines by default."""
    tokenizer: Annotated[int, Field(ge=257, le=100_000)] | str = 512
    """Symbols of a byte-level BPE trained on the training documents alone, or a folder with a
    `tokenizer.json`."""
    words: int = Field(default=200, ge=1)
    """Commonest words of the training documents that have a label of their own."""

    def files(self) -> list[Path]:
        """The files that the corpus is made of, as far as they exist.

        It is :meth:`split` that complains of a missing one: a rule whose input is missing would
        not run, and what it made before would be taken for good.
        """
        texts = [] if self.path is None else files_of(Path(self.path))
        own = [Path(self.tokenizer) / "tokenizer.json"] if isinstance(self.tokenizer, str) else []
        return [file for file in (*texts, *own) if file.exists()]

    def split(
        self,
        random: Callable[[str], np.random.Generator],
        training: tuple[int, int],
        recording: tuple[int, int, int],
    ) -> tuple[Corpus, Corpus]:
        """Excerpts of disjoint documents; see :meth:`Source.split`.

        Raises:
            GrammarError: a file cannot be read, or there is too little text or too few documents.
        """
        train, test, length = recording
        asked = [training, (train, length), (test, length)]
        documents = self._documents()
        self._check_enough(documents)
        sizes = [len(document.text) for document in documents]
        owners = deal(sizes, [n * each for n, each in asked], random("documents"))

        learned = [d.text for d, owner in zip(documents, owners, strict=True) if owner == 0]
        tokenizer = self._tokenizer(learned)
        words = common_words(learned, self.words)
        encoded = [encode(at, d.text, tokenizer, words) for at, d in enumerate(documents)]

        cuts = []
        for split, name in enumerate(SPLITS):
            own = [rows for rows, owner in zip(encoded, owners, strict=True) if owner == split]
            cuts.append(cut(name, own, *asked[split], random(name)))
        recorded = {kind: np.concatenate([rows[kind] for rows in cuts[1:]]) for kind in cuts[0]}
        topics, topic = np.unique([d.topic for d in documents], return_inverse=True)
        if len(topics) > 1:  # else there is nothing to tell apart
            for rows in (cuts[0], recorded):
                rows["topic"] = topic[rows["document"]].astype(np.int32)
        facts = {
            "symbols": symbols_of(tokenizer),
            "names": {
                "document": tuple(document.name for document in documents),
                "word": (*words, OTHER_WORD, NO_WORD),
                "character_class": CLASSES,
                "doctest": ("outside", "inside"),
                "production": ("outside", "inside"),
                **({"topic": tuple(topics.tolist())} if len(topics) > 1 else {}),
            },
            "tokenizer": tokenizer.to_str(),
            "provenance": self._provenance(documents),
        }
        return _corpus(cuts[0], facts), _corpus(recorded, facts)

    def _documents(self) -> list[Document]:
        if self.path is None:
            return python_topics()
        return read_documents(Path(self.path), self.separator)

    def _check_enough(self, documents: Sequence[Document]) -> None:
        if len(documents) < len(SPLITS):
            raise GrammarError(
                f"{self.path}: got {len(documents)} documents; must be at least {len(SPLITS)}, "
                "since training and both splits of the recording have documents of their own: set "
                "separator to what stands between the parts of the text, or give a folder of files"
            )

    def _provenance(self, documents: Sequence[Document]) -> dict[str, str]:
        here = f"pydoc_data.topics of Python {platform.python_version()}"
        return {"text": self.path or here, "text_sha256": digest(documents)}

    def _tokenizer(self, texts: Sequence[str]) -> Tokenizer:
        if isinstance(self.tokenizer, int):
            return train_tokenizer(texts, self.tokenizer)
        return load_tokenizer(Path(self.tokenizer))


def deal(
    sizes: Sequence[int], shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.intp]:
    """(document,) which split each document goes to, so that the splits fill up evenly.

    In random order, a document goes to the split that it fills the least beyond the others.

    Args:
        sizes: of the documents.
        shares: how much each split should have, in any unit.
    """
    owners = np.zeros(len(sizes), np.intp)
    filled, wanted = np.zeros(len(shares)), np.array(shares, float)
    for at in rng.permutation(len(sizes)):
        owners[at] = ((filled + sizes[at]) / wanted).argmin()
        filled[owners[at]] += sizes[at]
    return owners


def encode(at: int, text: str, tokenizer: Tokenizer, words: Sequence[str]) -> Rows:
    """The tokens of document number ``at`` and their labels."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    tokens = np.array(encoding.ids, np.int32)
    labels = label_tokens(text, encoding.offsets, words)
    return {"token": tokens, "document": np.full_like(tokens, at), **labels}


def cut(
    name: str, documents: Sequence[Rows], n: int, length: int, rng: np.random.Generator
) -> Rows:
    """``n`` excerpts of ``length`` tokens in random order, none of which overlap.

    Each document is cut into excerpts one after the other, after a random part of what it has too
    much.

    Raises:
        GrammarError: there are fewer than ``n``.
    """
    starts = []
    for at, document in enumerate(documents):
        time = len(document["token"])
        first = int(rng.integers(time % length + 1))
        starts += [(at, start) for start in range(first, time - length + 1, length)]
    if len(starts) < n:
        raise GrammarError(
            f"corpus: {name}: got {n} sequences of {length} symbols; the {len(documents)} "
            f"documents dealt to it hold {len(starts)}: ask for fewer or shorter ones, or give "
            "more text"
        )
    chosen = [starts[pick] for pick in rng.permutation(len(starts))[:n]]
    return {
        kind: np.stack([documents[at][kind][start : start + length] for at, start in chosen])
        for kind in documents[0]
    }


def _corpus(rows: Rows, facts: Mapping[str, Any]) -> Corpus:
    labels = {kind: values for kind, values in rows.items() if kind != "token"}
    return Corpus(rows["token"], labels=labels, **facts)
