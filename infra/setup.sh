#!/bin/sh
# Checks this machine, then installs uv and the locked environment. Does nothing where both are current.
set -eu
cd "$(dirname "$0")/.."

. infra/preflight.sh
preflight

stamp=.work/environment
wanted=$("$PYTHON" -c 'import hashlib, pathlib
print(hashlib.sha256(b"".join(pathlib.Path(n).read_bytes() for n in ("uv.lock", "pyproject.toml"))).hexdigest())')
# Spark's virtual machines start from an archive of their classes, made once for each Java and Spark; without it they
# start as well, with two to three times the processor time.
archive() {
    # Java refuses an archive of other files or of another Java, and says nothing
    key="$(ls -ln .venv/lib/python*/site-packages/pyspark/jars/spark-core_*.jar) $("$java" -version 2>&1 | tail -n 1)"
    if [ "$(cat .work/spark.stamp 2>/dev/null)" = "$key" ]; then return; fi
    echo "archiving the classes of Spark (a minute; once)"
    .venv/bin/python -m infra.class_archive >>.work/setup.log 2>&1 ||
        echo "the classes of Spark could not be archived, so Spark starts more slowly (.work/setup.log)"
    echo "$key" >.work/spark.stamp
}

if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    archive
    exit 0
fi

need_disk
mkdir -p .work
if [ ! -x .work/uv/bin/uv ]; then
    echo "installing uv into .work/uv"
    "$PYTHON" -m venv .work/uv >.work/setup.log 2>&1 ||
        stop "$PYTHON cannot create a virtual environment" "install its venv module (Debian: apt-get install python3-venv)"
    .work/uv/bin/python -m pip install --quiet --disable-pip-version-check uv >>.work/setup.log 2>&1 ||
        stop "uv could not be downloaded: $(tail -n 1 .work/setup.log)" "connect this machine to PyPI or a mirror (PIP_INDEX_URL) and run the same command again"
fi
echo "installing the locked environment into .venv (about two minutes, 6 GB; once)"
# with bytecode: a night starts dozens of processes at once, and each would compile the same libraries
.work/uv/bin/uv sync --frozen --quiet --compile-bytecode --python "$PYTHON" ||
    stop "the locked environment could not be installed" "see the line above; without network connect it to PyPI or a mirror (UV_DEFAULT_INDEX) and run the same command again"
echo "$wanted" >"$stamp"
archive
