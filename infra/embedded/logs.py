"""Reads a task's log file as Airflow writes it: one JSON object per line."""

import json
import re
from pathlib import Path

from causalrec.lake.outcome import LOUD
from infra.embedded.client import TaskRun

SHOWN = 30
CURE = " -> "  # separates what happened from what to do, in every error of the jobs
DATE = r"\d{4}-\d\d-\d\d"
LOSS = re.compile(rf"{DATE}(?: to {DATE}, \d+ dates)?: (?:{'|'.join(LOUD)})")
NOISE = (
    "::", "DAG bundles loaded", "Filling up the DagBag", "Output:", "Running command", "Tmp dir root",
    "Worker startup parse",
)  # fmt: skip


def failure_lines(logs: Path, dag: str, run_id: str, task: TaskRun) -> list[str]:
    """The last lines that the job printed, then the path of the whole log."""
    file = _log_file(logs, dag, run_id, task)
    if not file.is_file():
        return [f"no log at {file}: the task did not start"]
    return [*_messages(file)[-SHOWN:], f"whole log: {file}"]


def failure_reason(logs: Path, dag: str, run_id: str, task: TaskRun) -> str:
    """The line that says what happened and what to do; else the last one."""
    lines = failure_lines(logs, dag, run_id, task)
    return next((line for line in reversed(lines) if CURE in line), lines[-1])


def loss_lines(logs: Path, dag: str, run_id: str, task: TaskRun) -> list[str]:
    """The job's lines about lost rows, pictures and values: ``DATE: LOST …`` and ``DATE: UNREAD …``."""
    file = _log_file(logs, dag, run_id, task)
    return [line for line in _messages(file) if LOSS.match(line)] if file.is_file() else []


def _log_file(logs: Path, dag: str, run_id: str, task: TaskRun) -> Path:
    return logs / f"dag_id={dag}" / f"run_id={run_id}" / f"task_id={task.task}" / f"attempt={task.tries}.log"


def _messages(file: Path) -> list[str]:
    found = [_message(line) for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    return [message for message in found if message and not message.startswith(NOISE)]


def _message(line: str) -> str:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return line
    return str(entry.get("event", "")) if isinstance(entry, dict) else line
