# Every target sets up what it needs. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready
UI := src/literalai_otel/server/static/index.html
UI_TOOLS := ui/node_modules/.ready
UI_SOURCES := $(wildcard ui/*.json ui/*.ts ui/index.html) $(shell find ui/src ui/vite -type f)
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix ui
BENCHMARKS := overhead import_time translate event_loop memory floor server_load server_lists kill \
	exporter outage client_kill dashboard pages

.DEFAULT_GOAL := help
.PHONY: help setup ui demo test lint types bench features serve lanes clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(SETUP) ## make .venv with everything, editable

$(SETUP): pyproject.toml requirements-dev.txt $(wildcard instrumentors/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make setup PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "making .venv"; $(PYTHON) -m venv .venv; }
	@echo "installing the development environment (about 350 MB, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --python $(BIN)/python -r requirements-dev.txt
	@touch $@

ui: $(UI) ## build the web pages

$(UI_TOOLS): ui/package-lock.json | $(SETUP)
	@echo "installing what builds the pages (about 210 MB, once)"
	@$(NPM) ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

$(UI): $(UI_TOOLS) $(UI_SOURCES)
	@echo "building the pages"
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

demo: $(SETUP) $(UI) ## a real model, the server, an agent, its trace: end to end on this machine
	@$(BIN)/python examples/demo

test: $(SETUP) $(UI) ## all tests in all lanes
	@$(BIN)/python tests/lanes.py

lanes: $(SETUP) ## build the test environments only
	@$(BIN)/python tests/lanes.py --build

lint: $(SETUP) $(UI_TOOLS) ## ruff, import contracts; biome for the pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(NPM) run --silent lint

types: $(SETUP) $(UI_TOOLS) ## pyright and tsc, strict
	@$(BIN)/pyright
	@$(NPM) run --silent types

bench: $(SETUP) $(UI) ## the budgets: one JSON line per row; fails when one is missed
	@missed=0; for name in $(BENCHMARKS); do echo "# benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py || missed=1; done; exit $$missed

features: $(SETUP) $(UI) ## run the tests, write docs/features.md
	@$(BIN)/python tests/lanes.py
	@$(BIN)/python docs/features.py .lanes/reports/*.features.jsonl

serve: $(SETUP) $(UI) ## the server on http://127.0.0.1:3000
	@$(BIN)/literalai-otel serve

clean: ## remove environments and what the demo installed
	rm -rf .venv .lanes .demo ui/node_modules .pytest_cache .ruff_cache .import_linter_cache
