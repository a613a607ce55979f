#!/bin/sh
# The whole suite on two workers, a file on one of them. Arguments go to pytest. Its closing line is the last one printed.
# A third worker on two processors makes the fast tests take half as long again, and the whole suite no shorter.
# Tests of a whole cluster run for many minutes and are left out: -m cluster runs them.
# --fast: without Spark, Airflow, MLflow, servers, browsers, trainings and slow tests; some folders are not even imported.
set -eu
cd "$(dirname "$0")/.."
# One thread each: workers and the jobs that they start share the processors, and waiting threads spin.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
# Hundreds of processes start: without cached bytecode each would compile its libraries again, for many minutes.
export PYTHONDONTWRITEBYTECODE=
if [ "${1:-}" = --fast ]; then
  shift
  for folder in benchmarks dags end_to_end features registry training wheel; do
    set -- --ignore="tests/$folder" "$@"
  done
  set -- -m "not (spark or airflow or server or browser or slow or cluster)" "$@"
else
  set -- -m "not cluster" "$@" # a later -m takes its place
fi
exec .venv/bin/python -m pytest --durations=10 --numprocesses="${TEST_WORKERS:-2}" \
  --dist=loadfile --no-loadscope-reorder "$@"
