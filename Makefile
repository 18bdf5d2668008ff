# marketloom. `make` or `make help` lists the targets. Nothing but Python 3.11 or newer, make and a package index is needed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install run check test soak lint docs airflow bench lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export RUNTIME__DLTHUB_TELEMETRY := false
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## *' '{printf "  make %-9s %s\n", $$1, $$2}'

install: $(VENV)/.installed profiles.yml  ## Install the pinned core set into .venv

run: install  ## Ingest, build, document and summarise; on a simulated market if no key is configured
	@$(BIN)/marketloom run

check: lint  ## Check style, types, imports and conventions, and run the unit tests (under 3 minutes)
	$(BIN)/python -m pytest tests/unit --numprocesses 2

test: $(VENV)/.installed-test profiles.yml lint  ## Run everything that must hold: check, and integration, dbt and Airflow tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

soak: $(VENV)/.installed-test profiles.yml  ## Run the long campaigns: damaged input, kills at random, odd environments (about two hours)
	MARKETLOOM_SOAK=1 $(BIN)/python -m pytest -s tests/integration/test_mutated_payloads.py \
	  tests/integration/test_killed_at_random.py tests/integration/test_environments.py tests/integration/test_machines.py

lint: $(VENV)/.installed-test profiles.yml  ## Check style, types, imports and the conventions of the dbt project
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project --processes 2
	$(BIN)/dbt parse --quiet --target-path target/conventions
	$(BIN)/dbt-bouncer run

docs: install  ## Generate the dbt docs site and serve it on http://127.0.0.1:8080
	$(BIN)/dbt docs generate --quiet
	$(BIN)/dbt docs serve --host 127.0.0.1 --port 8080

bench: $(VENV)/.installed-test profiles.yml  ## Measure beside the plain way of doing the same work (about an hour, 20 GB of disk)
	$(BIN)/python -m benchmarks

airflow: $(VENV)/.installed-test profiles.yml  ## Start Airflow on this machine, to look at the DAG and run it
	$(BIN)/python -m orchestration.local

lock:  ## Resolve the dependencies anew into the two lock files (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra test --extra airflow --extra s3 \
	  --no-strip-extras --generate-hashes --no-header --no-emit-index-url --quiet --output-file requirements-test.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --constraint requirements-test.lock \
	  --no-strip-extras --generate-hashes --no-header --no-emit-index-url --quiet --output-file requirements.lock

clean:  ## Stop the embedded warehouse and remove what the other targets made
	@[ ! -x $(BIN)/marketloom ] || [ ! -d .marketloom/warehouse ] || $(BIN)/marketloom down || true
	@[ ! -L .marketloom/warehouse ] || rm -rf "$$(readlink .marketloom/warehouse)"
	rm -rf .marketloom $(VENV) target logs *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

profiles.yml:
	cp profiles.yml.example $@

# A lock holds every dependency, so pip need not resolve anything; the stamp's time says which lock is installed.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "marketloom needs Python 3.11 or newer: set PYTHON=…")'
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-test.lock
	@touch $@
