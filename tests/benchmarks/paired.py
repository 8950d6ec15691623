"""Times two ways of doing one thing in turn, so that both meet the same machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def paired(
    ours: Callable[[], object],
    other: Callable[[], object],
    runs: int = 5,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float, float]:
    """Run both once unmeasured, then in turn ``runs`` times.

    Args:
        ours: Our way.
        other: The way it is measured against.
        runs: How often each is measured.
        clock: ``time.process_time`` for CPU seconds, which other work on the machine disturbs
            least; ``time.perf_counter`` for seconds on the wall, where waiting counts.

    Returns:
        Median seconds of ours, of the other, and other / ours: more is better for us.
    """
    ours()
    other()
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for way, measured in zip((ours, other), seconds, strict=True):
            started = clock()
            way()
            measured.append(clock() - started)
    ours_s, other_s = map(statistics.median, seconds)
    return ours_s, other_s, other_s / ours_s
