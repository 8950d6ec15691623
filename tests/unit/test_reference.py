"""The generated reference: in step with the models, and whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chunkscope.config import check, resolved
from chunkscope.reference import FILES, ROOT, configuration, main, out_of_step


def test_the_generated_files_are_in_step() -> None:
    assert out_of_step() == [], "run make docs"


def test_a_file_that_is_missing_or_altered_is_named(tmp_path: Path) -> None:
    assert out_of_step(tmp_path) == list(FILES)
    for name, make in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(make())
    assert out_of_step(tmp_path) == []
    altered = tmp_path / "config/schema.json"
    altered.write_text(altered.read_text().replace("65536", "65535"))
    assert out_of_step(tmp_path) == ["config/schema.json"]


def test_check_says_yes_by_its_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")


def test_every_key_of_a_resolved_configuration_is_in_the_reference() -> None:
    page = configuration()
    run = {"corpus": "c", "network": {"architecture": "gru", "hidden": 8}}
    config = check(
        {
            "corpora": {"c": {"source": {"grammar": "words", "vocabulary": {"AB": 1.0}}}},
            "runs": {"r": run},
        }
    )
    names = {"c", "r", "AB", *config.probing.superposition.codes.codes, *config.inversion.sites}
    names |= {*config.neurons.protocols, *config.neurons.explainers}
    for line in resolved(config).splitlines():
        key = line.strip().partition(":")[0]
        if not key.startswith("-") and key not in names:
            assert re.search(rf"^\| `(\S+\.)?{key}` \|", page, re.MULTILINE), key


def test_every_row_has_four_cells_and_a_meaning() -> None:
    rows = [line for line in configuration().splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    for row in rows:
        cells = re.split(r"(?<!\\)\|", row)[1:-1]
        assert len(cells) == 4, row
        assert all(cell.strip() for cell in cells), row


def test_the_examples_point_editors_to_the_schema() -> None:
    for path in (ROOT / "config.yaml", *(ROOT / "config").glob("*.yaml")):
        schema = re.search(r"\$schema=(\S+)", path.read_text())
        assert schema, path
        assert (path.parent / schema[1]).samefile(ROOT / "config" / "schema.json")
