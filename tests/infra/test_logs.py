"""What is shown of a failed task's log."""

import json
from pathlib import Path

from infra.embedded.client import TaskRun
from infra.embedded.logs import SHOWN, failure_lines, failure_reason, loss_lines

TASK = TaskRun("train", "failed", 1.0, 2)


def _log(folder: Path) -> Path:
    file = folder / "dag_id=nightly" / "run_id=r" / "task_id=train" / "attempt=2.log"
    file.parent.mkdir(parents=True)
    return file


def test_only_what_the_job_said(tmp_path: Path) -> None:
    file = _log(tmp_path)
    events = [
        "::group::Pre Execute",
        "Running command: x",
        "Output:",
        "epoch 1",
        "loss is NaN -> lower the rate",
    ]
    file.write_text("".join(json.dumps({"event": event}) + "\n" for event in events) + "not json\n")
    assert failure_lines(tmp_path, "nightly", "r", TASK) == [
        "epoch 1", "loss is NaN -> lower the rate", "not json", f"whole log: {file}",
    ]  # fmt: skip


def test_a_long_log_is_cut_at_its_head(tmp_path: Path) -> None:
    _log(tmp_path).write_text("".join(json.dumps({"event": f"line {n}"}) + "\n" for n in range(100)))
    lines = failure_lines(tmp_path, "nightly", "r", TASK)
    assert lines[:-1] == [f"line {n}" for n in range(100 - SHOWN, 100)]


def test_a_task_that_never_started(tmp_path: Path) -> None:
    assert failure_lines(tmp_path, "nightly", "r", TASK) == [
        f"no log at {tmp_path}/dag_id=nightly/run_id=r/task_id=train/attempt=2.log: the task did not start"
    ]


def test_the_reason_of_a_failure_and_what_was_lost(tmp_path: Path) -> None:
    lost = "2026-03-01: LOST 3 of 9 rows (33.3%) as null_id: correct the export"
    unread = "2026-03-01: UNREAD price of 3 rows (33.3%, invalid_type): set decimal_comma"
    lines = ["step 1", lost, "2026-03-01: 3 rows left out", unread, "train broke -> mend it", "bye LOST "]
    _log(tmp_path).write_text("".join(json.dumps({"event": line}) + "\n" for line in lines))
    assert failure_reason(tmp_path, "nightly", "r", TASK) == "train broke -> mend it"
    assert loss_lines(tmp_path, "nightly", "r", TASK) == [lost, unread]
    assert loss_lines(tmp_path / "none", "nightly", "r", TASK) == []
