# Every target sets itself up: Python 3.11 or newer and make are all that is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo report test check fix lock clean

help:  ## Lists the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.dev: requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

.venv-demo/.demo: requirements/demo.txt
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	touch $@

demo: .venv-demo/.demo  ## Runs the whole thing on this machine against a Palette look-alike
	PYTHONPATH=src .venv-demo/bin/python -m backup_reporter demo

report: .venv-demo/.demo  ## Reports on a real Palette; needs PALETTE_API_KEY, and no AWS
	PYTHONPATH=src .venv-demo/bin/python -m backup_reporter report

test: $(VENV)/.dev  ## Runs the test suite
	$(BIN)/pytest

check: $(VENV)/.dev  ## Format, lint, types, direction of imports, template; changes nothing
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports

fix: $(VENV)/.dev  ## Formats the code and mends what the linter can mend
	$(BIN)/ruff format src tests
	$(BIN)/ruff check --fix src tests

LOCK = .venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --upgrade --no-config pyproject.toml

lock: .venv-lock/.lock  ## Renews the locked dependencies
	$(LOCK) --output-file src/requirements.txt
	$(LOCK) --constraint src/requirements.txt --extra cli --extra demo --output-file requirements/demo.txt
	$(LOCK) --constraint src/requirements.txt --extra cli --extra demo --extra dev --output-file requirements/dev.txt

.venv-lock/.lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check uv
	touch $@

clean:  ## Removes everything that was made here
	rm -rf .venv .venv-* .aws-sam build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
