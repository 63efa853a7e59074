# Needs make, Node >= 20.19 with npm, and Python 3 with pip, for tests Python >= 3.10. No root, no Docker.
# Everything runs on Node 24, which comes with the packages and is first on the PATH.

.DEFAULT_GOAL := help
.PHONY: help setup engines run test check format generate chaos chaos-planted fuzz fuzz-planted bench bench-full bench-compare bench-paths races load clean distclean stopped

HOST_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.installed
# Packages with compiled code are of one version of Python.
PYTHON_INSTALLED := .cache/python/installed-$(shell python3 -c 'import sys; print(sys.implementation.cache_tag)' 2>/dev/null || echo never)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: engines $(PYTHON_INSTALLED) ## Install packages and engines into this folder; only what changed

engines: $(INSTALLED)
	@node packages/engines/scripts/setup.ts

run: engines ## Start everything and show a live fleet; Ctrl-C stops it all; ARGS=--no-fleet without vehicles
	@exec node cli/bin/odograph.mjs up $(ARGS)

test: setup ## Check, then run every test on the real engines
	@exec node tools/verify.ts

check: $(INSTALLED) $(PYTHON_INSTALLED) ## Types, lint, contracts, generated files, prose and pure tests; about a minute on 2 cores
	@exec node tools/verify.ts --project=unit

format: $(INSTALLED) $(PYTHON_INSTALLED) ## Format, and fix what the linter can fix
	@biome check --write .
	@clients/python/scripts/python -m ruff format --quiet clients/python
	@clients/python/scripts/python -m ruff check --quiet --fix clients/python

generate: $(INSTALLED) $(PYTHON_INSTALLED) ## Write every file that is generated
	@exec node tools/generate.ts

chaos: engines ## Break the platform 200 times and judge it; ARGS='--rounds 20 --seed 7' for less
	@exec node chaos/scripts/chaos.ts $(ARGS)

chaos-planted: engines ## Plant bugs in the platform, and require that chaos finds each
	@exec node chaos/scripts/planted.ts $(ARGS)

fuzz: engines ## Throw a million hostile inputs at a platform and judge it; INPUTS=20000 for less
	@exec node fuzz/scripts/fuzz.ts $(if $(INPUTS),--inputs $(INPUTS)) $(ARGS)

fuzz-planted: engines ## Plant bugs in the platform, and require that the fuzzer finds each
	@exec node fuzz/scripts/planted.ts $(ARGS)

bench: engines ## Measure against the references, in about five minutes
	@exec node bench/scripts/bench.ts $(ARGS)

bench-full: engines ## The same for longer, with more repeats and growth, in half an hour
	@exec node bench/scripts/bench.ts --form full $(ARGS)

bench-compare: engines ## Compare the ratios of the newest run with the baseline
	@exec node bench/scripts/compare.ts $(ARGS)

bench-paths: engines ## Measure our own code alone, step by step, without engines
	@exec node bench/scripts/paths.ts

races: engines ## Run the races of caches on ours and on bentocache, side by side, in half a minute
	@exec node bench/scripts/races.ts

load: engines ## Add users and vehicles until it breaks; ARGS=--quick for three minutes
	@exec node bench/scripts/load.ts $(ARGS)

clean: stopped ## Remove what setup and tests made; keeps the data in .data
	rm -rf node_modules .engines .cache

distclean: clean ## The same, and remove the data too
	rm -rf .data

# Refuses while a platform runs here.
stopped:
	@[ ! -f $(INSTALLED) ] || node cli/scripts/stopped.ts

# The stamp is written last, so an interrupted installation is repeated.
$(INSTALLED): package-lock.json
	@command -v npm >/dev/null || { echo 'setup: npm is not on PATH; install Node >= 20.19, which brings it'; exit 1; }
	@echo 'packages: installing with npm, about a minute the first time'
	@PATH="$(HOST_PATH)" npm ci --no-audit --no-fund --loglevel=error --no-progress
	@case "$$(node -p process.versions.node)" in 2[4-9].*|[3-9][0-9].*) ;; \
	  *) echo "setup: here Node does not come with the packages: put Node >= 24.11 on PATH"; exit 1 ;; esac
	@touch $@

# Only what generates, tests and checks the Python client; into a folder, because pip may not write elsewhere.
$(PYTHON_INSTALLED): clients/python/requirements.txt
	@python3 -m pip --version >/dev/null 2>&1 || { echo 'setup: install Python 3.10 or newer with pip (Debian, Ubuntu: apt-get install python3-pip)'; exit 1; }
	@echo 'packages: installing with pip, half a minute the first time'
	@rm -rf $(dir $@)
	@PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet \
	  --no-deps --require-hashes --only-binary=:all: --target $(dir $@)packages -r $<
	@touch $@
