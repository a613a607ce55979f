#!/bin/sh
# The whole suite. Arguments go to pytest. Its closing line is the last one printed.
set -eu
cd "$(dirname "$0")/.."
exec .venv/bin/python -m pytest --durations=10 "$@"
