# Every target a person needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := contracts chassis services deploy tests

.DEFAULT_GOAL := help
.PHONY: help up demo test test-abuse test-edge test-kafka test-pymongo test-mailpit check format lock contracts bench rebuild-home replay clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.13")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "The venv module is missing: install python3-venv."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock \
		|| { echo "A package could not be installed: see above (registry out of reach, or Python headers missing: python3-dev)."; exit 1; }
	@touch $@

up: $(STAMP) ## Start everything on this machine with the demo data; Ctrl-C stops it
	@$(BIN)/python -m deploy.embedded up --data .stack

demo: $(STAMP) ## Walk the whole journey as a client of the running stack (starts one if none runs)
	@$(BIN)/python -m deploy.demo --data .stack

test: $(STAMP) ## Run every test that needs only this machine's Python
	$(BIN)/python -m pytest -n 3 -m "not kafka and not mailpit and not abuse and not edge"

test-abuse: $(STAMP) ## Attack a running stack: one file an abuse; ABUSE=full as the table says, ABUSE=untimed however long others wait
	$(BIN)/python -m pytest tests/abuse

test-edge: $(STAMP) ## Attack deploy/edge/haproxy.cfg in front of a gateway (needs HAProxy: apt-get install haproxy)
	$(BIN)/python -m pytest tests/edge

test-kafka: $(STAMP) ## Run the integration tests and the journey on Apache Kafka (needs Java 17 and Maven)
	COMPTE_TEST_BROKER=kafka $(BIN)/python -m pytest -m "kafka or not (chaos or mailpit)" \
		tests/integration/test_apache_kafka.py tests/integration/test_kafka_access.py tests/integration/chassis tests/journeys

test-pymongo: $(STAMP) ## Run the services' integration tests on PyMongo's asynchronous client instead of Motor
	MONGO_DRIVER=pymongo $(BIN)/python -m pytest -n 3 -m "not kafka and not mailpit" \
		--ignore tests/integration/embedded tests/integration

test-mailpit: $(STAMP) ## Run the mailbox's tests on a real Mailpit too (needs Go)
	GOBIN=$(CURDIR)/.stack-mailpit go install github.com/axllent/mailpit@v1.27.11
	MAILPIT=$(CURDIR)/.stack-mailpit/mailpit $(BIN)/python -m pytest -m mailpit tests/integration/embedded

check: $(STAMP) ## Format, lint, types, import rules, contract drift, dead code, dependencies, lock
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.publish --check
	$(BIN)/python -m deploy.deadcode
	$(BIN)/deptry .
	$(BIN)/python -m deploy.lock --check

format: $(STAMP) ## Format the code and sort its imports
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

lock: $(STAMP) ## Renew requirements.lock from pyproject.toml
	$(BIN)/python -m deploy.lock

contracts: $(STAMP) ## Write the JSON Schemas, OpenAPI and AsyncAPI from the code
	$(BIN)/python -m deploy.publish

bench: $(STAMP) ## Measure against references in the same run; writes bench.json
	$(BIN)/python -m tests.performance

rebuild-home: $(STAMP) ## Rebuild every home page of the running stack from offset 0
	@$(BIN)/python -m deploy.embedded.commands run gateway rebuild

replay: $(STAMP) ## Bring back the dead events of a service: make replay SERVICE=notifications
	@$(BIN)/python -m deploy.embedded.commands replay $(SERVICE)

clean: ## Remove the environment and the stack's data
	rm -rf $(VENV) .stack .stack-mailpit .mypy_cache .ruff_cache .hypothesis
