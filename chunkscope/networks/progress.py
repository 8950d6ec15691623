"""What long work says while it runs: a bar on a terminal, a line every few seconds in a log."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 4.0  # the promise is a line at least every 5 s


class StepReport:
    """Reports steps to ``stream``; call it with the number of steps done and their loss.

    Example:
        >>> report = StepReport(2000)
        >>> report(400, 0.31)  # in a log: step 400/2000 loss 0.31 12.0 it/s, 02:13 left
    """

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        """``stream`` is standard error if None."""
        self.total = total
        self.stream = sys.stderr if stream is None else stream
        self._bar = tqdm(total=total, file=self.stream) if self.stream.isatty() else None
        self._begun: tuple[int, float] | None = None
        self._last_line = -float("inf")

    def __call__(self, step: int, loss: float | None = None) -> None:
        """Says that ``step`` steps are done, the last with ``loss`` where there is one."""
        if self._bar is not None:
            if loss is not None:
                self._bar.set_postfix(loss=f"{loss:.3g}", refresh=False)
            self._bar.update(step - self._bar.n)
            if step == self.total:
                self._bar.close()
            return
        now = time.monotonic()
        self._begun = self._begun or (step, now)
        if now - self._last_line >= SECONDS_BETWEEN_LINES or step == self.total:
            self._last_line = now
            print(self._line(step, loss, now), file=self.stream, flush=True)

    def _line(self, step: int, loss: float | None, now: float) -> str:
        assert self._begun is not None
        first, begun = self._begun
        line = f"step {step}/{self.total}" + ("" if loss is None else f" loss {loss:.3g}")
        if step == first or now == begun:
            return line
        rate = (step - first) / (now - begun)
        left = int((self.total - step) / rate)
        return f"{line} {rate:.1f} it/s, {left // 60:02d}:{left % 60:02d} left"
