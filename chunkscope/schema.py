"""The schema of the configuration in words: what a location names, and what is allowed there.

Errors and the reference both speak through :func:`allowed`, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Location = tuple[int | str, ...]

KEY = "[key]"
"""The last part of a location that means the key itself, not its value."""


def locate(root: Schema, location: Location) -> tuple[list[str], Schema]:
    """The keys of the file that pydantic's ``location`` names, and the schema of what is there.

    A location also holds the tags of unions (``source.words.vocabulary``), which no file has.
    """
    keys: list[str] = []
    here = above = follow(root, root)
    for part in location:
        tags = here.get("discriminator", {}).get("mapping", {})
        if part in tags:
            here = {"$ref": tags[part]}
        elif part == KEY:
            here = {"type": "string", **above.get("propertyNames", {})}
        elif "anyOf" not in here:
            keys.append(str(part))
            above, here = here, _child(here, part)
        here = follow(root, here)
    return keys, here


def follow(root: Schema, here: Schema) -> Schema:
    """The schema that references lead to; one that may also be null counts as not null."""
    options = [option for option in here.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) == 1:
        return follow(root, options[0])
    if "$ref" in here:
        return follow(root, root["$defs"][here["$ref"].rsplit("/", 1)[1]])
    return here


def allowed(root: Schema, here: Schema) -> str:
    """What may stand at ``here``, to follow the words "must be"."""
    if "anyOf" in here:
        return ", or ".join(allowed(root, option) for option in here["anyOf"])
    here = follow(root, here)
    if "discriminator" in here:
        key, tags = here["discriminator"]["propertyName"], here["discriminator"]["mapping"]
        return f"a mapping whose {key} is {one_of(sorted(tags))}"
    if "const" in here or "enum" in here:
        return one_of(here.get("enum", [here.get("const")]))
    return _KINDS[here["type"]](root, here)


def one_of(names: Iterable[object]) -> str:
    """``"one of a, b, c"``, or the name itself if there is only one."""
    known = [str(name) for name in names]
    return known[0] if len(known) == 1 else f"one of {', '.join(known)}"


def _child(here: Schema, part: int | str) -> Schema:
    child = here.get("properties", {}).get(part) or here.get("additionalProperties")
    return child or _each(here)


def _each(here: Schema) -> Schema:
    """What each entry of a list is; those of a tuple, all of one kind, have a schema apiece."""
    return here.get("items") or next(iter(here.get("prefixItems", ())), {})


def _number(root: Schema, here: Schema) -> str:
    kind = "a whole number" if here["type"] == "integer" else "a number"
    if "minimum" in here and "maximum" in here:
        return f"{kind} from {here['minimum']:g} to {here['maximum']:g}"
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    limits = [f"{word} {here[key]:g}" for key, word in words.items() if key in here]
    return " ".join([kind, " and ".join(limits)]).strip()


def _list(root: Schema, here: Schema) -> str:
    least, most = here.get("minItems"), here.get("maxItems")
    number = f" of at least {least}" if least is not None else ""
    if least is not None and least == most:
        number = f" of {least}"
    return f"a list{number}, each {allowed(root, _each(here))}"


def _mapping(root: Schema, here: Schema) -> str:
    if "properties" in here:
        return f"a mapping of {', '.join(here['properties'])}"
    least = f" of at least {here['minProperties']}" if "minProperties" in here else ""
    return f"a mapping{least}, each value {allowed(root, here['additionalProperties'])}"


def _text(root: Schema, here: Schema) -> str:
    if here.get("maxLength") == here.get("minLength") == 1:
        return "one character"
    return "text that is not empty" if here.get("minLength") else "text"


_KINDS = {
    "array": _list,
    "boolean": lambda root, here: "true or false",
    "integer": _number,
    "null": lambda root, here: "null",
    "number": _number,
    "object": _mapping,
    "string": _text,
}
