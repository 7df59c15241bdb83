# Each target sets itself up. You need Python 3.11 or newer, and make.

PYTHON ?= python3
PYTHON_CHECK = import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11 or newer, and $(PYTHON) is %s: make $(MAKECMDGOALS) PYTHON=python3.12" % sys.version.split()[0])
NEW_ENVIRONMENT = @$(PYTHON) -c '$(PYTHON_CHECK)' && $(PYTHON) -m venv
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo report doctor deploy test test-slow check fix matrix faults fuzz build e2e bench bench-quick bench-package checkov schema scale distributed-memory simulate mutants findings parameters screenshots lock clean

help:  ## Lists the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(VENV)/.dev: requirements/dev.txt
	@echo "Installing packages into $(VENV): a few minutes the first time."
	$(NEW_ENVIRONMENT) $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	touch $@

# A part of what the tests need, in the same versions, so that the demo starts sooner.
$(VENV)/.demo: requirements/demo.txt
	@echo "Installing packages into $(VENV): a few minutes the first time."
	$(NEW_ENVIRONMENT) $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/demo.txt
	touch $@

# These tools pin versions against each other: each has an environment of its own.
.venv-sam/.sam: requirements/sam.txt
	$(NEW_ENVIRONMENT) .venv-sam
	.venv-sam/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/sam.txt
	touch $@

.venv-checkov/.checkov: requirements/checkov.txt
	$(NEW_ENVIRONMENT) .venv-checkov
	.venv-checkov/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/checkov.txt
	touch $@

.venv-mutants/.mutants: requirements/mutants.txt
	$(NEW_ENVIRONMENT) .venv-mutants
	.venv-mutants/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/mutants.txt
	touch $@

# The local AWS runs functions in its own interpreter: the function's Python, if it is installed.
FUNCTION_PYTHON := $(firstword $(foreach python,$(shell command -v python3.13) $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python) $(PYTHON),$(shell $(python) -c 'print("$(python)")' 2>/dev/null)))

.venv-ministack/.ministack: requirements/ministack.txt
	$(FUNCTION_PYTHON) -m venv .venv-ministack
	.venv-ministack/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/ministack.txt
	touch $@

demo: $(VENV)/.demo  ## Shows a report on this machine; needs no Palette and no AWS
	PYTHONPATH=src $(BIN)/python -m backup_reporter demo

report: $(VENV)/.demo  ## Reports on your Palette; needs PALETTE_API_KEY, and no AWS
	PYTHONPATH=src $(BIN)/python -m backup_reporter report

doctor: $(VENV)/.demo  ## Tries every setting, and says how to fix what is wrong
	PYTHONPATH=src $(BIN)/python -m backup_reporter doctor

deploy: $(VENV)/.demo .venv-sam/.sam  ## Asks what a deployment needs, deploys to AWS, and makes the first report
	PYTHONPATH=src $(BIN)/python -m backup_reporter setup
	PYTHONPATH=src $(BIN)/python -m backup_reporter deploy

test: $(VENV)/.dev .venv-sam/.sam  ## Runs the test suite
	$(BIN)/pytest

test-slow: $(VENV)/.dev .venv-sam/.sam  ## Runs the tests that take seconds each, or a browser
	$(BIN)/pytest -m slow

check: $(VENV)/.dev .venv-sam/.sam  ## Checks format, lint, types, imports and template; changes nothing
	$(BIN)/ruff format --check src tests bench tools
	$(BIN)/ruff check src tests bench tools
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate --lint --region eu-central-1
	AWS_DEFAULT_REGION=eu-central-1 .venv-sam/bin/python tools/translate_template.py > .venv-sam/translated.json
	.venv-sam/bin/cfn-lint --non-zero-exit-code warning .venv-sam/translated.json

fix: $(VENV)/.dev  ## Formats the code and fixes what the linter can fix
	$(BIN)/ruff format src tests bench tools
	$(BIN)/ruff check --fix src tests bench tools

build: .venv-sam/.sam  ## Builds the function as it is deployed, with its bill of materials (sbom.cdx.json)
	SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam build

e2e: $(VENV)/.dev .venv-sam/.sam .venv-ministack/.ministack  ## Deploys into a local AWS that enforces IAM, and uses the stack
	$(BIN)/pytest -q tests/e2e --override-ini addopts=--strict-markers

MINUTES ?= 60

mutants: .venv-mutants/.mutants  ## Changes the core in thousands of ways, for an hour at most; prints what no test notices
	.venv-mutants/bin/python -m tools.mutants --minutes $(MINUTES)

simulate: $(VENV)/.dev  ## Simulates workspaces whose truth is known, in five minutes, and writes docs/accuracy.md
	PYTHONPATH=src:. $(BIN)/python -m bench.simulation --worlds 1600 --output docs/accuracy.md

BENCH = PYTHONPATH=src $(BIN)/python -m bench --python $(FUNCTION_PYTHON) --package build/bench

bench: bench-package  ## Measures speed and memory in twenty minutes; writes docs/performance.md
	$(BENCH)

bench-quick: bench-package  ## Runs every part of make bench in a minute; ignore its figures
	$(BENCH) --quick --output build/performance-quick.md

# The package as it is deployed, but for this machine.
bench-package: $(VENV)/.dev
	rm -rf build/bench && mkdir -p build/bench
	$(MAKE) --silent --directory src build-BackupReporter ARTIFACTS_DIR=$(CURDIR)/build/bench PYTHON=$(CURDIR)/$(BIN)/python \
		ARCHITECTURE=$$(uname -m) PYTHON_VERSION=$$($(FUNCTION_PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

faults: $(VENV)/.dev  ## Runs the handler behind every known fault and over 2,000 workspaces; writes the table in docs/reliability.md
	$(BIN)/pytest -q tests/integration/faults --override-ini addopts=--strict-markers --numprocesses 8 --dist worksteal --table docs/reliability.md

fuzz: $(VENV)/.dev  ## Tries random results, events, settings and labels, fifty times as long as make test
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -q tests/unit/health/test_properties.py tests/unit/health/test_fuzz.py

matrix: $(VENV)/.dev .venv-sam/.sam  ## Lints the template for every set of parameters and the regions of three partitions
	$(BIN)/pytest -q tests/template/matrix --override-ini addopts=--strict-markers --numprocesses auto --dist worksteal

checkov: .venv-checkov/.checkov .venv-sam/.sam  ## Checks the template against security rules
	AWS_DEFAULT_REGION=eu-central-1 .venv-sam/bin/python tools/translate_template.py > .venv-sam/translated.json
	.venv-checkov/bin/checkov --file template.yaml .venv-sam/translated.json --framework cloudformation --skip-download --compact --quiet

LOCK = .venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --upgrade --no-config

schema: $(VENV)/.dev  ## Renews the report's JSON Schema in the docs
	PYTHONPATH=src $(BIN)/python -m tools.report_schema > docs/report.schema.json

scale: $(VENV)/.dev  ## Renews the table of docs/scale.md
	PYTHONPATH=src $(BIN)/python bench/scale.py docs/scale.md

distributed-memory: $(VENV)/.dev  ## Measures the memory for planning and merging 100,000 workspaces
	PYTHONPATH=src $(BIN)/python bench/distributed_memory.py 100000

findings: $(VENV)/.dev  ## Renews docs/findings.md from the catalog
	PYTHONPATH=src $(BIN)/python -m tools.findings_document > docs/findings.md

screenshots: $(VENV)/.dev  ## Renews the pictures of the page in the docs; needs Chromium
	PYTHONPATH=src:tests $(BIN)/python -m browser.screenshots

parameters: .venv-sam/.sam  ## Renews docs/parameters.md from the template
	.venv-sam/bin/python tools/parameters_document.py > docs/parameters.md

lock: .venv-lock/.lock  ## Renews the locked dependencies
	$(LOCK) pyproject.toml --output-file src/requirements.txt
	$(LOCK) pyproject.toml --constraint src/requirements.txt --extra cli --output-file requirements/cli.txt
	$(LOCK) pyproject.toml --constraint requirements/cli.txt --extra cli --extra demo --output-file requirements/demo.txt
	$(LOCK) pyproject.toml --constraint requirements/demo.txt --extra cli --extra demo --extra dev --output-file requirements/dev.txt
	for name in sam ministack checkov lock mutants; do $(LOCK) requirements/$$name.in --output-file requirements/$$name.txt || exit 1; done

# What writes the hashes is itself pinned by hash.
.venv-lock/.lock: requirements/lock.txt
	$(NEW_ENVIRONMENT) .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/lock.txt
	touch $@

clean:  ## Removes every file that make created
	rm -rf .venv .venv-* .aws-sam build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
