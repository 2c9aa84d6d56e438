# The five verbs. Each makes .venv in this checkout first if it is not there.
PYTHON ?= python3
BIN := .venv/bin
WORLD := dsprites:size=16,orientation=4,position_x=8,position_y=8

.PHONY: help demo test lint bench docs clean
help:
	@echo "make demo   learn with and without 100 labels, judge both, show them side by side"
	@echo "make test   the test suite"
	@echo "make lint   style, types, the order of the rooms"
	@echo "make bench  timings against what one would pick instead"
	@echo "make docs   build the site into docs/_build/html"

.venv/.made: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "installing (PyTorch is large: about 5 GB, a few minutes the first time)"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/.dev: .venv/.made
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: .venv/.made
	@sh examples/demo.sh $(BIN)/metaprior "$(WORLD)"

test: .venv/.dev
	$(BIN)/python -m pytest -n 2

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

.venv/.bench: .venv/.dev
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@

bench: .venv/.bench
	$(BIN)/python -m benchmarks.training_step
	$(BIN)/python -m benchmarks.autoencoders
	$(BIN)/python -m benchmarks.cohort
	$(BIN)/python -m benchmarks.metric_suite --quick
	$(BIN)/python -m benchmarks.frechet
	$(BIN)/python -m benchmarks.vtab_probes
	$(BIN)/python -m benchmarks.vtab_features
	$(BIN)/python -m benchmarks.vtab_heads

docs: .venv/.dev
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

clean:
	rm -rf .venv docs/_build
