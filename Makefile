# Needs only make and python3 >= 3.11 with venv. `make` alone lists what there is.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
PYTHON ?= python3
PY := .venv/bin/python
# More for pytest, bench or shots: make test ARGS="-k booking -x"
ARGS ?=
# Test processes; 0 runs everything in one (for a debugger).
PROCESSES ?= auto

.PHONY: help run serve install test test-sqlite check format bench shots messages requirements clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The last command of `run` and `serve` replaces the shell, so that a signal from make reaches it.
run: ## install, load the demo house on first start, open the house
	@$(PYTHON) tools/install.py
	@exec $(PY) tools/serve.py --demo

serve: ## the same for a real house: no demo people, nothing invented
	@$(PYTHON) tools/install.py
	@exec $(PY) tools/serve.py

install: ## only install: .venv, browser files, translations
	@$(PYTHON) tools/install.py

test: ## install what the tests need, run every test and check
	@$(PYTHON) tools/install.py --dev
	@$(PYTHON) tools/programs.py
	@exec $(PY) -m pytest -n $(PROCESSES) $(ARGS)

test-sqlite: ## the part of the tests that needs neither PostgreSQL nor Chromium
	@$(PYTHON) tools/install.py --dev
	@exec $(PY) -m pytest -n $(PROCESSES) -m "not postgres and not browser" $(ARGS)

check: ## only the quick checks of the text: ruff, mypy, import contracts
	@$(PYTHON) tools/install.py --dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports

format: ## put the text in order: ruff format, ruff check --fix
	@$(PYTHON) tools/install.py --dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: ## measure: a table, and JSON under bench/results/
	@$(PYTHON) tools/install.py --dev
	@$(PYTHON) tools/programs.py postgres
	@exec $(PY) -m bench $(ARGS)

shots: ## a picture of every page under shots/
	@$(PYTHON) tools/install.py --dev
	@$(PYTHON) tools/programs.py chromium
	@exec $(PY) tools/shots.py $(ARGS)

messages: ## collect the texts for the translators into app/translations
	@$(PYTHON) tools/install.py --dev
	@$(PY) tools/messages.py

requirements: ## compile requirements*.txt from pyproject.toml (needs a network)
	@$(PYTHON) tools/install.py --dev
	@$(PY) tools/requirements.py $(ARGS)

clean: ## remove what can be made again; instance/ is never touched
	@rm -rf .venv node_modules app/core/static/vendor shots bench/results
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find app -name '*.mo' -delete
