# Every target is one line: the work is done by infra/setup.sh and python -m infra.embedded.
SOURCE ?= demo
RAW ?=
DS ?=
AIRFLOW_PORT ?= 8080
MLFLOW_PORT ?= 5000
SITE_PORT ?= 8090
PYTHON := .venv/bin/python
# a value as one word of the shell, whatever stands in it
q = '$(subst ','\'',$(value $(1)))'
SHOP = --source $(call q,SOURCE) $(if $(value RAW),--raw $(call q,RAW))

# Every job is a process of its own: without cached bytecode each would compile its libraries again.
export PYTHONDONTWRITEBYTECODE :=
# Packages of another Python would stand before the locked ones.
unexport PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help setup nightly backfill up plan cluster test test-fast coverage mutants lint format docs clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## check this machine and install the locked environment (the others do it too)
	@sh infra/setup.sh

nightly: setup ## run one date through Airflow: [SOURCE=demo|hm|native] [RAW=folder] [DS=YYYY-MM-DD]
	@$(PYTHON) -m infra.embedded nightly $(SHOP) $(if $(value DS),--ds $(call q,DS))

plan: setup ## show what a backfill would do: FROM=YYYY-MM-DD TO=YYYY-MM-DD [SOURCE=] [RAW=]
	@$(PYTHON) -m infra.embedded plan $(SHOP) --from $(call q,FROM) --to $(call q,TO)

backfill: setup ## run the missing and stale dates of a range: FROM= TO= [SOURCE=] [RAW=]
	@$(PYTHON) -m infra.embedded backfill $(SHOP) --from $(call q,FROM) --to $(call q,TO)

up: setup ## serve Airflow, MLflow and the site of the shop until Ctrl-C: [SOURCE=] [AIRFLOW_PORT=] [MLFLOW_PORT=] [SITE_PORT=]
	@$(PYTHON) -m infra.embedded up $(SHOP) --airflow-port $(call q,AIRFLOW_PORT) --mlflow-port $(call q,MLFLOW_PORT) --site-port $(call q,SITE_PORT)

cluster: setup ## a platform of processes runs nights while parts of it are killed: [EXECUTOR=celery] [STAY=1: until Ctrl-C]
	@$(PYTHON) -m infra.cluster $(if $(value EXECUTOR),--executor $(call q,EXECUTOR)) $(if $(value STAY),--stay)

test: setup ## run the whole test suite
	@sh infra/test.sh

test-fast: setup ## the tests without Spark, Airflow, MLflow, servers, a browser, trainings and whatever takes seconds
	@sh infra/test.sh --fast

coverage: setup ## the same with the lines that no test runs
	@sh infra/test.sh --cov --cov-report=term:skip-covered

mutants: setup ## change 200 places of the code and count what the tests notice; hours, can be stopped and resumed
	@OMP_NUM_THREADS=1 $(PYTHON) -m infra.mutants

lint: setup ## ruff, mypy --strict, the import rules and the spelling
	@sh infra/lint.sh

format: setup ## let ruff format and sort imports
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

docs: setup ## build the documentation with search into .work/site; needs no network
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=. .venv/bin/mkdocs build --quiet
	@echo "documentation: .work/site/index.html (with search: $(PYTHON) -m http.server --bind 127.0.0.1 --directory .work/site)"

clean: ## remove the environment and caches; shops in .work/ stay
	@rm -rf .venv .work/uv .work/environment .work/spark.jsa .work/spark.stamp .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
