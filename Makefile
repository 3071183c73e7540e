# Everything here works on a fresh machine with Python ≥ 3.11: the first target that needs it makes .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test check format lint types imports bench pictures clean

demo: .venv/.runtime  ## see it work: a tour against stand-ins, then a chat on a terminal
	@$(BIN)/suanli demo

test: $(STAMP)  ## every test; those that need a missing server are skipped with the command that installs it
	$(BIN)/pytest -n auto --maxprocesses=4 --dist worksteal

check: format lint types imports test  ## what CI runs

format: $(STAMP)
	$(BIN)/ruff format --check .

lint: $(STAMP)
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports --no-cache

bench: .venv/.peers  ## figures for docs/performance.md, with the peers in the same run
	$(BIN)/python -m bench

pictures: $(STAMP)  ## the pictures of docs/pictures, drawn from what the stand-in received
	$(BIN)/python -m suanli.sandbox.pictures docs/pictures

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("suanli needs Python 3.11 or newer; try: make PYTHON=python3.11 …") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv

.venv/.runtime: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(STAMP): pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/.runtime

.venv/.peers: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

clean:
	rm -rf .venv .bench build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
