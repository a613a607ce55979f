#!/bin/sh
# The whole suite with coverage. Arguments go to pytest. Its closing line is the last one printed.
set -eu
cd "$(dirname "$0")/.."
exec .venv/bin/python -m pytest --cov --cov-report=term:skip-covered --durations=10 "$@"
