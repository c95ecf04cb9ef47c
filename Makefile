# The AlexNet Moment. `make help` lists the verbs; the README tells what they do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8000
DEMO_PORT ?= 8001
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SITEBUILD := PYTHONPATH=docs/hooks $(BIN)/python -m sitebuild
NPM := node_modules/.package-lock.json
SAMPLES_JSON := docs/data/results/samples.json
# glibc's allocator gives large pages back at once; keeping them makes CPU training a fifth faster.
TRAIN_ENV := MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_TOP_PAD_=200000000 \
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1

# The theme's notice about another product; what we do about it is our own decision record.
export NO_MKDOCS_2_WARNING := 1

# Every verb; none is a file.
.PHONY: $(shell awk -F: '/^[a-z]+:/ {print $$1}' $(MAKEFILE_LIST))

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: port $(VENV)/.run build/alexnet64.onnx engine  ## set up, export, classify the samples, serve the site (PORT=8000)
	@$(BIN)/python -m demo classify demo/samples
	@echo "The site, in a few seconds: http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)"
	@$(BIN)/mkdocs serve --quiet --livereload --dev-addr 127.0.0.1:$(PORT)

demo: $(VENV)/.run build/alexnet64.onnx  ## open a page that names your pictures, on this machine (DEMO_PORT=8001)
	@$(BIN)/python -m demo serve --open --port $(DEMO_PORT)

# One worker more than cores, as one often waits for a browser or a program. One thread in each. A
# file's tests stay in one worker, since they share what its fixtures make.
WORKERS = $(shell $(PYTHON) -c "import os; print(min(4, os.cpu_count() + 1))")
PART ?= tests
test: $(VENV)/.dev build/alexnet64.onnx $(NPM) browser  ## run the tests (PART=tests/unit, tests/browser or tests/commands)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PART)

export: $(VENV)/.run  ## export alexnet64 to build/alexnet64.onnx, with its card
	@$(BIN)/python -m model_export

train: $(VENV)/.run  ## train alexnet64 (TINY_IMAGENET=folder or zip; ARGS=--resume goes on)
	@$(TRAIN_ENV) $(BIN)/python -m model_export.train $(ARGS)

lighthouse: site $(NPM) browser  ## measure every page with Lighthouse, three times (long)
	@$(BIN)/python -m tests.support.lighthouse site

snapshots: $(VENV)/.dev browser  ## take the pictures anew with which the key pages are compared
	@$(BIN)/python -m tests.support.snapshots

load: $(VENV)/.dev  ## load-test the server: 64 clients for a minute (ARGS=--seconds 10)
	@$(BIN)/python -m tests.support.serve_load $(ARGS)

lint: $(VENV)/.dev  ## ruff, codespell and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z | xargs -0 $(BIN)/codespell
	$(BIN)/mypy

site: $(VENV)/.run engine  ## strict static build into site/
	@$(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html is built"

offline: $(NPM)  ## the site as one zip that works without a network
	@$(MAKE) --no-print-directory engine
	@OFFLINE=inside $(BIN)/mkdocs build --strict --quiet --site-dir build/offline
	@$(SITEBUILD) offline build/offline build/alexnet-moment-offline.zip
	@OFFLINE=build/alexnet-moment-offline.zip $(BIN)/mkdocs build --strict --quiet
	@echo "site/ is built, with the zip"

# Timings stay out: those of a shared processor mean nothing on another machine.
samples: build/alexnet64.onnx  ## classify the samples anew for the page "How it runs here"
	@$(BIN)/python -m demo classify --device cpu --json demo/samples > build/samples.json
	@mkdir -p $(dir $(SAMPLES_JSON))
	@$(BIN)/python -c "import json, sys; told = json.load(sys.stdin); \
	[row.pop('milliseconds') for row in told['results']]; print(json.dumps(told, indent=1))" \
	< build/samples.json > $(SAMPLES_JSON).new
	@mv $(SAMPLES_JSON).new $(SAMPLES_JSON)

precisions: $(VENV)/.run  ## measure what each precision costs, for the page (TINY_IMAGENET=...)
	@$(BIN)/python -m model_export.records.price_list "$${TINY_IMAGENET:?name the folder or zip of Tiny ImageNet}"

plans: $(VENV)/.run  ## walk the compared networks anew for "Three AlexNets"
	@$(BIN)/python -m model_export.records.plans

inside: $(VENV)/.run  ## look into the network anew for "Layer by layer", after make assets
	@$(BIN)/python -m model_export.records.inside

assets: $(VENV)/.run  ## export the small form that the site itself carries
	@$(BIN)/python -m model_export --precision int4 --taps --output docs/assets/models/alexnet64.onnx
	@$(BIN)/python -m demo reference docs/assets/models/alexnet64.onnx

pictures: $(VENV)/.dev browser  ## draw the preview picture and the icons anew
	@$(SITEBUILD) pictures

notebooks: $(VENV)/.dev  ## run the lessons anew and write them with what came out
	@$(SITEBUILD) notebooks $(ARGS)

print: $(VENV)/.dev browser  ## print the timeline as PDF files, for the site to offer
	@$(SITEBUILD) print

helppages: $(VENV)/.run  ## write the --help of every command into its page
	@$(SITEBUILD) help-pages

measure: build/alexnet64.onnx  ## measure the accuracy anew for the model card (TINY_IMAGENET=...)
	@$(BIN)/python -m demo evaluate "$${TINY_IMAGENET:?name the folder or zip of Tiny ImageNet}" --device cpu --json > build/accuracy.json
	@$(BIN)/python -m model_export.records.model_card build/accuracy.json
	@$(BIN)/python -m model_export

clean:  ## remove what was built (the environment in .venv stays)
	rm -rf build site node_modules .cache .pytest_cache .mypy_cache .ruff_cache

dev: $(VENV)/.dev  ## add the development tools to .venv
	@echo "run $(BIN)/pre-commit install for the checks before each commit"

setup: $(VENV)/.run  ## create .venv with everything that runs
	@echo "$(VENV) is ready: source $(VENV)/bin/activate, once in each terminal"

# By its name in the environment, so that no character of it is the shell's; asked without Python,
# which may not be here yet.
port: export PORT := $(PORT)
port:
	@[[ $$PORT =~ ^[1-9][0-9]{0,4}$$ ]] && (( PORT <= 65535 )) \
	|| { echo "PORT=$$PORT is no port: give a number from 1 to 65535, as in make serve PORT=8001" >&2; exit 2; }
	@! (: <>/dev/tcp/127.0.0.1/$$PORT) 2>/dev/null \
	|| { echo "port $$PORT is taken: stop what listens there, or choose another: make serve PORT=8001" >&2; exit 1; }

# The live page's engine; where npm cannot fetch it, the site is built without and its page says so.
engine: $(VENV)/.run
	@$(MAKE) -s --no-print-directory $(NPM) \
	|| echo "npm could not fetch the live page's engine: the site will be built without it" >&2

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here: install Python 3.11 or newer" >&2; exit 3; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed (PYTHON=python3.12 names another)" >&2; exit 3; }
	@was=$$(ls -d $(VENV) 2>/dev/null); $(PYTHON) -m venv $(VENV) \
	|| { [[ $$was ]] || rm -rf $(VENV); echo "$(PYTHON) -m venv failed: on Debian, apt-get install python3-venv" >&2; exit 3; }

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what runs into $(VENV) (PyTorch and its CUDA libraries: about 6 GB, once)"
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[docs,demo,serve,export,live,notebooks]"
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

build/alexnet64.onnx: $(VENV)/.run $(wildcard model_export/*.py model_export/*/*.py model_export/weights/* model_export/contract/data/*.tsv)
	@$(BIN)/python -m model_export --output $@

$(NPM): package.json package-lock.json | $(VENV)/.run
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=3000
	@touch $@

# Debian's chromium where it is; else apt's, where there is apt, the right to use it and a chromium in
# it (Ubuntu has none); else Playwright's. Firefox comes from apt alone; without it its tests skip.
browser: $(VENV)/.dev
	@as=$$([ "$$(id -u)" = 0 ] || echo sudo -n); \
	apt() { command -v apt-get >/dev/null && $$as true 2>/dev/null \
	&& $$as apt-get update -qq && $$as apt-get install -y -qq --no-install-recommends "$$@"; }; \
	command -v chromium >/dev/null || apt chromium fonts-dejavu-core || $(BIN)/playwright install chromium; \
	command -v firefox-esr >/dev/null || command -v firefox >/dev/null || apt firefox-esr \
	|| echo "no Firefox here: its tests will be skipped"
