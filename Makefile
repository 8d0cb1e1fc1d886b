# Two commands need nothing else typed: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
# Images of Python forbid it to keep what it compiled; here every started service and worker would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-long simulate adversary kills sweeps deliveries machine soak lint types ci clean

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Python 3.11 is needed; name it with: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing (about two minutes, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	@$(BIN)/crm-connector demo

test: $(READY)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not slow and not fresh and not deep"

test-long: $(READY)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "slow and not fresh and not deep"

simulate: $(READY)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "fresh"

# A thousand SIGKILLs of a real daemon (half an hour); KILLS=50 for fewer.
KILLS ?= 1000
kills: $(READY)
	@$(BIN)/python -m tests.sweeps.killed --kills $(KILLS) --seed $$(date +%s)

# Every n-th call fails in one whole story on each CRM (half an hour).
sweeps: $(READY)
	@$(BIN)/python -m tests.sweeps.nth_call

# Ten thousand webhook deliveries over a bad line, as one run.
deliveries: $(READY)
	@$(BIN)/python -m tests.sweeps.deliveries --deliveries 10000

# The state machine of two CRMs with many more examples.
machine: $(READY)
	@TWO_CRMS_EXAMPLES=$${TWO_CRMS_EXAMPLES:-300} $(BIN)/python -m pytest -q --timeout 0 tests/property/test_two_crms.py

# Thirty minutes of the real service under load, then 72 days in held time.
soak: $(READY)
	@$(BIN)/python -m tests.sweeps.soak real --minutes 30
	@$(BIN)/python -m tests.sweeps.soak simulated --days 72

# Worst-case answers for every agent from the day's seed (CRM_CONNECTOR_SEED repeats one); `make test-long` has ten thousand.
adversary: $(READY)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "deep"

lint: $(READY)
	@$(BIN)/ruff check connector adapters tests benchmarks
	@$(BIN)/lint-imports --verbose

types: $(READY)
	@$(BIN)/mypy

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache test-output
