# The only front door. Every target makes the virtual environment it needs; python3 (3.11+) and make suffice.
#   DB=postgresql+psycopg://user@host/db   a database for the demo     NAME=core   one area of the benchmarks
#   PYTHON=/path/to/python3                an interpreter of your own   WORKERS=4   test processes

VENV ?= .venv
PYTHON ?= $(shell sh tools/pythons.sh | head -n 1)
WORKERS ?= logical
BIN = $(VENV)/bin
# pip comes with the tree: Debian's python3 has no ensurepip, and every machine then installs in the same way
PIP_WHEEL := $(wildcard tools/pip-*.whl)
SETUP := Makefile pyproject.toml constraints.txt $(PIP_WHEEL)

comma := ,

.DEFAULT_GOAL := help
.PHONY: help demo test stress environments spark check docs bench matrix clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# $(call install,DIRECTORY,WHAT): a working environment in DIRECTORY with WHAT installed at the pinned versions
define install
	@test -n "$(PYTHON)" || { echo "crmkit needs Python 3.11 or newer, and found none: install python3, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || { \
	    echo "making $(1) with $$($(PYTHON) --version)"; \
	    "$(PYTHON)" -m venv --clear --without-pip $(1) && \
	    $(1)/bin/python $(PIP_WHEEL)/pip install --quiet --no-index $(PIP_WHEEL); }
	@echo "installing into $(1): $(2)"
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
	    --constraint constraints.txt --build-constraint constraints.txt $(2)
	@touch $@
endef

$(VENV)/.test: $(SETUP)
	$(call install,$(VENV),--editable . --group test)

$(VENV)/.check: $(VENV)/.test
	$(call install,$(VENV),--group lint --group docs)

# The demo needs what a host application needs and no more; a developer's environment does as well.
DEMO_VENV := $(if $(wildcard .venv/.test),.venv,.venv-demo)
DEMO_EXTRAS := $(if $(filter postgresql%,$(DB)),demo$(comma)postgres,demo)

.venv-demo/.demo .venv-demo/.demo$(comma)postgres: $(SETUP)
	$(call install,.venv-demo,--editable '.[$(DEMO_EXTRAS)]')

demo: $(if $(filter .venv,$(DEMO_VENV)),.venv/.test,.venv-demo/.$(DEMO_EXTRAS)) ## the main job on realistic data, in about a minute
	@$(DEMO_VENV)/bin/python examples/demo.py $(if $(DB),--db '$(DB)')

# whole files go to one worker: the snippets of a page share names, and costly fixtures are made once
test: $(VENV)/.test ## all tests, with a real Postgres started for the run (SQLITE_ONLY=1: without)
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile --cov --cov-report=term $(ARGS)

stress: $(VENV)/.test ## the long runs: races, kills and fuzz at full size
	@HYPOTHESIS_PROFILE=stress $(BIN)/python -m pytest -m stress $(ARGS)

ENVIRONMENTS := UTC,C,0 Asia/Shanghai,zh_CN.UTF-8,1 Australia/Lord_Howe,tr_TR.UTF-8,42 \
	America/New_York,de_DE.ISO-8859-1,4294967295 Africa/Casablanca,POSIX,random
environments: $(VENV)/.test ## all tests under five time zones, locales and hash seeds, one after the other
	@for each in $(ENVIRONMENTS); do \
	    zone=$${each%%,*}; rest=$${each#*,}; echo "$$each"; \
	    TZ=$$zone LC_ALL=$${rest%%,*} PYTHONHASHSEED=$${rest#*,} \
	    $(BIN)/python -m pytest --quiet --no-cov --numprocesses=$(WORKERS) --dist=loadfile $(ARGS) || exit 1; \
	done

# pyspark is 450 MB, so it has an environment of its own; without Java the tests say so and are left out
.venv-spark/.spark: $(SETUP)
	$(call install,.venv-spark,--editable '.[spark]' --group test)

spark: .venv-spark/.spark ## matching on a Spark cluster of this machine, at full size (wants Java 17, fetches 450 MB)
	@.venv-spark/bin/python -m pytest -m "stress or not stress" tests/adapters/spark docs/how-to/match-on-spark.md $(ARGS)

check: $(VENV)/.check ## lint, formatting, types, architecture, docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory docs

docs: $(VENV)/.check ## the documentation, in docs/_build/index.html
	$(BIN)/sphinx-build --nitpicky --fail-on-warning --quiet --keep-going docs docs/_build

# peers pin libraries that crmkit uses in newer versions, so theirs are installed after ours and win
.venv-bench/.bench: $(SETUP) benchmarks/requirements.txt
	$(call install,.venv-bench,--editable '.[batch$(comma)postgres$(comma)testing]')
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt

bench: .venv-bench/.bench ## measured against peers, in an environment of their own (NAME=core: one area)
	@.venv-bench/bin/python benchmarks/run.py $(NAME)

matrix: ## the tests on every Python from 3.11 on that is found here
	@for python in $$(sh tools/pythons.sh); do \
	    version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "== Python $$version"; \
	    $(MAKE) --no-print-directory test VENV=.venv-$$version PYTHON=$$python || exit 1; \
	done

clean: ## removes environments, caches and built pages
	rm -rf .venv .venv-* docs/_build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests docs examples benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
