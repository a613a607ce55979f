"""What people see of a night while it runs: reasons and losses, once each, in red and in Airflow's notes."""

import datetime as dt
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from infra.embedded.client import DagRun, TaskRun
from infra.embedded.errors import EmbeddedError
from infra.embedded.session import AirflowSession
from infra.embedded.watch import run_dates

DAY = dt.date(2026, 3, 1)
LOST = f"{DAY}: LOST 3 of 9 rows (33.3%) as null_id: correct the export"


@dataclass
class Answers:
    """An API server that has one run, which goes on for a few looks and then has failed."""

    goes_on: int = 0
    refuses_notes: bool = False
    notes: dict[str, str] = field(default_factory=dict)
    paused: list[bool] = field(default_factory=list)
    backfills: list[str] = field(default_factory=list)

    def is_paused(self, dag: str) -> bool:
        return True

    def set_paused(self, dag: str, paused: bool) -> None:
        self.paused.append(paused)

    def create_backfill(self, dag: str, first: dt.date, last: dt.date) -> None:
        if self.backfills:
            raise EmbeddedError("Airflow answered 409: there is already a running backfill", do="wait")
        self.backfills.append(dag)

    def close_backfills(self, dag: str) -> int:
        self.backfills.clear()
        return 1

    def runs(self, dag: str, first: dt.date, last: dt.date) -> list[DagRun]:
        self.goes_on -= 1
        return [DagRun("r", DAY, "failed" if self.goes_on < 0 else "running")]

    def tasks(self, dag: str, run_id: str) -> list[TaskRun]:
        return [TaskRun("ingest_events", "success", 1.0, 1), TaskRun("train", "failed", 1.0, 1)]

    def set_note(self, dag: str, run_id: str, task: str, note: str) -> None:
        if self.refuses_notes:
            raise EmbeddedError("Airflow answered 500", do="look")
        assert self.goes_on < 0, "a change through the API while tasks run can block all of them"
        self.notes[task] = note


def watched(answers: Answers, folder: Path) -> str:
    for task, line in (("ingest_events", LOST), ("train", "no dataset -> build one")):
        file = folder / "logs" / "dag_id=nightly" / "run_id=r" / f"task_id={task}" / "attempt=1.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"event": line}))
    session = SimpleNamespace(
        client=answers,
        shop=SimpleNamespace(airflow_home=folder),
        processes=SimpleNamespace(check=lambda: None),
    )
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system="standard")
    run_dates(cast(AirflowSession, session), "nightly", DAY, DAY, console)
    return cast(io.StringIO, console.file).getvalue()


@pytest.mark.parametrize("refuses", [False, True])
def test_losses_and_reasons_are_told_once_in_red(tmp_path: Path, refuses: bool) -> None:
    answers = Answers(refuses_notes=refuses)
    shown = watched(answers, tmp_path)
    for line in (f"ingest_events {LOST}", f"train {DAY}: no dataset -> build one"):
        assert shown.count(f"\x1b[1;31m{line}") == 1
    told = {"ingest_events": LOST, "train": f"{DAY}: no dataset -> build one"}
    assert answers.notes == ({} if refuses else told)
    assert ("no note in Airflow" in shown) is refuses
    assert answers.paused == [False, True]


def test_notes_are_left_once_no_task_runs_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.embedded.watch.POLL_SECONDS", 0)
    answers = Answers(goes_on=3)
    assert watched(answers, tmp_path).count(f"ingest_events {LOST}") == 1
    assert answers.notes["ingest_events"] == LOST


def test_a_range_may_follow_another_at_once(tmp_path: Path) -> None:
    """Airflow closes a backfill up to half a minute after its last run, and allows only one of a DAG."""
    answers = Answers()
    for _ in range(2):
        assert "failed" in watched(answers, tmp_path)
    assert answers.backfills == []
