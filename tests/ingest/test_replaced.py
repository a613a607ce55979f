"""A delivery that is replaced while a run reads it is loaded by the next run, whenever that happens."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from causalrec.config import Settings
from causalrec.ingest import table
from causalrec.run import Run, open_run
from jobs._stage.runner import run
from jobs.ingest_events import JOB

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDER, DAY = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
STEPS = ("list_files", "read_rows", "past_deliveries", "measure", "_write")


def deliver(settings: Settings, day: dt.date, rows: int) -> None:
    folder = Path(settings.landing_root) / "events" / f"arrival_date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        {"event_id": f"{day} {number}", "event_time": f"{day}T12:00:00Z", "user_id": "u1", "item_id": "i1"}
        | {"event_type": "cart"}
        for number in range(rows)
    ]
    (folder / "new").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "new").replace(folder / "a.jsonl")


@pytest.fixture
def context(tmp_path: Path, spark: "SparkSession") -> Run:
    settings = Settings.model_validate({"paths": {"work": tmp_path}})
    found = open_run(settings, DAY)
    found._spark = spark
    return found


def loaded(context: Run, ds: dt.date, spark: "SparkSession") -> int:
    """Runs the job of ``ds``; rows that the table holds of the older date then."""
    again = open_run(context.settings, ds)
    again._spark = spark
    run(JOB, again)
    return int(context.lake.table("events").read({"arrival_date": [OLDER.isoformat()]}).num_rows)


def test_the_next_run_sees_it(context: Run, spark: "SparkSession", monkeypatch: pytest.MonkeyPatch) -> None:
    """The older of two deliveries that one run takes up is replaced before and after each of its steps."""
    for day in (OLDER, DAY):
        deliver(context.settings, day, rows=1)
    before = JOB.inputs(context.at(OLDER))
    replacements: list[str] = []

    def replacing(step: str) -> Callable[..., object]:
        real = getattr(table, step)

        def step_with_replacements(*args: Any, **options: Any) -> object:  # noqa: ANN401 - hands on what it is given
            for moment in ("before", "after"):
                result = real(*args, **options) if moment == "after" else None
                replacements.append(f"{moment} {step}")
                deliver(context.settings, OLDER, rows=1 + len(replacements))
            return result

        return step_with_replacements

    for step in STEPS:
        monkeypatch.setattr(table, step, replacing(step))
    run(JOB, context)
    monkeypatch.undo()
    assert replacements == [f"{moment} {step}" for step in STEPS for moment in ("before", "after")]
    (was,) = context.ledger.rows(OLDER)
    assert was.inputs == {**before, "code": was.inputs["code"]}
    assert loaded(context, OLDER, spark) == 1 + len(replacements)
    assert len(context.ledger.rows(OLDER)) == 2
