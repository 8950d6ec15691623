"""Symbols of text: byte pairs merged by how often they occur, or a tokenizer made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from chunkscope.errors import GrammarError

__all__ = ["Tokenizer", "decode", "load_tokenizer", "symbols_of", "train_tokenizer"]


def train_tokenizer(texts: Sequence[str], size: int) -> Tokenizer:
    """A byte-level BPE tokenizer of ``size`` symbols (Sennrich et al., arXiv 1508.07909).

    The 256 bytes are symbols, so that any text can be written; words are told apart as GPT-2
    does, a space before a word being part of it.

    Raises:
        GrammarError: the texts have no more pairs to merge, so that there are fewer symbols.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    bytes_first = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=sorted(bytes_first), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    if (most := tokenizer.get_vocab_size()) < size:
        raise GrammarError(
            f"source.tokenizer: got {size} symbols; the {sum(map(len, texts)):,} characters of the "
            f"training documents have pairs for {most}: ask for at most as many, or give more text"
        )
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a Hugging Face directory.

    Raises:
        GrammarError: the folder has no ``tokenizer.json``, or it cannot be read.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise GrammarError(
            f"{folder}: has no tokenizer.json; save the tokenizer there with save_pretrained, or "
            "give a number of symbols to train one of that size"
        )
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more special
        raise GrammarError(f"{path}: not a tokenizer ({error}); save it again") from None


def symbols_of(tokenizer: Tokenizer) -> tuple[str, ...]:
    """The tokenizer's own names of its symbols, in which Ġ stands for a space and Ċ for a newline.

    Numbers that it leaves out are named after themselves.
    """
    size = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
    names = (tokenizer.id_to_token(token) for token in range(size))
    return tuple(name or f"<unused {token}>" for token, name in enumerate(names))


def decode(tokens: Sequence[int], tokenizer: str) -> str:
    """The text of ``tokens``, by a tokenizer written as JSON."""
    return str(_parsed(tokenizer).decode(tokens, skip_special_tokens=False))


@lru_cache(maxsize=1)
def _parsed(tokenizer: str) -> Tokenizer:
    return Tokenizer.from_str(tokenizer)
