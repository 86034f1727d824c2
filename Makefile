# Two commands are all a user needs; each does its own set-up.
#   make leaderboard   run the embedded suite and print its leaderboard
#   make test          run the tests
# PYTHON chooses the interpreter (3.11). TORCH_INDEX, when set, is the package index torch comes from: on Linux
# https://download.pytorch.org/whl/cpu has a build without CUDA that is some gigabytes smaller.
PYTHON ?= python3.11
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# What every command and every worker imports is compiled at once: where PYTHONDONTWRITEBYTECODE is set, each of them
# would compile it anew. The rest of the 2 GB compiles when it is first imported. Left out: torch's
# files in the syntax of later Pythons.
EAGER := click rich pydantic pydantic_core yaml regex filelock numpy psutil ir_measures langcodes tabulate jnius pyarrow \
	torch sympy mpmath transformers huggingface_hub scipy

.PHONY: leaderboard compare readme schemas test check lock clean

leaderboard: $(VENV)/.installed
	$(BIN)/clir run --suite embedded --store results --jobs 2

# What changed since the committed baseline; `clir baseline freeze baselines/embedded.json` makes a new one.
compare: $(VENV)/.installed
	$(BIN)/clir compare baselines/embedded.json results --suite embedded --rules baselines/rules.yaml

# The README's tables from the committed baselines, after a new one; a test holds them current.
readme: $(VENV)/.installed
	$(BIN)/python tools/readme_tables.py

# The JSON Schemas of cells, boards and comparisons, from the types; a test holds them current.
schemas: $(VENV)/.installed
	$(BIN)/python tools/schemas.py

# Trainings run a second time with the instructions of a processor without AVX-512: what they learn holds on both.
AVX2 := ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2
test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2
	$(AVX2) $(BIN)/python -m pytest -n 2 tests/systems/*/test_train*.py

# What .ci/run checks besides the tests: lint, format, types, imports.
check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/import_circles.py

# torch comes first and alone, so that nothing else chooses its version; the lock is complete, so the rest is
# installed as listed, without resolving again.
$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' requirements.lock)"
	$(PIP) --no-deps --requirement requirements.lock
	$(PIP) --no-deps --editable .
	cd $(VENV)/lib/python3*/site-packages && $(CURDIR)/$(BIN)/python -m compileall -q -j 2 -x '/py3[0-9]+_' $(EAGER)
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) --no-deps --requirement requirements-dev.lock
	touch $@

# Resolve the ranges of pyproject.toml again. torch is held: the rest of the lock is tested with this one, and
# releases before and after it bring other libraries.
COMPILE := $(BIN)/pip-compile --quiet --upgrade --strip-extras --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate
lock: $(VENV)/.installed
	$(PIP) pip-tools
	mkdir -p build && echo "torch==2.13.0" > build/torch.txt
	$(COMPILE) --constraint build/torch.txt --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --extra dev --output-file requirements-dev.lock pyproject.toml
	sed -i.bak -E 's/^(torch==[^+]+)\+.*/\1/; /^--/d' requirements.lock requirements-dev.lock
	rm requirements.lock.bak requirements-dev.lock.bak

clean:
	rm -rf $(VENV) results build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
