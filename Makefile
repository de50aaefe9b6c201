# Jinnuo. `make help` lists what there is; it needs Python 3.11 or newer and nothing else.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
IN := $(VENV)/bin/python
# Byte code is written when a module is first imported: compiling all that is installed takes twice as long.
PIP := $(IN) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-compile
# What drives a browser, starts the whole product or kills it waits for the rest to end, and for one other file of
# its kind at most: each file has its own product, ports and folder, and the steps of the story stay together.
ALONE := tests/e2e tests/faults tests/runtime
FLASK := $(IN) -m flask --app wsgi
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

export JINNUO_SHARED ?= ../shared
# Containers like to forbid byte code; without it every start compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run install test lint bench faults clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Settings such as PORT=8010, DEMO=0 or JINNUO_HOME=/srv/jinnuo go before or after: see docs/operating.md"

run: $(INSTALLED) ## install what is missing and run the product with demo data; Ctrl-C stops it
	@exec $(FLASK) up

install: $(INSTALLED) ## make the virtual environment and install the locked requirements

test: $(INSTALLED_DEV) lint ## all checks and all tests that can run here, on every core; says which cannot
	@$(IN) -m pytest -rs -n logical --maxprocesses 8 --dist loadfile $(ALONE:%=--ignore=%); together=$$?; \
	$(IN) -m pytest -rs -n 2 --dist loadfile $(ALONE); alone=$$?; exit $$((together | alone))

lint: $(INSTALLED_DEV) ## translations, style, import layers, types
	@home=$$(mktemp -d) && JINNUO_HOME=$$home $(FLASK) translations compile; status=$$?; rm -rf "$$home"; exit $$status
	@$(IN) -m ruff check .
	@$(VENV)/bin/lint-imports
	@$(IN) -m mypy

bench: $(INSTALLED_DEV) ## speed, as ratios to the bare thing measured in the same run
	@$(IN) -m tests.bench

faults: $(INSTALLED_DEV) ## the tests that kill processes and cut connections, then the full set of bad days
	@$(IN) -m pytest -rs tests/faults tests/runtime && $(IN) -m tests.faults

clean: ## remove the virtual environment and caches; the instance folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(IN):
	@test -n "$(PYTHON)" || { echo "Jinnuo needs Python 3.11 or newer: install it and run make again, or name one: make run PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Jinnuo needs Python 3.11 or newer; $(PYTHON) is older or does not run." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.lock | $(IN)
	@echo "Installing the requirements ..."
	@$(PIP) -r requirements.lock
	@touch $@

$(INSTALLED_DEV): requirements-dev.lock | $(IN)
	@echo "Installing the requirements and the tools for tests ..."
	@$(PIP) -r requirements-dev.lock
	@touch $@ $(INSTALLED)
