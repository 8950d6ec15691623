"""Symbols as a person reads them: what tokenizers write for bytes and spaces."""

import pytest
from tokenizers import pre_tokenizers

from chunkscope.neurons.symbols import readable


@pytest.mark.parametrize("text", [" the", "\n    ", "über", " 日本", "a\tb", "œuvre — 3 €"])
def test_bytes_are_read_as_the_text_that_they_are_of(text):
    (written, _), *others = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False
    ).pre_tokenize_str(text)
    assert not others
    assert readable(written) == text
    assert readable(readable(written)) == text


def test_symbols_that_stand_for_no_bytes_stay_as_they_are():
    for symbol in ("A", "12", "é", "日本", "<unk>", "\u00c3"):  # the last: half of a character
        assert readable(symbol) == symbol
    assert readable("\u2581été") == " été"  # as sentencepiece writes it
