#!/bin/sh
# All static checks; stops at the first that fails.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/ruff check --quiet .
.venv/bin/ruff format --check --quiet .
.venv/bin/mypy causalrec jobs dags infra tests benchmarks
.venv/bin/lint-imports --no-cache
.venv/bin/codespell
