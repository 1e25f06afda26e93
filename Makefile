# `make demo` and `make test` do everything on a machine that has Python 3.11+, make and Terraform.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# At a time. End-to-end tests take 2 GB each (the provider alone 700 MB) and mostly wait for it: those of one file stay together.
WORKERS ?= 2
E2E_WORKERS ?= 2

.PHONY: help venv system checkov powertools c7n demo test fast lint types contracts unit e2e docs bench clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

venv: .venv/.ready ## the virtual environment with everything giban and its tests need

.venv/.ready: pyproject.toml tools/make_venv.sh
	bash tools/make_venv.sh "$(PYTHON)" .venv --editable
	@touch $@

system: ## Debian packages that tests need (chromium, packer, a Korean font), where they are missing
	@bash tools/system_packages.sh

checkov: .venv-checkov/.ready ## checkov in an environment of its own (it pins another botocore)

.venv-checkov/.ready: tools/make_venv.sh
	bash tools/make_venv.sh "$(PYTHON)" .venv-checkov checkov==3.3.30
	@touch $@

powertools: .venv-powertools/.ready ## the peer of the functions' benchmark, in an environment of its own

.venv-powertools/.ready: tools/make_venv.sh
	bash tools/make_venv.sh "$(PYTHON)" .venv-powertools aws-lambda-powertools==3.37.0
	@touch $@

c7n: .venv-c7n/.ready ## Cloud Custodian, the peer of the keeper's benchmark, in an environment of its own (it pins another botocore)

.venv-c7n/.ready: tools/make_venv.sh
	bash tools/make_venv.sh "$(PYTHON)" .venv-c7n c7n==0.9.53
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

unit: venv system ## every test that needs minutes of no provider
	$(BIN)/pytest -q -n $(WORKERS) -m "not e2e"

e2e: venv system checkov ## real Terraform, real provider, real emulators
	$(BIN)/pytest -q -n $(E2E_WORKERS) --dist loadfile -m e2e

fast: lint types contracts unit ## what to run before every commit

test: lint types contracts unit e2e ## the whole suite, fast tests first

docs: venv ## write the generated documents again
	$(BIN)/python tools/make_blueprint_docs.py
	$(BIN)/python tools/make_check_docs.py

bench: venv powertools ## reports in benchmarks/
	$(BIN)/python benchmarks/run.py

clean: ## remove what the targets above made
	rm -rf .venv .venv-checkov .venv-powertools .venv-c7n .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
