"""What is generated from the models of the configuration: its schema and its reference.

python -m chunkscope.reference           write config/schema.json, docs/reference/configuration.md
python -m chunkscope.reference --check   write nothing; exit 1 if one of them is out of step
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from chunkscope.config import json_schema, schema
from chunkscope.schema import Schema, allowed, follow

ROOT = Path(__file__).resolve().parent.parent

HEAD = """\
# Configuration

Every key of a configuration file. This page and `config/schema.json` are generated from the models
that check the file (`make docs`), so they cannot differ from what it accepts. `{name}` stands for a
name of your choice, `{i}` for a place in a list. Commented examples are `config.yaml` and the files
in `config/`.
"""


class Section(NamedTuple):
    """A model of the configuration, and where it stands."""

    path: str
    choice: str
    """What chooses it among the models of a union, as ``grammar: words``; else empty."""
    model: Schema


def configuration() -> str:
    """The reference of the configuration as Markdown: a table per model, in the file's order."""
    return "\n".join([HEAD, *(_write(section) for section in _sections("", schema()))])


FILES: dict[str, Callable[[], str]] = {
    "config/schema.json": json_schema,
    "docs/reference/configuration.md": configuration,
}
"""Path below the root of the project -> what makes its content."""


def out_of_step(root: Path = ROOT) -> list[str]:
    """The generated files that are not what the models say."""
    return [
        name
        for name, make in FILES.items()
        if not (root / name).exists() or (root / name).read_text(encoding="utf-8") != make()
    ]


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(prog="python -m chunkscope.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare; write nothing")
    wrong = out_of_step()
    if parser.parse_args(arguments).check:
        for name in wrong:
            print(f"{name}: out of step with the models; run make docs", file=sys.stderr)
        return int(bool(wrong))
    for name in wrong:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(FILES[name](), encoding="utf-8")
        print(f"{name}: written")
    return 0


def _sections(path: str, here: Schema) -> Iterator[Section]:
    """The models at ``path`` and below, outermost first."""
    for section in _models(path, here):
        yield section
        for key, value in section.model["properties"].items():
            yield from _sections(f"{section.path}.{key}".lstrip("."), value)


def _models(path: str, here: Schema) -> Iterator[Section]:
    """The models that may stand at ``path``: one, one of several, or one under every name."""
    here = follow(schema(), here)
    if "discriminator" in here:
        chooser = here["discriminator"]
        for tag, reference in sorted(chooser["mapping"].items()):
            model = follow(schema(), {"$ref": reference})
            yield Section(path, f"{chooser['propertyName']}: {tag}", model)
    elif "properties" in here:
        yield Section(path, "", here)
    elif isinstance(here.get("additionalProperties"), dict):
        yield from _models(f"{path}.{{name}}", here["additionalProperties"])
    elif "items" in here:
        yield from _models(f"{path}.{{i}}", here["items"])


def _write(section: Section) -> str:
    """A heading, what the model is, and a row for every key."""
    path, choice, model = section
    title = f"`{path}`" if path else "Top level"
    title += f" with `{choice}`" if choice else ""
    required = {*model.get("required", ()), choice.split(":")[0]}
    rows = [
        _row(f"{path}.{key}".lstrip("."), value, key in required)
        for key, value in model["properties"].items()
    ]
    head = "| key | must be | default | meaning |\n|---|---|---|---|"
    return "\n".join([f"## {title}\n", f"{_text(model['description'])}\n", head, *rows, ""])


def _row(path: str, here: Schema, required: bool) -> str:
    nested = any(True for _ in _models(path, here))
    must_be = "a mapping, see below" if nested else allowed(schema(), here)
    if nested and "discriminator" not in here:
        default = "see below"
    else:  # the schema leaves out the defaults that a factory makes; those are empty mappings
        default = f"`{json.dumps(here.get('default', {}))}`"
    meaning = here.get("description") or follow(schema(), here)["description"]
    cells = (f"`{path}`", must_be, "*required*" if required else default, _text(meaning))
    return f"| {' | '.join(cells)} |"


def _text(docstring: str) -> str:
    """A docstring as Markdown; one of a single paragraph fits into a cell of a table."""
    paragraphs = docstring.replace("``", "`").replace("|", "\\|").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


if __name__ == "__main__":
    sys.exit(main())
