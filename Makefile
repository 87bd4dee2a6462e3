# Routebook: `make` lists what can be done. All of it works in .venv, made on first use.

VENV ?= .venv
PYTHON ?=
CONFORMANCE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/routebook/conformance
LAB ?=
TESTS ?=
BENCH ?=
SELECT ?=
MINUTES ?=

BIN := $(VENV)/bin
# JupyterLite's own extension of JupyterLab would break the JupyterLab of .venv, so it lives apart.
LITE_VENV := .venv-lite
FRONTEND := kernel_ext/frontend
SETUP := VENV='$(VENV)' PYTHON='$(PYTHON)' .ci/setup
export VENV

.DEFAULT_GOAL := help
.PHONY: help lab lite test check format bench soak conformance frontend wheel newest clean

help: ## List these commands
	@echo "Routebook. Commands:"
	@awk -F ' *## *' '/^[a-z]+:.*##/ { split($$1, target, ":"); printf "  make %-12s %s\n", target[1], $$2 }' Makefile

lab: $(VENV)/.installed-lab ## Open JupyterLab on the notebooks, the first lesson on top
	@echo "==> Opening JupyterLab on notebooks/ (end it with Ctrl-C)"
	@$(BIN)/python -m jupyterlab --ServerApp.root_dir=notebooks --LabApp.default_url=/lab/tree/01_first_steps.ipynb \
	    $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB)

lite: $(LITE_VENV)/.installed-lite ## Build dist/lite: the course as plain files, all of it running in the browser
	@echo "==> Building the site (the first time it downloads some 20 MB, which are kept)"
	@$(LITE_VENV)/bin/python -m lite.build
	@echo "==> To look at it: python3 -m http.server --bind 127.0.0.1 --directory dist/lite"

test: $(VENV)/.installed-test ## Run every test, the browser's included (TESTS='-k name' to choose)
	@chromium=$$(.ci/find-chromium) || { [ -n "$$TESTS" ] || exit 1; }; \
	echo "==> Running the tests$${chromium:+, those of the browser in $$chromium}"
	@$(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)

check: $(VENV)/.installed-test ## Lint, format, types, import contracts
	@echo "==> ruff: lint" && $(BIN)/ruff check
	@echo "==> ruff: format" && $(BIN)/ruff format --check
	@echo "==> mypy --strict" && $(BIN)/mypy
	@echo "==> import contracts" && $(BIN)/lint-imports --no-logo

format: $(VENV)/.installed-test ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: $(VENV)/.installed-test ## Compare speeds, side by side with FastAPI, Starlette, Litestar, BlackSheep
	@$(BIN)/python -m tests.benchmarks $(BENCH)

soak: $(VENV)/.installed-test ## 100,000 requests and 500 interrupts; with MINUTES=60 a long session, which must not grow
	@$(if $(MINUTES),$(BIN)/python -m tests.kernel.soak --minutes $(MINUTES),ROUTEBOOK_SOAK=100000 ROUTEBOOK_INTERRUPTS=500 \
	    $(BIN)/python -m pytest -n 0 -s tests/kernel/test_soak.py tests/kernel/test_interrupts.py)

conformance: ## Run FastAPI's own tests against routebook (SELECT="tests/test_sse.py" to choose)
	@tests/conformance/setup.sh '$(CONFORMANCE_DIR)'
	@echo "==> Running FastAPI's tests against framework/routebook (some minutes)"
	@'$(CONFORMANCE_DIR)/venv/bin/python' tests/conformance/conformance.py --suite '$(CONFORMANCE_DIR)/fastapi-0.163.2' \
	    --root routebook --path framework --import-shims -n 2 $(SELECT)

frontend: $(FRONTEND)/node_modules/.installed ## Check, test and rebuild the widgets' bundles (needs Node and npm)
	@echo "==> Types, tests and bundles of $(FRONTEND)"
	@cd $(FRONTEND) && npm run --silent check && npm test --silent && npm run --silent build

wheel: $(VENV)/.installed-test ## Build the wheel into dist/
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m build --wheel --outdir dist

newest: $(VENV)/.installed-test ## Renew constraints.txt with the newest versions of all packages, and run every test
	@VENV='$(VENV)' .ci/newest
	@$(MAKE) --no-print-directory test

clean: ## Delete .venv and what the tools left behind
	rm -rf $(VENV) $(LITE_VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find framework kernel_ext tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed-%: pyproject.toml constraints.txt
	@$(SETUP) $*

$(LITE_VENV)/.installed-lite: lite/requirements.txt constraints.txt
	@VENV='$(LITE_VENV)' PYTHON='$(PYTHON)' .ci/setup lite

$(FRONTEND)/node_modules/.installed: $(FRONTEND)/package-lock.json
	@command -v npm >/dev/null || { echo "The bundles need Node and npm: apt-get install nodejs npm" >&2; exit 1; }
	@echo "==> Installing the front-end's tools into $(FRONTEND)/node_modules"
	@cd $(FRONTEND) && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.installed
