"""A fingerprint changes with the code that is called, and with nothing else."""

from __future__ import annotations

import os

import pytest

import chunkscope.fingerprint as module

FILES = {
    "chunkscope/__init__.py": "",
    "chunkscope/errors.py": "class Error(Exception): ...",
    "chunkscope/room/__init__.py": "from chunkscope.room.used import f",
    "chunkscope/room/used.py": "import chunkscope.errors\nimport numpy\ndef f(): ...",
    "chunkscope/room/late.py": "def g():\n    from chunkscope.room import deep",
    "chunkscope/room/deep.py": "X = 1",
    "chunkscope/room/unrelated.py": "Y = 1",
    "chunkscope/other/__init__.py": "",
    "chunkscope/other/thing.py": "Z = 1",
    "scripts/do.py": "from chunkscope.room.late import g",
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small package of the same name in a folder of its own."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """Files are read once in a process; here they change within one."""
    module._content.cache_clear()
    module._imports.cache_clear()


def fingerprint(tree, *entries: str) -> str:
    forget()
    paths = [tree / entry if entry.endswith(".py") else entry for entry in entries]
    return module.fingerprint(*(paths or [tree / "scripts/do.py"]))


@pytest.mark.parametrize(
    "edited",
    [
        "scripts/do.py",
        "chunkscope/__init__.py",  # on the way to every module
        "chunkscope/room/__init__.py",
        "chunkscope/room/late.py",
        "chunkscope/room/deep.py",  # imported inside a function
        "chunkscope/room/used.py",  # imported by the package on the way
        "chunkscope/errors.py",  # imported by that one in turn
    ],
)
def test_an_edit_of_what_is_imported_changes_it(tree, edited):
    before = fingerprint(tree)
    with (tree / edited).open("a") as file:
        file.write("\n# edited")
    assert fingerprint(tree) != before


@pytest.mark.parametrize("edited", ["room/unrelated.py", "other/thing.py", "other/__init__.py"])
def test_an_edit_of_what_is_not_imported_does_not(tree, edited):
    before = fingerprint(tree)
    (tree / "chunkscope" / edited).write_text("W = 2")
    assert fingerprint(tree) == before


def test_a_touch_does_not(tree):
    before = fingerprint(tree)
    for name in FILES:
        os.utime(tree / name, (1, 1))
    assert fingerprint(tree) == before


def test_a_move_of_the_whole_does_not(tree, tmp_path_factory, monkeypatch):
    before = fingerprint(tree)
    elsewhere = tmp_path_factory.mktemp("clone") / "repository"
    tree.rename(elsewhere)
    monkeypatch.setattr(module, "ROOT", elsewhere)
    assert fingerprint(elsewhere) == before
    elsewhere.rename(tree)


def test_swapping_the_contents_of_two_modules_changes_it(tree):
    (tree / "scripts/do.py").write_text("import chunkscope.room.deep, chunkscope.other.thing")
    before = fingerprint(tree)
    first, second = tree / "chunkscope/room/deep.py", tree / "chunkscope/other/thing.py"
    one, other = first.read_text(), second.read_text()
    first.write_text(other)
    second.write_text(one)
    assert fingerprint(tree) != before


def test_modules_are_named_and_several_entries_are_one_closure(tree):
    by_name = fingerprint(tree, "chunkscope.other.thing")
    assert by_name == fingerprint(tree, "chunkscope/other/thing.py")
    both = fingerprint(tree, "scripts/do.py", "chunkscope.other.thing")
    assert both == fingerprint(tree, "chunkscope.other.thing", "scripts/do.py")
    assert both not in (by_name, fingerprint(tree))


def test_files_that_are_no_code_count_by_their_bytes(tree):
    (tree / "page.html").write_text("<p>")
    before = module.fingerprint(tree / "page.html")
    forget()
    (tree / "page.html").write_text("<b>")
    assert module.fingerprint(tree / "page.html") != before


def test_an_entry_that_does_not_exist_is_refused(tree):
    with pytest.raises(FileNotFoundError, match="neither a file nor a module"):
        fingerprint(tree, "chunkscope.rom.late")


def test_a_relative_import_is_refused_rather_than_missed(tree):
    (tree / "chunkscope/room/late.py").write_text("from .deep import X")
    with pytest.raises(ValueError, match=r"late\.py, line 1: relative import"):
        fingerprint(tree)


def test_the_scripts_of_this_repository_have_fingerprints():
    scripts = sorted((module.ROOT / "scripts").glob("*.py"))
    found = {script: module.fingerprint(script) for script in scripts}
    assert len(set(found.values())) == len(scripts) > 0
    assert all(len(value) == 16 and int(value, 16) >= 0 for value in found.values())
