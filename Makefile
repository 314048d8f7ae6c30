# The only commands to know. `make run` and `make test` need Python >= 3.11 and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
ROOST_SUITES ?= $(abspath ../shared/suites)
export ROOST_SUITES

.PHONY: help run test check bench fuzz lock docs format clean
help:
	@echo "make run    start roost on this machine (localserve)"
	@echo "make test   run every test this machine can run"
	@echo "make check  ruff, mypy, import contracts, generated docs"
	@echo "make bench  measure; prints ratios and medians"
	@echo "make fuzz   feed parsers and sessions odd octets, and play sessions at random, for a while"
	@echo "make lock   renew requirements/*.lock from pyproject.toml"
	@echo "make docs   write the generated reference pages"

$(VENV)/run.stamp: requirements/run.lock pyproject.toml .ci/venv.sh
	@PYTHON="$(PYTHON)" sh .ci/venv.sh "$(VENV)" requirements/run.lock
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock pyproject.toml .ci/venv.sh
	@PYTHON="$(PYTHON)" sh .ci/venv.sh "$(VENV)" requirements/dev.lock
	@touch $@ $(VENV)/run.stamp

run: $(VENV)/run.stamp
	@$(BIN)/roost localserve $(ARGS)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check src tests bench fuzz
	$(BIN)/ruff format --check src tests bench fuzz
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m roost docs --check

format: $(VENV)/dev.stamp
	$(BIN)/ruff format src tests bench fuzz
	$(BIN)/ruff check --fix src tests bench fuzz

bench: $(VENV)/dev.stamp
	$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m fuzz $(ARGS)

docs: $(VENV)/dev.stamp
	$(BIN)/python -m roost docs

lock: $(VENV)/dev.stamp
	$(BIN)/uv pip compile pyproject.toml requirements/build.in --generate-hashes --universal --no-header --no-annotate -q -o requirements/run.lock
	$(BIN)/uv pip compile pyproject.toml requirements/build.in --group dev --generate-hashes --universal --no-header --no-annotate -q -o requirements/dev.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
