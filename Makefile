# make play | test | test-slow | check | bench: each does its own set-up in .venv and needs only Python, pip and venv.

PYTHON ?= python3
# An operator with a GPU may pin another torch: make play CONSTRAINTS=gpu.txt
CONSTRAINTS ?= constraints.txt
PORT ?= 8765
VENV ?= .venv
# test processes at a time; each has a bot and a database server of its own
WORKERS ?= auto
BIN := $(VENV)/bin
SOURCES := bot cogs services embeddings playground demo benchmarks tests

.PHONY: play test test-slow check format bench clean

play: $(VENV)/.for-use
	@PORT=$(PORT) $(BIN)/python -m bot play

test: $(VENV)/.for-development
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow" $(ARGS)

test-slow: $(VENV)/.for-development
	@$(BIN)/python -m pytest -m slow $(ARGS)

check: $(VENV)/.for-development
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

format: $(VENV)/.for-development
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.for-development
	@$(BIN)/python -m benchmarks

clean:
	@rm -rf $(VENV)

$(VENV)/.for-use: pyproject.toml $(CONSTRAINTS)
	@echo "setting up $(VENV) (once; one to two minutes) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) --editable .
	@touch $@

$(VENV)/.for-development: $(VENV)/.for-use
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) --editable '.[dev]'
	@touch $@
