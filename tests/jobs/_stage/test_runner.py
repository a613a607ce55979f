"""Skip, do, record: the life of every job."""

import datetime as dt
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pyarrow as pa
import pytest
from rich.console import Console
from rich.table import Table

from causalrec.config import Settings
from causalrec.contracts import load_contract
from causalrec.errors import PinError, QualityError
from causalrec.lake import Lake, Ledger, Outcome, Written
from causalrec.lake.outcome import Pin
from causalrec.lake.record.lineage_facets import Parent
from causalrec.run import Run
from jobs._stage.airflow import parent_of
from jobs._stage.runner import EXIT_REFUSED, Job, fingerprint, main, run
from jobs._terminal.progress import Terminal

MARCH_1, MARCH_2 = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
TOY = "causalrec.errors"  # any module of the project


@dataclass
class Work:
    """A job whose inputs and result can be set, and that counts its runs."""

    inputs: dict[str, str] = field(default_factory=lambda: {"events": "d1"})
    result: Outcome | dict[dt.date, Outcome] | Exception = field(default_factory=Outcome)
    runs: int = 0

    def job(self) -> Job:
        return Job("toy", lambda _: self.inputs, self._work, module=TOY)

    def _work(self, _: Run) -> Outcome | Mapping[dt.date, Outcome]:
        self.runs += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def context(tmp_path: Path) -> Run:
    lake = Lake(str(tmp_path / "lake"))
    settings = Settings.model_validate({"paths": {"work": tmp_path}})
    return Run(settings, lake, Ledger(lake), MARCH_1, Terminal(Console(file=io.StringIO(), width=200)))


def shown(context: Run) -> str:
    assert isinstance(context.progress, Terminal)
    assert isinstance(context.progress.console.file, io.StringIO)
    return context.progress.console.file.getvalue()


def test_the_second_run_is_skipped(context: Run) -> None:
    work = Work(result=Outcome(rows_in=3, rows_out=2, rejects={"duplicate": 1}))
    (first,) = run(work.job(), context)
    (second,) = run(work.job(), context)
    assert (work.runs, second) == (1, first)
    assert (first.status, first.rows_in, first.rows_out, first.rows_rejected) == ("success", 3, 2, 1)
    assert "toy 2026-03-01: up to date" in shown(context)


def test_changed_inputs_force_and_failure_run_again(context: Run) -> None:
    work = Work()
    run(work.job(), context)
    work.inputs = {"events": "d2"}
    run(work.job(), context)
    context.force = True
    run(work.job(), context)
    assert work.runs == 3
    assert len(context.ledger.rows(MARCH_1)) == 3


def test_a_job_that_makes_its_inputs_is_skipped_the_second_time(context: Run) -> None:
    made: list[str] = []

    def work(_: Run) -> Outcome:
        made.append("x")
        return Outcome()

    job = Job("maker", lambda _: {"made": str(len(made))}, work, makes_inputs=True, module=TOY)
    run(job, context)
    run(job, context)
    assert made == ["x"]


def test_another_date_is_another_run(context: Run) -> None:
    work = Work()
    run(work.job(), context)
    context.ds = MARCH_2
    run(work.job(), context)
    assert work.runs == 2


def test_a_failure_is_recorded_and_raised(context: Run) -> None:
    work = Work(result=QualityError("3 of 4 rows rejected", do="look at the delivery"))
    with pytest.raises(QualityError):
        run(work.job(), context)
    (row,) = context.ledger.rows(MARCH_1, "toy")
    assert row.status == "failed"
    assert row.note == "QualityError: 3 of 4 rows rejected -> look at the delivery"
    assert context.ledger.last_success("toy", MARCH_1) is None
    work.result = Outcome()
    run(work.job(), context)
    assert work.runs == 2


def test_a_table_that_another_engine_vacuumed_is_named_before_the_work(context: Run) -> None:
    table, work = context.lake.table("products"), Work()
    texts = {column.name: "x" for column in table.schema if column.type == pa.string()}
    row = dict.fromkeys(table.schema.names) | texts | {"image_refs": [], "arrival_date": MARCH_1}
    row |= {"source_line": 1, "updated_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}
    table.replace(pa.Table.from_pylist([row], schema=table.schema), {"arrival_date": "2026-03-01"})
    table.location.delete([table.created().files[0].path])
    with pytest.raises(PinError, match="products@1: 1 of 1 data files are gone"):
        run(replace(work.job(), name="embed_texts"), context)
    assert work.runs == 0
    (failed,) = context.ledger.rows()
    assert (failed.status, failed.job) == ("failed", "embed_texts")
    run(replace(work.job(), name="ingest_products"), context)  # what writes it may mend it
    assert work.runs == 1


def test_a_table_without_its_newest_log_entry_is_written_again(context: Run) -> None:
    table = context.lake.table("products")
    texts = {column.name: "x" for column in table.schema if column.type == pa.string()}
    row = dict.fromkeys(table.schema.names) | texts | {"image_refs": [], "arrival_date": MARCH_1}
    row |= {"source_line": 1, "updated_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}
    rows = pa.Table.from_pylist([row], schema=table.schema)

    def work(_: Run) -> Outcome:
        return Outcome(writes=(table.replace(rows, {"arrival_date": "2026-03-01"}),))

    job = Job("ingest_products", lambda _: {}, work, module=TOY)
    run(job, context)
    Path(table.location.path("_delta_log/00000000000000000001.json")).unlink()
    context.ledger = Ledger(context.lake)
    (again,) = run(job, context)
    assert "products no longer has what ingest_products wrote for 2026-03-01" in shown(context)
    assert (again.status, table.read().num_rows) == ("success", 1)
    run(job, context)
    assert shown(context).count("no longer has") == 1


def test_one_row_per_date(context: Run) -> None:
    context.ds = MARCH_2
    unchanged = Written("events", "arrival_date=2026-03-02", 1, 5, 10, "d", False)
    older = Outcome(rows_in=4, inputs={"events": "d1"})
    work = Work(result={MARCH_1: older, MARCH_2: Outcome(rows_in=5, writes=(unchanged,))})
    rows = run(work.job(), context)
    assert [(row.ds, row.rows_in, row.status) for row in rows] == [
        (MARCH_1, 4, "success"),
        (MARCH_2, 5, "unchanged"),
    ]
    context.ds = MARCH_1
    run(work.job(), context)
    assert work.runs == 1


def test_another_date_that_nobody_marked_before_reading_is_made_again(context: Run) -> None:
    context.ds = MARCH_2
    work = Work(result={MARCH_1: Outcome(), MARCH_2: Outcome()})
    run(work.job(), context)
    context.ds = MARCH_1
    run(work.job(), context)
    assert work.runs == 2


def test_nothing_done_is_nothing_recorded(context: Run) -> None:
    assert run(Work(result={}).job(), context) == []
    assert context.ledger.rows() == []


def test_the_original_error_survives_a_broken_ledger(context: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(context.ledger, "record", broken)
    with pytest.raises(QualityError, match="bad batch"):
        run(Work(result=QualityError("bad batch", do="look")).job(), context)


def events(context: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(context.settings.lineage_file).read_text().splitlines()]


def test_every_ledger_row_is_an_openlineage_run(context: Run) -> None:
    wrote = Written("events", "arrival_date=2026-03-01", 7, 5, 10, "d", True)
    outcome = Outcome(rows_in=6, rejects={"duplicate": 1}, reads=(Pin("products", 3),), writes=(wrote,))
    (row,) = run(Work(result=outcome).job(), context)
    with pytest.raises(QualityError):
        run(Work({"events": "d2"}, QualityError("bad batch", do="look")).job(), context)
    start, complete, _, fail = events(context)
    assert [event["eventType"] for event in (start, complete, fail)] == ["START", "COMPLETE", "FAIL"]
    assert start["run"]["runId"].replace("-", "") == complete["run"]["runId"].replace("-", "") == row.run_id
    root = f"{context.settings.paths.work}/lake"
    (read,), (written,) = complete["inputs"], complete["outputs"]
    assert (read["namespace"], read["name"]) == ("file", f"{root}/products")
    assert read["facets"]["version"]["datasetVersion"] == "3"
    assert (written["name"], written["facets"]["version"]["datasetVersion"]) == (f"{root}/events", "7")
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 5
    assert written["facets"]["schema"]["fields"][0] == {
        "name": "event_id",
        "type": "string",
        "description": load_contract("events").columns[0].description,
        "ordinal_position": 1,
        "fields": [],
    }
    assert written["facets"]["ownership"]["owners"] == [{"name": "team:shop-data", "type": "OWNER"}]
    assert complete["run"]["facets"]["nominalTime"]["nominalStartTime"] == "2026-03-01T00:00:00Z"
    tags = {tag["key"]: tag["value"] for tag in complete["run"]["facets"]["tags"]["tags"]}
    assert (tags["rows_in"], tags["rejects.duplicate"]) == ("6", "1")
    assert "bad batch" in fail["run"]["facets"]["errorMessage"]["message"]


def test_a_run_is_announced_before_the_work_begins(context: Run) -> None:
    seen: list[str] = []

    def work(_: Run) -> Outcome:
        seen.extend(event["eventType"] for event in events(context))
        return Outcome()

    run(Job("toy", lambda _: {}, work, module=TOY), context)
    assert seen == ["START"]


@pytest.mark.parametrize("dates", [(), (MARCH_2,), (MARCH_1, MARCH_2)])
def test_every_start_has_an_end(context: Run, dates: tuple[dt.date, ...]) -> None:
    rows = run(Work(result={ds: Outcome() for ds in dates}).job(), context)
    found = events(context)
    ends = {"START": set(), "COMPLETE": set()}  # type: dict[str, set[str]]
    for event in found:
        ends[event["eventType"]].add(event["run"]["runId"].replace("-", ""))
    assert ends["START"] == ends["COMPLETE"]
    assert {row.run_id for row in rows} <= ends["START"]
    assert len(found) == 2 * max(len(dates), 1)


def test_a_delivery_is_an_input_with_the_outcome_of_every_rule(context: Run) -> None:
    job = Job(
        "ingest_events",
        lambda _: {"delivery": "d1"},
        lambda _: Outcome(rows_in=6, rejects={"bad_id": 2}),
        module=TOY,
    )
    run(job, context)
    _, complete = events(context)
    (delivery,) = complete["inputs"]
    assert delivery["name"].endswith("/landing/events/arrival_date=2026-03-01")
    assert delivery["inputFacets"]["dataQualityMetrics"]["rowCount"] == 6
    tests = delivery["inputFacets"]["dataQualityAssertions"]["assertions"]
    found = {test["assertion"]: (test["success"], test["actual"]) for test in tests}
    assert found["bad_id"] == (False, "2")
    assert found["wrong_partition"] == (True, "0")


@pytest.mark.parametrize(
    ("environ", "parent"),
    [
        ({}, None),
        ({"AIRFLOW_CTX_DAG_ID": "nightly"}, None),
        (
            {"OPENLINEAGE_PARENT_ID": "prod/nightly.score/0198-x", "AIRFLOW_CTX_DAG_ID": "nightly"},
            Parent("prod", "nightly.score", "0198-x"),
        ),
        (
            {"AIRFLOW_CTX_DAG_ID": "nightly", "AIRFLOW_CTX_DAG_RUN_ID": "scheduled__1"},
            Parent("default", "nightly", str(uuid5(NAMESPACE_URL, "airflow:default/nightly/scheduled__1"))),
        ),
    ],
)
def test_the_parent_run(environ: dict[str, str], parent: Parent | None) -> None:
    assert parent_of(environ) == parent


def test_both_events_name_the_run_of_airflow(context: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "nightly")
    monkeypatch.setenv("AIRFLOW_CTX_DAG_RUN_ID", "scheduled__1")
    run(Work().job(), context)
    parents = [event["run"]["facets"]["parent"] for event in events(context)]
    assert {parent["job"]["name"] for parent in parents} == {"nightly"}
    assert len({parent["run"]["runId"] for parent in parents}) == 1


def test_the_last_line_under_airflow_says_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(tmp_path))
    monkeypatch.delenv("CAUSALREC_SETTINGS", raising=False)
    monkeypatch.setenv("AIRFLOW_CTX_TASK_ID", "score")
    wrote = (
        Written("events", "arrival_date=2026-03-01", 7, 5, 10, "d", True),
        Written("events", "arrival_date=2026-03-02", 8, 4, 10, "d", True),
    )
    for _ in range(2):  # the second run has nothing to do, and says the same
        assert main(Work(result=Outcome(writes=wrote)).job(), ["--ds", "2026-03-01"]) == 0
        last = capsys.readouterr().out.splitlines()[-1]
        assert json.loads(last) == {"ds": "2026-03-01", "tables": {"events": {"version": 8, "rows": 9}}}


def test_a_lineage_server_that_is_down_fails_no_job(context: Run) -> None:
    server = {"transport": "http", "url": "http://127.0.0.1:9", "timeout_s": 0.5}
    context.settings = Settings.model_validate({"paths": context.settings.paths, "lineage": server})
    (row,) = run(Work().job(), context)
    assert row.status == "success"
    assert "lineage: " in shown(context)


def test_fingerprints() -> None:
    assert fingerprint("a", {"x": "1", "y": "2"}) == fingerprint("a", {"y": "2", "x": "1"})
    assert (
        len({fingerprint("a", {"x": "1"}), fingerprint("b", {"x": "1"}), fingerprint("a", {"x": "2"})}) == 3
    )


def test_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(tmp_path))
    monkeypatch.delenv("CAUSALREC_SETTINGS", raising=False)
    assert main(Work().job(), ["--ds", "2026-03-01"]) == 0
    assert "success" in capsys.readouterr().out
    failing = Work(result=QualityError("expected timestamp[us, tz=UTC]", do="look"))
    assert main(failing.job(), ["--ds", "2026-03-02"]) == EXIT_REFUSED
    said = capsys.readouterr().out
    assert "toy expected timestamp[us, tz=UTC] -> look" in said
    assert "Traceback" not in said
    with pytest.raises(SystemExit):
        main(Work().job(), ["--ds", "yesterday"])


def test_what_a_stage_writes_is_for_its_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(tmp_path / "work"))
    monkeypatch.delenv("CAUSALREC_SETTINGS", raising=False)
    before = os.umask(0o022)
    try:
        assert main(Work().job(), ["--ds", "2026-03-01"]) == 0  # writes the ledger
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    written = [tmp_path / "work", *(tmp_path / "work").rglob("*")]
    assert {(path.is_dir(), oct(path.stat().st_mode & 0o777)) for path in written} == {
        (True, "0o700"), (False, "0o600"),
    }  # fmt: skip


def test_lines_are_printed_as_they_are_and_tables_with_their_markup() -> None:
    terminal = Terminal(Console(file=io.StringIO(), width=80))
    terminal.say("[green]ok[/]")
    table = Table()
    table.add_row("[green]pass[/]")
    terminal.say(table)
    line, drawn = terminal.console.file.getvalue().split("\n", 1)  # type: ignore[attr-defined]
    assert line == "[green]ok[/]"
    assert "pass" in drawn
    assert "green" not in drawn
