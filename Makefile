# The two commands: `make run` (the whole default profile) and `make test`.
# Both make their own environment in .venv from pyproject.toml and constraints.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all
# numerical libraries start a thread per core otherwise; rules set their own number
export OMP_NUM_THREADS ?= 1

.PHONY: run demo test bench lint docs clean

run: $(VENV)/.installed
	$(BIN)/snakemake --cores $(CORES)

demo: $(VENV)/.installed
	$(BIN)/snakemake --cores $(CORES) --configfile config/quick.yaml

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmarks/run.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/mypy

docs: $(VENV)/.installed-dev
	$(BIN)/python -m chunkscope.reference

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .snakemake
