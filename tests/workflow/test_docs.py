"""The documentation is true: its code runs, its configurations are judged so, its links lead.

In a page's code blocks the word after the language says what is meant: ``python wrong`` must raise
an error and ``yaml wrong`` must be refused, with the message that the page quotes; all others must
be right. Blocks called ``text`` are only to be read.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from chunkscope.config import check
from chunkscope.errors import ChunkscopeError, ConfigError

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OUTPUTS = ROOT / "docs/reference/outputs.md"
RULES = "".join(
    path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")) if path.stem != "common"
)
BLOCK = re.compile(r"^```(\w+) ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix()
)


class Block(NamedTuple):
    """A block of code of a page."""

    language: str
    verdict: str
    text: str


def blocks(page: Path, *languages: str) -> list[Block]:
    """The page's blocks in one of the languages."""
    found = [Block(*match) for match in BLOCK.findall(page.read_text())]
    return [block for block in found if block.language in languages]


def quoted(page: Path) -> str:
    """What the page quotes of messages."""
    return "".join(block.text for block in blocks(page, "text"))


@every_page
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for block in blocks(page, "python"):
        code = compile(block.text, f"{page.name}: {block.text[:40]!r}", "exec")
        if block.verdict == "wrong":
            with pytest.raises(ChunkscopeError) as caught:
                exec(code, namespace)
            assert str(caught.value) in quoted(page)
        else:
            exec(code, namespace)


@every_page
def test_configurations_are_judged_as_the_page_says(page: Path) -> None:
    for block in blocks(page, "yaml"):
        raw = yaml.safe_load(block.text)
        if block.verdict == "wrong":
            with pytest.raises(ConfigError) as caught:
                check(raw, "config.yaml")
            assert str(caught.value) in quoted(page)
        else:
            check(raw)


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(BLOCK.sub("", page.read_text())):
        path, _, heading = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if heading:
            assert heading in headings(target), link


def headings(page: Path) -> set[str]:
    """What links to the headings of a page are called."""
    titles = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every shell command of a page."""
    for block in blocks(page, "bash", "console"):
        for line in block.text.splitlines():
            for command in line.removeprefix("$ ").split("&&"):
                yield shlex.split(command, comments=True)


@pytest.fixture(scope="module")
def options() -> set[str]:
    """The options that Snakemake has."""
    command = [sys.executable, "-m", "snakemake", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"--[a-z][a-z-]*", said))


@every_page
def test_commands_name_what_exists(page: Path, options: set[str]) -> None:
    for words in filter(None, commands(page)):
        if words[0] == "make":
            assert set(words[1:]) <= targets(), words
        elif words[0] == "snakemake":
            check_snakemake(words[1:], page, options)
        elif words[0] == "python" and words[1:2] == ["-m"]:
            assert importlib.util.find_spec(words[2]), words


def targets() -> set[str]:
    """What `make` can make."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def is_made(target: str) -> bool:
    """Whether a rule makes a file of this name, whatever its wildcards are."""
    for pattern in re.findall(r'"(results/[^"]+\.\w+)"', RULES):
        parts = re.split(r"\{[^}]*\}", pattern)
        if re.fullmatch("[^/]*".join(map(re.escape, parts)), target):
            return True
    return False


def check_snakemake(words: list[str], page: Path, options: set[str]) -> None:
    """Options are Snakemake's, files are there (or shown on the page), the rest are targets."""
    option = ""
    for word in words:
        if word.startswith("-"):
            option = word
            assert word in options, word
        elif option in ("--configfile", "--workflow-profile"):  # takes all words that follow it
            assert (ROOT / word).exists() or f"`{word}`" in page.read_text(), word
        elif option not in ("--cores", "--report"):
            assert is_made(word) or re.search(rf"^rule {word}:", RULES, re.MULTILINE), word


@every_page
def test_files_that_pages_name_exist(page: Path) -> None:
    """Results that some rule makes, and modules of the package."""
    for name in re.findall(r"`([^`\s]+\.\w+)`", BLOCK.sub("", page.read_text())):
        if name.startswith("results/"):
            assert is_made(name), name
        elif name.endswith(".py"):
            assert list((ROOT / "chunkscope").rglob(name.removeprefix("chunkscope/"))), name


def tables() -> set[str]:
    """Names of the tables and arrays that rules make, but for the numbers of figures."""
    made = re.findall(r'="results/(\w+)/[^"]*?([\w-]+\.(?:csv|npz))"', RULES)
    return {name for folder, name in made if folder != "figures"}


def test_every_table_is_described() -> None:
    page = OUTPUTS.read_text()
    assert len(tables()) > 30
    assert {name for name in tables() if f"{name}`" not in page} == set()


def test_every_figure_is_named() -> None:
    figures = set(
        re.findall(
            r'"results/figures/(?:chunks|probing|inversion|dynamics|neurons)-([\w-]+)\.pdf"', RULES
        )
    )
    assert len(figures) > 25
    assert {name for name in figures if f"`{name}`" not in OUTPUTS.read_text()} == set()


def test_every_guide_is_in_the_readme() -> None:
    guides = {f"docs/how-to/{path.name}" for path in (ROOT / "docs/how-to").glob("*.md")}
    assert guides <= set(LINK.findall((ROOT / "README.md").read_text()))


def test_the_tutorial_is_short() -> None:
    code = "".join(block.text for block in blocks(ROOT / "docs/tutorial.md", "python"))
    assert 15 < len([line for line in code.splitlines() if line.strip()]) < 30


def test_every_error_page_is_in_the_index() -> None:
    pages = {path.name for path in (ROOT / "docs/errors").glob("*.md")} - {"README.md"}
    assert pages == set(LINK.findall((ROOT / "docs/errors/README.md").read_text()))


def test_the_slurm_profile_repeats_the_default_one() -> None:
    """Snakemake reads one workflow profile alone; cores and GPUs are the cluster's matter."""
    default, slurm = (
        yaml.safe_load((ROOT / f"profiles/{name}/profile.yaml").read_text())
        for name in ("default", "slurm")
    )
    for key in default.keys() - {"cores", "resources", "show-failed-logs"}:
        assert slurm[key] == default[key], key


@every_page
def test_no_page_names_a_machine(page: Path) -> None:
    assert not re.search(r"/(work|tmp|root|home)/", page.read_text().replace("~/", ""))
