"""What every script of the workflow needs around its one call: a log, clear errors, a clock."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from chunkscope.errors import ChunkscopeError


@contextmanager
def job(log: str | Path) -> Iterator[None]:
    """Send what the block says to ``log``; a known error ends the process with one sentence.

    The sentence goes to the screen and the traceback to the log, as does that of an unknown
    error, which is raised on.
    """
    screen = sys.stderr
    with (
        Path(log).open("w", buffering=1) as file,
        redirect_stdout(file),
        redirect_stderr(file),
    ):
        try:
            yield
        except ChunkscopeError as error:
            traceback.print_exc(file=file)
            print(f"error: {error}", file=screen, flush=True)
            sys.exit(1)
        except Exception:
            traceback.print_exc(file=file)
            raise


@contextmanager
def timed(path: str | Path) -> Iterator[None]:
    """Write the block's ``wall_s`` and ``cpu_s`` (seconds) as JSON, as `benchmark:` would.

    For cached rules, on which Snakemake allows no benchmark.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    seconds = {
        "wall_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
    }
    Path(path).write_text(json.dumps(seconds) + "\n")
