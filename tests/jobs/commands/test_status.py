"""What exists, what is stale or missing and why; which dates late data touched."""

import datetime as dt
import json
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.errors import DatasetError
from causalrec.lake import Lake, Ledger, Outcome, Written
from causalrec.lake.record.ledger import late_rows
from causalrec.run import Run, open_run
from jobs._stage.runner import Job, run
from jobs.cli import main
from jobs.commands._shared.late_data import late_lines
from jobs.commands._shared.states import states

DAY, NEXT = dt.date(2026, 3, 1), dt.date(2026, 3, 2)


class Shop:
    """Three real jobs in a row whose inputs and results a test can change."""

    def __init__(self, work: Path) -> None:
        self.settings = Settings.model_validate({"paths": {"work": work}})
        self.lake = Lake(self.settings.lake_root)
        self.inputs = {"ingest_events": "a", "build_dataset": "a", "score": "a"}
        self.results: dict[str, Outcome | Exception] = {}

    @property
    def jobs(self) -> list[Job]:
        return [self._job(name) for name in self.inputs]

    def _job(self, name: str) -> Job:
        def work(_: Run) -> Outcome:
            result = self.results.get(name, Outcome())
            if isinstance(result, Exception):
                raise result
            return result

        return Job(name, lambda _: {"x": self.inputs[name]}, work)

    def context(self, ds: dt.date) -> Run:
        return open_run(self.settings, ds)

    def run(self, *names: str, ds: dt.date = DAY) -> None:
        for job in self.jobs:
            if job.name in names:
                run(job, self.context(ds))

    def states(self, ds: dt.date = DAY) -> list[tuple[str, str, str]]:
        context = self.context(ds)
        found = states(context, self.jobs, context.ledger.rows(ds))
        return [(one.job, one.state, one.why) for one in found]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_what_is_done_missing_and_behind(shop: Shop) -> None:
    shop.run("ingest_events", "build_dataset")
    assert shop.states() == [
        ("ingest_events", "done", ""), ("build_dataset", "done", ""), ("score", "missing", "never ran"),
    ]  # fmt: skip
    shop.run("score")
    shop.inputs["ingest_events"] = "b"
    assert shop.states() == [
        ("ingest_events", "stale", "ingest_events: x changed"),
        ("build_dataset", "stale", "after ingest_events, which is stale"),
        ("score", "stale", "after build_dataset, which is stale"),
    ]


def test_a_failure_says_when_and_why_and_what_still_stands(shop: Shop) -> None:
    shop.results["ingest_events"] = Outcome(
        writes=(Written("events", "arrival_date=2026-03-01", 4, 10, 100, "d", True),)
    )
    shop.run("ingest_events")
    shop.inputs["ingest_events"] = "b"
    shop.results["ingest_events"] = DatasetError("0 rows", do="deliver again")
    with pytest.raises(DatasetError):
        shop.run("ingest_events")
    context = shop.context(DAY)
    first = states(context, shop.jobs, context.ledger.rows(DAY))[0]
    assert first.state == "failed"
    assert first.why.endswith("DatasetError: 0 rows -> deliver again")
    assert first.row is not None
    assert first.row.writes[0]["version"] == 4


def test_late_data_names_event_dates_and_the_nights_that_did_not_know(shop: Shop) -> None:
    shop.results["ingest_events"] = Outcome(counters={"files": 1, "late.2026-03-01": 7, "late.2026-02-27": 2})
    shop.run("ingest_events", ds=NEXT)
    late = late_rows(Ledger(shop.lake).successes("ingest_events").values())
    assert late == {"2026-02-27": {"2026-03-02": 2}, "2026-03-01": {"2026-03-02": 7}}
    assert late_lines(late, DAY, "then") == [
        "late: 7 events of 2026-03-01 arrived after it (7 on 2026-03-02)",
        "unknown to this night: 9 events of 2 dates, 2026-02-27 to 2026-03-01; "
        "a run with dataset.known = today includes them",
    ]
    assert late_lines(late, NEXT, "then") == []


def test_the_command(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(tmp_path))
    monkeypatch.delenv("CAUSALREC_SETTINGS", raising=False)
    assert main(["status"]) == 1
    assert "no job has ever run" in capsys.readouterr().out
    shop.results["ingest_events"] = Outcome(counters={"late.2026-02-28": 3})
    shop.run("ingest_events")
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "status of 2026-03-01" in said
    assert "score (missing): never ran" in said
    assert main(["status", "--from", "2026-02-28", "--to", "2026-03-01"]) == 0
    said = capsys.readouterr().out
    assert "late: 3 events of 2026-02-28 arrived after it (3 on 2026-03-01)" in said
    assert main(["status", "--ds", "2026-03-01", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["jobs"][1]["job"] == "ingest_events"
    assert main(["status", "--from", "2026-03-01"]) == 1


def test_a_narrow_terminal_breaks_no_name_number_or_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(shop.settings.paths.work))
    written = (Written("events", "arrival_date=2026-03-01", 4, 10, 100, "d", True),)
    shop.results["ingest_events"] = Outcome(rows_out=1_234_567, writes=written)
    shop.run("ingest_events")
    (row,) = Ledger(shop.lake).rows(DAY)
    for columns, versions in (("80", False), ("200", True)):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["status"]) == 0
        lines = capsys.readouterr().out.splitlines()
        (line,) = [line for line in lines if "1,234,567" in line]
        assert "ingest_events" in line
        assert f"{row.finished_at:%Y-%m-%d %H:%M}" in line
        assert ("events@4" in line) is versions
        assert {"ingest_products", "behaviour_lists"} <= {line.split()[0] for line in lines if line.split()}
