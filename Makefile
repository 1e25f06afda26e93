# `make demo` and `make test` do everything on a machine that has Python 3.11+, make and Terraform.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# A provider of 700 MB and emulators: end-to-end tests run one after another, the rest two at a time.
WORKERS ?= 2

.PHONY: help venv checkov demo test fast lint types contracts unit e2e docs bench clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

venv: .venv/.ready ## the virtual environment with everything giban and its tests need

.venv/.ready: pyproject.toml tools/make_venv.sh
	bash tools/make_venv.sh "$(PYTHON)" .venv --editable
	@touch $@

checkov: .venv-checkov/.ready ## checkov in an environment of its own (it pins another botocore)

.venv-checkov/.ready: tools/make_venv.sh
	bash tools/make_venv.sh "$(PYTHON)" .venv-checkov checkov==3.3.30
	@touch $@

demo: venv ## the main job: examples/three-tier compiled, checked, priced, drawn and created on emulated AWS
	@bash tools/demo.sh

lint: venv ## style, and generated documents that are out of date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/make_blueprint_docs.py --check
	$(BIN)/python tools/make_check_docs.py --check

types: venv ## types
	$(BIN)/mypy

contracts: venv ## who may import whom
	$(BIN)/lint-imports

unit: venv ## every test that needs minutes of no provider
	$(BIN)/pytest -q -n $(WORKERS) -m "not e2e"

e2e: venv checkov ## real Terraform, real provider, real emulators
	$(BIN)/pytest -q -m e2e

fast: lint types contracts unit ## what to run before every commit

test: lint types contracts unit e2e ## the whole suite, fast tests first

docs: venv ## write the generated documents again
	$(BIN)/python tools/make_blueprint_docs.py
	$(BIN)/python tools/make_check_docs.py

bench: venv ## reports in benchmarks/
	$(BIN)/python benchmarks/run.py

clean: ## remove what the targets above made
	rm -rf .venv .venv-checkov .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
