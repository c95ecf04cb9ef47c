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
# glibc's allocator gives large pages back at once; keeping them makes CPU training a fifth faster.
TRAIN_ENV := MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_TOP_PAD_=200000000 \
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1

# PyTorch's wheel on PyPI for this kind of machine does not load without 4 GB of CUDA libraries. Without
# a driver they are of no use, so the site and the runner do without PyTorch until something needs it.
MACHINE := $(shell uname -s)-$(shell uname -m)
DRIVER := $(wildcard /proc/driver/nvidia/version)
LIGHT := $(if $(filter Linux-x86_64,$(MACHINE)),$(if $(DRIVER)$(wildcard $(VENV)/.run),,yes))
READY := $(VENV)/$(if $(LIGHT),.light,.run)

# The theme's notice about another product; what we do about it is our own decision record.
export NO_MKDOCS_2_WARNING := 1

# Every verb; none is a file.
.PHONY: $(shell awk -F: '/^[a-z]+:/ {print $$1}' $(MAKEFILE_LIST))

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: port $(READY) $(if $(LIGHT),,build/alexnet64.onnx) engine  ## set up, export, classify the samples, serve the site (PORT=8000)
	@$(BIN)/python -m demo classify demo/samples
	@$(if $(LIGHT),echo "PyTorch was left out as there is no NVIDIA driver here; make export installs it (6 GB)")
	@echo "The site, in a few seconds: http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)"
	@$(BIN)/mkdocs serve --quiet --livereload --dev-addr 127.0.0.1:$(PORT)

demo: $(VENV)/.run build/alexnet64.onnx  ## open a page that names your pictures, on this machine (DEMO_PORT=8001)
	@$(BIN)/python -m demo serve --open --port $(DEMO_PORT)

# One worker more than cores, as one often waits for a browser or a program. One thread in each. A
# file's tests stay in one worker, since they share what its fixtures make; the folders come in their
# order, so that quick tests come last and no long file ends the run alone.
WORKERS = $(shell $(PYTHON) -c "import os; print(min(4, os.cpu_count() + 1))")
PART ?= tests
test: $(VENV)/.dev build/alexnet64.onnx $(NPM) browser  ## run the tests (PART=tests/unit, tests/browser or tests/commands)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 25 $(PART)

export: $(VENV)/.run  ## export alexnet64 to build/alexnet64.onnx, with its card
	@$(BIN)/python -m model_export

train: $(VENV)/.run  ## train alexnet64 (TINY_IMAGENET=folder or zip; ARGS=--resume goes on)
	@$(TRAIN_ENV) $(BIN)/python -m model_export train $(ARGS)

lighthouse: site $(NPM) browser  ## measure every page with Lighthouse, three times (long)
	@$(BIN)/python -m tests.support.lighthouse site

snapshots: $(VENV)/.dev browser  ## take new pictures of the key pages, for the test that compares them
	@$(BIN)/python -m tests.support.snapshots

load: $(VENV)/.dev  ## load-test the server: 64 clients for a minute (ARGS=--seconds 10)
	@$(BIN)/python -m tests.support.serve_load $(ARGS)

lint: $(VENV)/.dev  ## ruff, codespell and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z | xargs -0 $(BIN)/codespell
	$(BIN)/mypy

site: $(READY) engine  ## strict static build into site/
	@$(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html is built"

offline: $(NPM)  ## the site as one zip that works without a network
	@$(MAKE) --no-print-directory engine
	@OFFLINE=inside $(BIN)/mkdocs build --strict --quiet --site-dir build/offline
	@$(SITEBUILD) offline build/offline build/alexnet-moment-offline.zip
	@OFFLINE=build/alexnet-moment-offline.zip $(BIN)/mkdocs build --strict --quiet
	@echo "site/ is built, with the zip"

# Everything in git that a program measured or drew, with what it is made from: one graph, so that
# new weights reach every page with `make records TINY_IMAGENET=...`. One file of it is made by its
# name. Make compares times, which a fresh clone does not have: touch what changed, or make -B FILE.
# Outside of it, as they need other engines, a GPU or POV-Ray: docs/data/benchmarks and
# evaluation.json (demo benchmark, demo evaluate), demo/samples/scenes (render.sh). And
# photographs.json: demo evaluate on a folder of the photographs that it names, by WordNet id.
WEIGHTS := model_export/weights/alexnet64.safetensors model_export/weights/training.json
MEASURED := model_export/weights/accuracy.json
SITE_MODEL := docs/assets/models/alexnet64.onnx
RESULTS := docs/data/results
GRADIENT := $(addprefix $(SITE_MODEL:.onnx=-gradient),.onnx .reference.json)
LEARNING := docs/assets/learning/shapes.onnx
SAMPLES := $(wildcard model_export/contract/data/samples/*.jpg)
PORTRAITS := $(patsubst %,docs/assets/portraits/%.json,conv1 conv2 conv3 conv4 conv5 fc6 fc7 classes)
GROWN := $(PORTRAITS:.json=-1.webp)
LESSONS := $(wildcard docs/notebooks/*-*.py)
TIMED := docs/notebooks/why-gpus.ipynb docs/notebooks/shrink-it.ipynb
EXPORTER := $(wildcard model_export/[a-s]*.py model_export/contract/*.py model_export/contract/data/*.tsv \
	model_export/forms/*.py model_export/sources/*.py)
DATA_SET = $${TINY_IMAGENET:?name the folder or zip of Tiny ImageNet}

RECORDS := $(MEASURED) $(LEARNING) $(SITE_MODEL) $(SITE_MODEL:.onnx=.reference.json) $(GRADIENT) \
	$(addprefix $(RESULTS)/,samples.json reliability.json inside.json plans.json ladder.json learning.json) $(PORTRAITS) docs/assets/atlas/colours.json $(filter-out $(TIMED),$(LESSONS:.py=.ipynb)) \
	docs/assets/img/icon-512.png docs/assets/fonts/text.woff2 docs/reference/command-line.md

records: $(RECORDS)  ## renew all that a program measured or drew (TINY_IMAGENET=...)
	@echo "records are up to date; next: make timings on a quiet machine, then make snapshots"

timings: $(addprefix $(RESULTS)/,precisions.json serve_load.json ladder_speed.json) $(TIMED)  ## the records that need a quiet machine (TINY_IMAGENET=...)

$(MEASURED): $(WEIGHTS) | $(VENV)/.run
	$(BIN)/python -m model_export --output build/unmeasured.onnx
	$(BIN)/python -m demo evaluate "$(DATA_SET)" --model build/unmeasured.onnx --device cpu --json > build/accuracy.json
	$(BIN)/python -m model_export record model_card build/accuracy.json
	rm -f build/alexnet64.onnx  # its card has these figures

$(SITE_MODEL): $(WEIGHTS) $(MEASURED) $(EXPORTER) $(SAMPLES) | $(VENV)/.run
	$(BIN)/python -m model_export --precision int4 --taps --output $@

$(LEARNING): model_export/learning_export.py model_export/forms/learning.py model_export/training/drawn.py | $(VENV)/.run
	$(BIN)/python -m model_export record learning $(@D)

# Takes some minutes of one core.
$(RESULTS)/learning.json: model_export/records/learning.py $(LEARNING)
	$(BIN)/python -m model_export record learning

$(SITE_MODEL:.onnx=.reference.json): $(SITE_MODEL)
	$(BIN)/python -m demo reference $<

$(GRADIENT) &: model_export/records/gradient.py model_export/forms/gradient.py $(SITE_MODEL:.onnx=.reference.json)
	$(BIN)/python -m model_export record gradient

# From the very file that the page runs. Without times: a shared processor's mean nothing elsewhere.
$(RESULTS)/samples.json: $(SITE_MODEL) $(SAMPLES)
	@mkdir -p build
	$(BIN)/python -m demo classify --model $< --device cpu --json demo/samples > build/samples.json
	$(BIN)/python -c "import json; answers = json.load(open('build/samples.json')); \
	[row.pop('milliseconds') for row in answers['results']]; print(json.dumps(answers, indent=1))" > build/untimed.json
	mv build/untimed.json $@

$(RESULTS)/reliability.json: $(SITE_MODEL)
	@mkdir -p build
	$(BIN)/python -m demo evaluate "$(DATA_SET)" --model $< --device cpu --json > build/site_model.json
	$(BIN)/python -c "import json; found = json.load(open('build/site_model.json')); \
	kept = {'model_sha256': found['model']['sha256']}; kept.update({name: found[name] for name in \
	('dataset', 'count', 'top1', 'temperature', 'reliability', 'without_temperature')}); \
	print(json.dumps(kept, indent=1))" > build/reliability.json
	mv build/reliability.json $@

$(RESULTS)/inside.json: model_export/records/inside.py $(SITE_MODEL) $(SAMPLES)
	$(BIN)/python -m model_export record inside

$(RESULTS)/ladder.json: model_export/records/ladder.py $(wildcard model_export/ladder/*.py) $(SITE_MODEL) $(RESULTS)/plans.json $(SAMPLES) | $(VENV)/.dev
	$(BIN)/python -m model_export record ladder "$(DATA_SET)"

# A layer at a time, so that what is grown stays; its first sheet is written last.
docs/assets/portraits/%-1.webp: $(WEIGHTS) model_export/records/portraits.py | $(VENV)/.run
	$(BIN)/python -m model_export record portraits $*

$(PORTRAITS) &: $(GROWN) model_export/records/atlas.py $(SAMPLES)
	$(BIN)/python -m model_export record atlas "$(DATA_SET)"

docs/assets/atlas/colours.json: $(GROWN) model_export/records/colours.py
	$(BIN)/python -m model_export record colours

$(RESULTS)/plans.json: model_export/records/plans.py model_export/architectures.py model_export/networks.py | $(VENV)/.run
	$(BIN)/python -m model_export record plans

$(RESULTS)/precisions.json: model_export/records/price_list.py $(WEIGHTS) $(EXPORTER) | $(VENV)/.run
	$(BIN)/python -m model_export record price_list "$(DATA_SET)"

$(RESULTS)/serve_load.json: tests/support/serve_load.py $(wildcard demo/server/*.py) | $(VENV)/.dev
	$(BIN)/python -m tests.support.serve_load --save $@

$(RESULTS)/ladder_speed.json: tests/support/ladder_speed.py docs/assets/js/ladder/rungs.js docs/assets/models/ladder.safetensors $(SITE_MODEL) | site browser
	PYTHONPATH=docs/hooks $(BIN)/python -m tests.support.ladder_speed site --save $@

docs/notebooks/%.ipynb: docs/notebooks/%.py docs/notebooks/lesson.py docs/data/facts.yml $(SITE_MODEL) $(SAMPLES) | $(VENV)/.dev
	$(SITEBUILD) notebooks $*

# The data that a lesson reads.
docs/notebooks/contest-in-numbers.ipynb: docs/data/ilsvrc.yml docs/data/experiments.yml
docs/notebooks/meet-alexnet.ipynb: $(MEASURED)
docs/notebooks/shrink-it.ipynb: $(WEIGHTS) $(RESULTS)/precisions.json
docs/notebooks/train-it.ipynb: docs/data/experiments.yml
docs/notebooks/what-layers-see.ipynb: $(WEIGHTS)
docs/notebooks/why-gpus.ipynb: docs/data/gpus.yml docs/data/layers.yml $(wildcard docs/data/benchmarks/*.json)

docs/assets/img/icon-512.png: docs/hooks/sitebuild/tools/pictures.py | $(VENV)/.dev browser
	$(SITEBUILD) pictures

docs/assets/fonts/text.woff2: docs/hooks/sitebuild/tools/fonts.py package-lock.json | $(VENV)/.dev $(NPM)
	$(SITEBUILD) fonts

docs/reference/command-line.md: $(EXPORTER) $(wildcard demo/*.py) | $(VENV)/.run
	$(SITEBUILD) help-pages

notebooks: $(VENV)/.dev  ## run every lesson and write it with what came out
	@$(SITEBUILD) notebooks $(ARGS)

print: $(VENV)/.dev browser  ## print the timeline as PDF files, for the site to offer
	@$(SITEBUILD) print

# Of the 61-million-parameter network with random weights. Ratios within rounds; it judges nothing.
# On a quiet machine: the pages show what it writes.
FORMS := build/random61m-fp32.onnx build/random61m-int8.onnx
bench: $(VENV)/.dev  ## measure the speeds that the pages show, beside PyTorch and OpenVINO (long)
	@$(BIN)/python -m model_export random-weights imagenet1k build/random61m.safetensors
	@$(BIN)/python -m model_export build/random61m.safetensors --output build/random61m-fp32.onnx
	@$(BIN)/python -m model_export build/random61m.safetensors --precision int8 --allow-loss \
	--calibrate model_export/contract/data/samples --output build/random61m-int8.onnx
	@$(BIN)/python -m demo benchmark $(FORMS) --rounds 15 --save docs/data/benchmarks
	@$(BIN)/python -m demo benchmark $(FORMS) --photographs 384 --rounds 15 --json > build/evaluation.json
	@mv build/evaluation.json docs/data/results/evaluation.json

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
engine: $(READY)
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
	@touch $(VENV)/.light $@

$(VENV)/.light: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the site and the runner into $(VENV) (about 0.4 GB to download, once)"
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[docs,demo,live]"
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

# Not of $(MEASURED), whose rule needs the data set: in a fresh clone every file has some time or other.
build/alexnet64.onnx: $(VENV)/.run $(WEIGHTS) $(wildcard model_export/*.py model_export/*/*.py model_export/contract/data/*.tsv)
	@$(BIN)/python -m model_export --output $@

$(NPM): package.json package-lock.json | $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=3000
	@touch $@

# Debian's chromium where it is; else apt's, where there is apt, the right to use it and a chromium in
# it (Ubuntu has none); else Playwright's. Firefox comes from apt alone; without it its tests skip.
browser: $(VENV)/.dev
	@as=$$([ "$$(id -u)" = 0 ] || echo sudo -n); \
	apt() { command -v apt-get >/dev/null && $$as true 2>/dev/null \
	&& $$as apt-get update -qq && $$as apt-get install -y -qq --no-install-recommends "$$@"; }; \
	command -v chromium >/dev/null || apt chromium fonts-dejavu-core || $(BIN)/playwright install chromium; \
	command -v chromium-headless-shell >/dev/null || apt chromium-headless-shell \
	|| echo "no chromium-headless-shell here: the tests open pages with Chromium itself, which takes longer"; \
	command -v firefox-esr >/dev/null || command -v firefox >/dev/null || apt firefox-esr \
	|| echo "no Firefox here: its tests will be skipped"
