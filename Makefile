# The targets a newcomer and a developer type; `make` alone lists them.
#   make PYTHON=python3.12      another interpreter (3.11 or newer)
#   make VENV=/tmp/env          another place for the environment
#   make PIP_FLAGS=--quiet      options handed to every `pip install`
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
PIP_FLAGS ?=
RUN := "$(VENV)/bin/python"
PIP := $(RUN) -m pip --disable-pip-version-check
# Strict links: the one editable form whose files mypy and pyright can follow.
EDITABLE := --config-settings editable_mode=strict
SOURCES := hybrid_opt circuits classical tests examples docs

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.PHONY: help demo test check docs study clean environment FORCE

help:  ## list the targets
	@echo "make TARGET, with TARGET one of"
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{ printf "  %-12s %s\n", $$1, $$2 }'

demo: environment  ## plan a marketing budget on the shipped data, print the comparison, write report.html
	@"$(VENV)/bin/hybrid-opt" demo

test: environment  ## every test, in two processes side by side, each with its ten slowest
	@# Half of the time goes into tests/unit. What the other process prints is shown when both are done.
	@log="$$(mktemp)" && { $(RUN) -m pytest tests --ignore=tests/unit > "$$log" 2>&1 & other=$$!; \
	$(RUN) -m pytest tests/unit; unit=$$?; wait $$other; rest=$$?; cat "$$log"; rm -f "$$log"; \
	exit $$((unit > rest ? unit : rest)); }

check: environment  ## ruff, and mypy strict over all three folders
	$(RUN) -m ruff check $(SOURCES)
	@# From the root mypy would find hybrid_opt/ without circuits and classical inside; the links hold all three.
	@python="$$(cd "$(VENV)/bin" && pwd)/python" && root="$$PWD" && cd build/__editable__.* && \
	echo "mypy --strict -p hybrid_opt" && \
	"$$python" -m mypy --config-file "$$root/pyproject.toml" --cache-dir "$$root/.mypy_cache/links" -p hybrid_opt

docs: environment  ## the documentation as HTML in docs/_build/html, warnings as errors
	$(RUN) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

study: environment  ## the long studies; each writes docs/studies/NAME.json and goes on where it stopped
	@mkdir -p docs/studies; found=no; \
	for script in tests/benchmarks/study_*.py; do \
	  [ -e "$$script" ] || continue; \
	  found=yes; name="$$(basename "$$script" .py)"; result="docs/studies/$${name#study_}.json"; \
	  echo "$$script -> $$result"; $(RUN) "$$script" "$$result" || exit 1; \
	done; \
	[ "$$found" = yes ] || echo "There is no study yet: tests/benchmarks/study_*.py matches nothing."

clean:  ## remove what was built or cached; keeps the environment
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov docs/_build
	rm -f "$(VENV)/.linked" report.html report.json
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

environment: $(VENV)/.linked  ## make or update the environment (every target above does it by itself)

# Dependencies: minutes, only when a requirement or a pin changes.
$(VENV)/.installed: pyproject.toml constraints.txt
	@command -v "$(PYTHON)" > /dev/null || \
	  { echo "'$(PYTHON)' was not found; name a Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1)." \
	    "Name another: make PYTHON=python3.11" >&2; exit 1; }
	@echo "Installing into $(VENV): a few minutes, once."
	"$(PYTHON)" -m venv "$(VENV)"
	@# torch goes first and alone: a range alone would be resolved to the newest release, not to the pinned one.
	$(PIP) install $(PIP_FLAGS) -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	$(PIP) install $(PIP_FLAGS) -c constraints.txt $(EDITABLE) -e ".[all,dev]"
	@touch "$@"

# Links: seconds, whenever a source file appears or disappears (strict links do not see new files by themselves).
$(VENV)/.linked: $(VENV)/.installed $(VENV)/.files
	@rm -rf build/__editable__.*
	@$(PIP) install --quiet --no-deps --no-build-isolation $(EDITABLE) -e .
	@touch "$@"

$(VENV)/.files: $(VENV)/.installed FORCE
	@find hybrid_opt circuits classical -type f -not -path '*/__pycache__/*' | LC_ALL=C sort > "$@.new"
	@if cmp -s "$@.new" "$@" && ls -d build/__editable__.* > /dev/null 2>&1; then rm "$@.new"; else mv "$@.new" "$@"; fi

FORCE:
