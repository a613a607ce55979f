"""A scheduler that is lost with its tasks, and a training that is approved over the API.

It starts the whole platform for three minutes of CPU, so ``make test`` leaves it out.
"""

from pathlib import Path

import pytest

from tests.cluster.toys import played

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]

SCRIPT = """#!/bin/sh
echo "$1 $2" >> "{calls}"
case $1 in
build_dataset) sleep 20 ;; # long enough to be running when the scheduler dies
need_approval) echo '{"version": "2", "text": "Version 2"}' ;;
answer) echo "$CAUSALREC_ANSWER $CAUSALREC_ANSWER_VERSION $CAUSALREC_ANSWER_BY" >> "{calls}" ;;
esac
"""


def test_what_ran_under_a_lost_scheduler_runs_again(tmp_path: Path, root: Path) -> None:
    calls, script = tmp_path / "calls", tmp_path / "job.sh"
    script.write_text(SCRIPT.replace("{calls}", str(calls)))
    script.chmod(0o755)
    lines = played(tmp_path / "cluster", root, f"exec {script} {{job}} {{ds}}", "local")
    lost = "the scheduler was killed with its children and started again, while build_dataset of 2026-03-01"
    (struck,) = (number for number, line in enumerate(lines) if line.startswith(lost))
    ended = [line for line in lines[struck:] if line.startswith("2026-03-01 build_dataset: success")]
    assert len(ended) == 1
    called = calls.read_text().splitlines()
    assert called.count("build_dataset 2026-03-01") in (1, 2)  # it may have been killed before its first word
    assert called.count("build_dataset 2026-03-02") == 2  # in its night and in the training
    assert all(called.count(f"publish {ds}") == 1 for ds in ("2026-03-01", "2026-03-02"))
    assert called[-1] == "Approve 2 admin"
