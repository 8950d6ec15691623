"""A script's log, its one sentence on the screen, and its clock."""

from __future__ import annotations

import json
import sys

import pytest

from chunkscope.errors import StoreError
from chunkscope.jobs import job, timed


def test_a_known_error_is_one_sentence_on_the_screen_and_a_traceback_in_the_log(tmp_path, capsys):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended, job(log):
        raise StoreError("x.zarr.zip is missing; run snakemake again")
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: x.zarr.zip is missing; run snakemake again\n"
    assert "Traceback" in log.read_text()
    assert "x.zarr.zip is missing" in log.read_text()


def test_an_unknown_error_goes_on_and_leaves_its_traceback(tmp_path):
    log = tmp_path / "job.log"
    with pytest.raises(ZeroDivisionError), job(log):
        print(1 / 0)
    assert "ZeroDivisionError" in log.read_text()


def test_what_a_job_says_is_in_its_log(tmp_path, capsys):
    log = tmp_path / "job.log"
    with job(log):
        print("on the way")
        print("careful", file=sys.stderr)
    assert log.read_text() == "on the way\ncareful\n"
    assert capsys.readouterr() == ("", "")


def test_a_clock_writes_both_kinds_of_seconds(tmp_path):
    with timed(tmp_path / "timing.json"):
        sum(range(1000))
    seconds = json.loads((tmp_path / "timing.json").read_text())
    assert sorted(seconds) == ["cpu_s", "wall_s"]
    assert min(seconds.values()) >= 0
