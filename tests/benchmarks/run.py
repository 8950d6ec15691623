"""`make bench`: every paired timing, each into ``results/benchmarks/{name}.csv``.

python tests/benchmarks/run.py              all of them
python tests/benchmarks/run.py store        the named ones
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import pandas as pd

# name of the table -> module beside this file
BENCHMARKS = {
    "store": "store",
    "interventions": "interventions",
    "ensemble": "ensemble",
    "experiments": "experiments",
    "hdbscan": "hdbscan_states",
    "workflow": "workflow",
    "probe-exhaustive": "probe_exhaustive",
    "best-subset": "best_subset",
    "decode": "decode",
    "dsa": "dsa",
    "unit-scores": "unit_scores",
}
RESULTS = Path("results/benchmarks")


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = ", ".join(BENCHMARKS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {known}; default: all")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {known}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in names:
        print(f"{name} ...", flush=True)
        table = pd.DataFrame(import_module(BENCHMARKS[name]).run())
        table.to_csv(RESULTS / f"{name}.csv", index=False)
        print(table.to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
