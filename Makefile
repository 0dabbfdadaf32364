# Everything a developer or CI types.  `make demo` and `make test` do all set-up on a fresh Debian 12.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := python3-venv nginx-light openssl strace e2fsprogs xfsprogs procps hyperfine
PYTEST := $(BIN)/python -m pytest -q

.PHONY: help demo test lint types layers faults bench docs lock clean

help:
	@echo "make demo    the main job end to end in a scratch root, proven by handshakes"
	@echo "make test    lint, types, layers and all tests"
	@echo "make faults  every fault row whole (root, up to an hour)"
	@echo "make bench   ratios measured side by side in one run"
	@echo "make docs    make the generated pages and the help table anew"
	@echo "make lock    resolve the locked dependencies anew"

.venv/.done: requirements-dev.lock pyproject.toml tools/packages
	@sh tools/packages $(PACKAGES)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/.done
	$(BIN)/xsec demo

test: .venv/.done lint types layers
	$(PYTEST) tests

lint: .venv/.done
	$(BIN)/ruff format --check xsec tests bench tools
	$(BIN)/ruff check xsec tests bench tools

types: .venv/.done
	$(BIN)/mypy

layers: .venv/.done
	$(BIN)/lint-imports

faults: .venv/.done
	XSEC_FAULTS=full XSEC_HOSTILE=10000 $(PYTEST) tests/faults tests/daemons/test_hammer.py tests/daemons/test_apply_kills.py --require-all

bench: .venv/.done
	$(BIN)/python -m bench

docs: .venv/.done
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tests.unit.state.test_rulebook

lock:
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe \
	    --extra dev -o requirements-dev.lock pyproject.toml
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras \
	    -o requirements.lock pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
