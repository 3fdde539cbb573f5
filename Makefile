# Every target sets up what it needs. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready
BENCHMARKS := overhead import_time translate event_loop memory floor server_load server_lists kill \
	exporter outage client_kill

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types bench features serve lanes clean

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

demo: $(SETUP) ## a real model, the server, an agent, its trace: end to end on this machine
	@$(BIN)/python examples/demo

test: $(SETUP) ## all tests in all lanes
	@$(BIN)/python tests/lanes.py

lanes: $(SETUP) ## build the test environments only
	@$(BIN)/python tests/lanes.py --build

lint: $(SETUP) ## ruff, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(SETUP) ## pyright, strict
	@$(BIN)/pyright

bench: $(SETUP) ## the budgets: one JSON line per row; fails when one is missed
	@missed=0; for name in $(BENCHMARKS); do echo "# benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py || missed=1; done; exit $$missed

features: $(SETUP) ## run the tests, write docs/features.md
	@$(BIN)/python tests/lanes.py
	@$(BIN)/python docs/features.py .lanes/reports/*.features.jsonl

serve: $(SETUP) ## the server on http://127.0.0.1:3000
	@$(BIN)/literalai-otel serve

clean: ## remove environments and what the demo installed
	rm -rf .venv .lanes .demo .pytest_cache .ruff_cache .import_linter_cache
