"""Reads a task's log file as Airflow writes it: one JSON object per line."""

import json
from pathlib import Path

from infra.embedded.client import TaskRun

SHOWN = 30
NOISE = (
    "::", "DAG bundles loaded", "Filling up the DagBag", "Output:", "Running command", "Tmp dir root",
    "Worker startup parse",
)  # fmt: skip


def failure_lines(logs: Path, dag: str, run_id: str, task: TaskRun) -> list[str]:
    """The last lines that the job printed, then the path of the whole log."""
    file = logs / f"dag_id={dag}" / f"run_id={run_id}" / f"task_id={task.task}" / f"attempt={task.tries}.log"
    if not file.is_file():
        return [f"no log at {file}: the task did not start"]
    messages = [_message(line) for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    kept = [message for message in messages if message and not message.startswith(NOISE)]
    return [*kept[-SHOWN:], f"whole log: {file}"]


def _message(line: str) -> str:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return line
    return str(entry.get("event", "")) if isinstance(entry, dict) else line
