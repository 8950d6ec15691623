"""Reads the files of a report, and says in one sentence which of them is not what it should be."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from chunkscope.errors import ChunkscopeError

PNG = b"\x89PNG\r\n\x1a\n"
PNG_SIZE = slice(16, 24)  # width and height stand in the header chunk, which comes first
REMEDY = "delete the file and run snakemake again to make it anew"


class ReportError(ChunkscopeError):
    """A file that the report shows is missing or does not hold what it should."""


@dataclass(frozen=True)
class Image:
    """A PNG as a page holds it: base64 text, with its size in pixels."""

    data: str
    width: int
    height: int


@dataclass(frozen=True)
class Timing:
    """What one job took; NaN where it was not measured.

    Attributes:
        wall_s, cpu_s: seconds.
        memory_mb: largest resident set (megabytes).
    """

    job: str
    wall_s: float
    cpu_s: float
    memory_mb: float


def read_table(path: Path, columns: Sequence[str], text: Sequence[str] = ()) -> pd.DataFrame:
    """A CSV file with at least these columns; those in ``text`` stay as they were written.

    Raises:
        ReportError: the file is missing, empty, or lacks a column.
    """
    try:
        # a chunk spelled "NA" or "nan" is text: only an empty field is a missing number
        table = pd.read_csv(
            path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(text, str)
        )
    except FileNotFoundError:
        raise ReportError(f"{path}: there is no such file; run snakemake to make it") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: not a table ({error}); {REMEDY}") from None
    for column in columns:
        if column not in table:
            has = ", ".join(map(str, table.columns))
            raise ReportError(f"{path}: column {column!r} is missing; it has {has}; {REMEDY}")
    return table


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by column name."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def read_image(path: Path) -> Image:
    """A PNG file.

    Raises:
        ReportError: the file is missing or no PNG.
    """
    content = _bytes(path)
    if not content.startswith(PNG) or len(content) < PNG_SIZE.stop:
        raise ReportError(f"{path}: not a PNG image; {REMEDY}")
    width, height = struct.unpack(">II", content[PNG_SIZE])
    return Image(base64.b64encode(content).decode("ascii"), width, height)


def read_text(path: Path) -> str:
    """A text file, its lines joined to one paragraph.

    Raises:
        ReportError: the file is missing.
    """
    return " ".join(_bytes(path).decode("utf-8").split())


def read_config(path: Path) -> tuple[str, dict[str, Any]]:
    """A YAML mapping: as it was written, and as data.

    Raises:
        ReportError: the file is missing or no YAML mapping.
    """
    text = _bytes(path).decode("utf-8")
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ReportError(f"{path}: not YAML ({' '.join(str(error).split())}); {REMEDY}") from None
    if not isinstance(data, dict):
        raise ReportError(f"{path}: got {type(data).__name__}; must be a mapping; {REMEDY}")
    return text, data


def read_json(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """A JSON object with at least these keys.

    Raises:
        ReportError: the file is missing, not a JSON object, or lacks a key.
    """
    (record,) = _objects(path, [_bytes(path).decode("utf-8")])
    for key in keys:
        if key not in record:
            has = ", ".join(record)
            raise ReportError(f"{path}: key {key!r} is missing; it has {has}; {REMEDY}")
    return record


def read_timings(path: Path, job: str) -> list[Timing]:
    """What a job took: one timing per repeat in a ``.jsonl``, one in a ``.json``.

    Raises:
        ReportError: the file is missing or not JSON.
    """
    return [
        Timing(
            job,
            _number(record.get("wall_s", record.get("s"))),
            _number(record.get("cpu_s", record.get("cpu_time"))),
            _number(record.get("max_rss")),
        )
        for record in _objects(path, _bytes(path).decode("utf-8").splitlines())
    ]


def _objects(path: Path, texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    for text in texts:
        try:
            record = json.loads(text)
        except json.JSONDecodeError:
            record = None
        if not isinstance(record, dict):
            raise ReportError(f"{path}: got {text[:40]!r}; must be a JSON object; {REMEDY}")
        yield record


def _number(value: object) -> float:
    """A measured number; Snakemake writes "NA" for what it could not measure."""
    return float(value) if isinstance(value, (int, float)) else math.nan


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ReportError(f"{path}: there is no such file; run snakemake to make it") from None
