"""Ten seeds trained as one batch in one process, against ten processes of one seed each.

200 steps, hidden 24, batch 32, window 100, start-up and imports included: what a workflow with a
job per seed would pay. The other side trains stock modules of torch, or our ensemble of one. CPU
seconds of the child processes. Aim: at least 4x less than ten processes.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from functools import partial

from paired import paired

SEEDS, STEPS, HIDDEN, BATCH, WINDOW, SYMBOLS = 10, 200, 24, 32, 100, 12
RUNS = 3

SETTINGS = f"""
import numpy as np, torch
torch.set_num_threads(1)
tokens = np.random.default_rng(0).integers({SYMBOLS}, size=(500, {WINDOW}))
"""
ENSEMBLE = (
    SETTINGS
    + """
from chunkscope.networks.building import build
from chunkscope.networks.settings import TrainingSettings, TanhSettings
from chunkscope.networks.training import train
network = build(TanhSettings(hidden={hidden}), {symbols}, {seeds})
settings = TrainingSettings(steps={steps}, batch={batch}, window={window})
train(network, tokens, settings, {seeds}, progress=lambda step, loss: None)
"""
)
STOCK = (
    SETTINGS
    + """
from torch import nn
torch.manual_seed({seeds}[0])
rnn, readout = nn.RNN({symbols}, {hidden}, batch_first=True), nn.Linear({hidden}, {symbols})
parameters = [*rnn.parameters(), *readout.parameters()]
adam, one_hot = torch.optim.Adam(parameters, lr=0.005), torch.eye({symbols})
rng = np.random.default_rng({seeds}[0])
for _ in range({steps}):
    windows = torch.from_numpy(tokens[rng.integers(len(tokens), size={batch})])
    logits = readout(rnn(one_hot[windows[:, :-1]])[0])
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    adam.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    adam.step()
"""
)


def run() -> list[dict[str, str | float | int]]:
    """One row per other side."""
    ours = partial(start, fill(ENSEMBLE, list(range(SEEDS))))
    rows = []
    for name, script in (("our ensemble of one", ENSEMBLE), ("torch.nn.RNN", STOCK)):
        other = partial(start, *(fill(script, [seed]) for seed in range(SEEDS)))
        ours_s, other_s, ratio = paired(ours, other, RUNS, children_seconds)
        rows.append(
            {
                "benchmark": "ensemble, ten seeds in one process",
                "size": f"{SEEDS} seeds, {STEPS} steps, hidden {HIDDEN}, batch {BATCH}",
                "ours_s": round(ours_s, 2),
                "other": f"ten processes, {name}",
                "other_s": round(other_s, 2),
                "ratio": round(ratio, 2),
                "runs": RUNS,
            }
        )
    return rows


def fill(script: str, seeds: list[int]) -> str:
    """The script for these seeds."""
    return script.format(
        seeds=seeds, steps=STEPS, hidden=HIDDEN, batch=BATCH, window=WINDOW, symbols=SYMBOLS
    )


def start(*scripts: str) -> None:
    """Run each script in a process of its own, one after another, on one thread."""
    for script in scripts:
        subprocess.run(
            [sys.executable, "-c", script], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )


def children_seconds() -> float:
    """CPU seconds of all finished child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    for row in run():
        print(*row.values(), sep=", ")
