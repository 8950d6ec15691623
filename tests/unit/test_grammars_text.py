"""Text: exact labels, documents that stay apart, and one sentence for what cannot be read."""

from __future__ import annotations

import hashlib
import pydoc
import re
from collections.abc import Callable
from doctest import DocTestParser
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chunkscope.errors import GrammarError
from chunkscope.grammars import Corpus, GrammarSettings, Source, Text, Words
from chunkscope.grammars.documents import digest, python_topics, read_documents
from chunkscope.grammars.text import SPLITS, deal, encode
from chunkscope.grammars.text_labels import CLASSES, DOCTEST, common_words, label_tokens
from chunkscope.grammars.tokenisation import decode, load_tokenizer, symbols_of, train_tokenizer
from chunkscope.randomness import stream

SMALL = ((60, 64), (20, 20, 32))
TEXT = 'The cat\'s  naïve "HAT" is 42.\n\n  If x_1 == 3b: Über漢字 McX\t…\nthe_end the'


def draw(source: Source, seed: int = 0) -> tuple[Corpus, Corpus]:
    return source.split(partial(stream, seed, "corpus", "text"), *SMALL)


def write_folder(folder: Path, documents: int = 30) -> Path:
    rng = np.random.default_rng(0)
    words = ["alpha", "beta", "Gamma", "DELTA", "the", "of", "42", "(x)", "\n"]
    for at in range(documents):
        path = folder / f"{at % 3}" / f"{at:02}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"<{at}> " + " ".join(rng.choice(words, 600)))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def corpora(folder: Path) -> tuple[Corpus, Corpus]:
    return draw(Text(path=str(folder), tokenizer=262, words=4))


def naive_labels(text: str, spans: list[tuple[int, int]], words: list[str]) -> list[dict[str, int]]:
    """Token by token, from the definitions."""
    found = [(m.start(), m.end(), m[0].casefold()) for m in re.finditer(r"\w+", text)]
    rows: list[dict[str, int]] = []
    last, begun = None, 0
    for at, (start, end) in enumerate(spans):
        covered = [word for word in found if word[0] < end and word[1] > start]
        here = covered[0] if covered else None
        if here != last and here is not None:
            begun = at
        number = len(words) + 1
        if here is not None:
            number = words.index(here[2]) if here[2] in words else len(words)
        line = text[text.rfind("\n", 0, start) + 1 : start]
        opens = "".join(line.split()) == "" and "\n" not in text[start:end].strip(" \t")
        rows.append(
            {
                "word": number,
                "position": at - begun if here else -1,
                "boundary": int(here is not None and here != last),
                "line_start": int(opens and text[start:end].strip() != ""),
            }
        )
        last = here
    return rows


def test_labels_of_every_token_are_those_of_the_definitions() -> None:
    words = ["the", "x_1"]
    tokenizer = train_tokenizer([TEXT], 270)
    spans = tokenizer.encode(TEXT).offsets
    assert len(spans) > 40
    labels = label_tokens(TEXT, spans, words)
    split = [at for at in range(1, len(spans)) if spans[at] == spans[at - 1]]  # bytes of one letter
    for at, row in enumerate(naive_labels(TEXT, spans, words)):
        for kind, value in row.items():
            if at not in split or kind != "line_start":
                assert labels[kind][at] == value, (kind, at, TEXT[slice(*spans[at])])


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (" the", "lower"),
        ("The", "capitalised"),
        ("I", "upper"),
        ("HAT", "upper"),
        ("McX", "mixed"),
        ("漢字", "uncased"),
        ("42", "digit"),
        ("3b", "mixed"),
        ("==", "punctuation"),
        ("_", "punctuation"),
        ("x_1", "mixed"),
        ("  ", "space"),
        ("\n  ", "newline"),
        ("é", "lower"),
    ],
)
def test_the_class_of_a_token_is_that_of_its_characters(piece: str, kind: str) -> None:
    labels = label_tokens(piece, [(0, len(piece))], [])
    assert CLASSES[labels["character_class"][0]] == kind


def test_common_words_are_counted_without_case_and_ties_go_by_the_alphabet() -> None:
    assert common_words(["b A c", "B a, a d"], 3) == ("a", "b", "c")
    assert common_words(["one"], 9) == ("one",)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_written_in_bytes_and_read_back(text: str) -> None:
    tokenizer = train_tokenizer(["some text about some text"], 260)
    rows = encode(5, text, tokenizer, ["some"])
    assert decode(rows["token"].tolist(), tokenizer.to_str()) == text
    assert {len(values) for values in rows.values()} == {len(rows["token"])}
    assert (rows["document"] == 5).all()


def test_a_tokenizer_has_the_size_that_was_asked_and_the_same_bytes_each_time() -> None:
    texts = [document.text for document in python_topics()][:10]
    one, two = (train_tokenizer(texts, 400) for _ in range(2))
    assert one.to_str() == two.to_str()
    symbols = symbols_of(one)
    assert len(symbols) == len(set(symbols)) == 400


def test_sequences_are_excerpts_of_documents_that_never_overlap(
    corpora: tuple[Corpus, Corpus], folder: Path
) -> None:
    training, recording = corpora
    assert training.tokens.shape == SMALL[0]
    assert recording.tokens.shape == (40, 32)
    names = training.names["document"]
    texts = {name: (folder / name).read_text() for name in names}
    seen: dict[str, list[tuple[int, int]]] = {}
    for corpus in corpora:
        for sequence, documents in enumerate(corpus.labels["document"]):
            assert len(set(documents)) == 1
            excerpt, text = corpus.text(sequence), texts[names[documents[0]]]
            assert text.count(excerpt) == 1
            start = text.index(excerpt)
            seen.setdefault(names[documents[0]], []).append((start, start + len(excerpt)))
    for places in seen.values():
        places.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(places))


def test_documents_stay_in_one_split(corpora: tuple[Corpus, Corpus]) -> None:
    training, recording = corpora
    owners = [
        set(training.labels["document"].flat),
        set(recording.labels["document"][:20].flat),
        set(recording.labels["document"][20:].flat),
    ]
    assert all(owners)
    assert sum(map(len, owners)) == len(set.union(*owners))


def test_labels_of_an_excerpt_are_those_of_its_place_in_the_document(
    corpora: tuple[Corpus, Corpus],
) -> None:
    """A word that an excerpt cuts in two keeps its id, and its position goes on."""
    training, _ = corpora
    labels = training.labels
    assert set(labels) == {
        "document", "word", "position", "boundary", "character_class", "line_start", "doctest",
        "production", "topic",
    }  # fmt: skip
    first = labels["position"][:, 0]
    assert (first > 0).any()
    assert ((labels["position"] == 0) == (labels["boundary"] == 1)).all()
    outside = training.names["word"].index("(none)")
    assert ((labels["word"] == outside) == (labels["position"] == -1)).all()
    for kind, names in training.names.items():
        assert labels[kind].min() >= 0
        assert labels[kind].max() < len(names)


EXAMPLES = """Say:

   >>> for x in (1, 2):
   ...     x
   ...
   1
>>>
>>> y
    ... too deep
>>>tight
... alone
   expr   ::= term
            | expr "+" term

            | far
   term ::= NUMBER
   after
In prose ::= too, and "::=" here
last ::="""


def naive_blocks(text: str) -> list[str]:
    """Character by character, from the definitions: doctest, production or none of them."""
    kinds: list[str] = []
    block, margin = "", 0
    for line in text.splitlines(keepends=True):
        first, second, *_ = [*line.split(), "", ""]
        depth = len(line) - len(line.lstrip())
        opens = "doctest" if first == ">>>" else "production" if second == "::=" else ""
        goes_on = (block == "doctest" and first == "..." and depth == margin) or (
            block == "production" and first and depth > margin
        )
        if opens:
            block, margin = opens, depth
            kinds += [""] * depth + [block] * (len(line) - depth)
        else:
            block = block if goes_on else ""
            kinds += [block] * len(line)
    return kinds


def test_doctests_and_productions_are_those_of_the_definitions() -> None:
    kinds = naive_blocks(EXAMPLES)
    assert kinds.count("doctest") > 30
    assert kinds.count("production") > 50
    characters = label_tokens(EXAMPLES, [(at, at + 1) for at in range(len(EXAMPLES))], [])
    for kind in ("doctest", "production"):
        assert characters[kind].tolist() == [int(here == kind) for here in kinds]
    tokenizer = train_tokenizer([EXAMPLES], 300)
    spans = tokenizer.encode(EXAMPLES).offsets
    tokens = label_tokens(EXAMPLES, spans, [])
    for at, (start, end) in enumerate(spans):
        piece = EXAMPLES[start:end]
        first = start + next((i for i, c in enumerate(piece) if not c.isspace()), 0)
        assert tokens["doctest"][at] == (kinds[first] == "doctest")
        assert tokens["production"][at] == (kinds[first] == "production")


def test_doctests_of_the_help_are_those_that_doctest_finds() -> None:
    """Python's own reader gives sources without prompts, and leaves out those that do nothing."""
    count = 0
    for document in python_topics():
        theirs = [e.source.split() for e in DocTestParser().get_examples(document.text)]
        found = [match[0].splitlines() for match in DOCTEST.finditer(document.text)]
        ours = ["\n".join(line.strip()[4:] for line in lines) for lines in found]
        does_nothing = re.compile(r"\s*(#.*)?")
        assert [s.split() for s in ours if not does_nothing.fullmatch(s)] == theirs
        count += len(theirs)
    assert count > 100


def test_a_topic_is_what_leads_to_a_page_of_the_help() -> None:
    """Python changes its pages: what is true of all of them, and a few that have always stood."""
    topics = {document.name: document.topic for document in python_topics()}
    for name in ("for", "while", "try", "booleans"):  # help("and") shows the last
        assert topics[name] == "keyword"
    for name in ("power", "slicings", "strings"):  # help("**"), help("..."), help("'")
        assert topics[name] == "symbol"
    for name in ("execmodel", "naming", "debugger"):
        assert topics[name] == "subject"
    pages = {name for name in pydoc.Helper.keywords if name in topics}
    assert {topics[name] for name in pages} == {"keyword"}


def test_a_topic_of_files_is_their_folder_and_one_alone_is_none(
    corpora: tuple[Corpus, Corpus], folder: Path, tmp_path: Path
) -> None:
    for corpus in corpora:
        assert corpus.names["topic"] == ("0", "1", "2")
        documents = np.array(corpus.names["document"])[corpus.labels["document"]]
        topics = np.array(corpus.names["topic"])[corpus.labels["topic"]]
        np.testing.assert_array_equal(np.strings.partition(documents, "/")[0], topics)
    for at, path in enumerate(sorted(folder.rglob("*.txt"))):
        (tmp_path / f"{at}.txt").write_text(path.read_text())
    flat, _ = draw(Text(path=str(tmp_path), tokenizer=262))
    assert "topic" not in flat.labels
    assert "topic" not in flat.names


def test_a_text_has_no_true_distribution_and_says_where_it_comes_from(
    corpora: tuple[Corpus, Corpus], folder: Path, tmp_path: Path
) -> None:
    training, recording = corpora
    assert not training.parsed
    assert training.next_distribution is None
    assert np.isnan(training.bayes_loss)
    assert np.isnan(training.bayes_accuracy)
    assert training.provenance == recording.provenance
    whole = hashlib.sha256()
    for name in training.names["document"]:
        whole.update(f"{name}\0{(folder / name).read_text()}\0".encode())
    assert training.provenance == {"text": str(folder), "text_sha256": whole.hexdigest()}
    training.save(tmp_path / "training.npz")
    loaded = Corpus.load(tmp_path / "training.npz")
    loaded.save(tmp_path / "again.npz")
    assert (tmp_path / "training.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    assert loaded.text(3) == training.text(3)
    assert loaded.tokens.dtype == np.int32
    assert (loaded.provenance, loaded.next_distribution) == (training.provenance, None)


def test_equal_seeds_draw_alike_and_others_do_not(folder: Path) -> None:
    text = Text(path=str(folder), tokenizer=300)
    one, two, other = draw(text), draw(text), draw(text, seed=1)
    np.testing.assert_array_equal(one[0].tokens, two[0].tokens)
    np.testing.assert_array_equal(one[1].tokens, two[1].tokens)
    assert set(one[0].labels["document"].flat) != set(other[0].labels["document"].flat)


def test_the_tokenizer_is_trained_on_the_training_documents_alone(folder: Path) -> None:
    """What only other documents hold gets no symbol of its own."""
    training, recording = draw(Text(path=str(folder), tokenizer=300))
    texts = [
        folder / recording.names["document"][at] for at in set(recording.labels["document"].flat)
    ]
    changed = Path(folder.parent) / "changed"
    for name in training.names["document"]:
        path = changed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        held_out = folder / name in texts
        text = (folder / name).read_text()
        path.write_text(text.replace("alpha", "aaaaa") if held_out else text)
    again, _ = draw(Text(path=str(changed), tokenizer=300))
    assert again.tokenizer == training.tokenizer
    np.testing.assert_array_equal(again.tokens, training.tokens)


def test_a_file_is_cut_at_its_separator(tmp_path: Path) -> None:
    path = tmp_path / "all.txt"
    path.write_bytes("\ufeffone\r\none\n\n\n\ntwo\n\n\n\n\n\nthree\n".encode())
    assert [d.text for d in read_documents(path, "\n\n\n")] == ["one\none", "two", "three"]
    assert [d.name for d in read_documents(path, "\n\n\n")] == [
        "all.txt:0",
        "all.txt:1",
        "all.txt:2",
    ]
    assert len(read_documents(path, "***")) == 1


def test_a_folder_is_read_in_the_order_of_names_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/.hidden", ".git/config", "empty.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("" if "empty" in name else name)
    assert [d.name for d in read_documents(tmp_path, "\n")] == ["a/z.txt", "b.txt"]


def test_the_digest_knows_names_texts_and_where_they_part(tmp_path: Path) -> None:
    topics = python_topics()
    assert digest(topics) == digest(python_topics())
    assert digest(topics) != digest(topics[1:])
    assert len(topics) > 50


@pytest.mark.parametrize("shares", [(6, 2, 2), (100, 1, 1), (1, 1, 1)])
def test_documents_are_dealt_in_proportion(shares: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 10, 900)
    owners = deal(sizes.tolist(), shares, rng)
    dealt = np.bincount(owners, sizes, 3) / sizes.sum()
    np.testing.assert_allclose(dealt, np.array(shares) / sum(shares), atol=0.002)


def test_three_documents_are_enough_for_equal_shares() -> None:
    assert sorted(deal([5, 5, 5], [1, 1, 1], np.random.default_rng(0))) == [0, 1, 2]


def test_a_saved_tokenizer_is_taken_as_it_is(folder: Path, tmp_path: Path) -> None:
    train_tokenizer(["one text", "another text"], 268).save(str(tmp_path / "tokenizer.json"))
    training, _ = draw(Text(path=str(folder), tokenizer=str(tmp_path)))
    assert training.tokenizer == load_tokenizer(tmp_path).to_str()
    assert (
        Text(path=str(folder), tokenizer=str(tmp_path)).files()[-1] == tmp_path / "tokenizer.json"
    )


def test_files_are_those_that_the_corpus_depends_on(folder: Path) -> None:
    assert Text().files() == Words(vocabulary={"AB": 1}).files() == []
    assert len(Text(path=str(folder)).files()) == 30
    assert Text(path=str(folder / "missing"), tokenizer="missing").files() == []


def test_a_grammar_still_draws_two_samples_of_the_same_streams() -> None:
    words = Words(vocabulary={"AB": 0.5, "CD": 0.5})
    training, recording = draw(words)
    first = words.sample(stream(0, "corpus", "text", "training"), *SMALL[0])
    second = words.sample(stream(0, "corpus", "text", "recording"), 40, 32)
    np.testing.assert_array_equal(training.tokens, first.tokens)
    np.testing.assert_array_equal(recording.tokens, second.tokens)
    assert training.parsed


def write_latin(path: Path) -> None:
    path.write_bytes("na\u00efve".encode("latin-1"))


def write_blank(path: Path) -> None:
    path.write_text(" \n\n")


def write_whole(path: Path) -> None:
    path.write_text("one text without a gap, " * 1000)


def write_little(path: Path) -> None:
    path.write_text("a little text\n\n\nand more\n\n\nand more")


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda path: None, "text.txt: no such file or directory; give a UTF-8 file"),
        (write_latin, "text.txt: byte 0xef at offset 2 is not UTF-8; save the file as UTF-8"),
        (write_blank, "text.txt: holds no text"),
        (Path.mkdir, "text.txt: holds no text"),
        (write_whole, "text.txt: got 1 documents; must be at least 3, .* set separator to what"),
        (write_little, "source.tokenizer: got 512 symbols; the .. characters .* pairs for 2"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(
    write: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    write(tmp_path / "text.txt")
    with pytest.raises(GrammarError, match=sentence):
        draw(Text(path=str(tmp_path / "text.txt")))


def test_a_text_that_holds_too_few_sequences_is_refused(tmp_path: Path) -> None:
    write_little(tmp_path / "text.txt")
    with pytest.raises(GrammarError, match=f"{SPLITS[0]}: got 60 sequences of 64 symbols; the . "):
        draw(Text(path=str(tmp_path / "text.txt"), tokenizer=260))


def test_a_tokenizer_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GrammarError, match=r"has no tokenizer\.json; save the tokenizer there"):
        draw(Text(tokenizer=str(tmp_path)))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(GrammarError, match=r"tokenizer.json: not a tokenizer"):
        draw(Text(tokenizer=str(tmp_path)))


def test_settings_survive_their_way_and_wrong_ones_are_refused() -> None:
    adapter: TypeAdapter[Source] = TypeAdapter(GrammarSettings)
    for given_settings in ({"grammar": "text"}, {"grammar": "text", "tokenizer": "folder"}):
        source = adapter.validate_python(given_settings)
        assert adapter.validate_json(source.model_dump_json()) == source
    with pytest.raises(ValidationError, match="greater than or equal to 257"):
        adapter.validate_python({"grammar": "text", "tokenizer": 100})
    with pytest.raises(ValidationError, match="at least 1 character"):
        adapter.validate_python({"grammar": "text", "path": ""})
