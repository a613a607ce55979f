"""Events of OpenLineage, field by field."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from causalrec.config import Settings
from causalrec.contracts import load_contract
from causalrec.errors import SettingsError
from causalrec.lake.outcome import Outcome
from causalrec.lake.record.ledger import LedgerRow, new_row
from causalrec.lake.record.lineage import Lineage
from causalrec.lake.record.lineage_facets import Parent

DS = dt.date(2026, 3, 1)
AT = dt.datetime(2026, 3, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=2)))
RUN, OTHER = "0" * 31 + "1", "0" * 31 + "2"
PARENT = Parent("dags", "nightly", "0" * 31 + "9")


def settings(tmp_path: Path, **lineage: object) -> Settings:
    return Settings.model_validate(
        {"shop": "demo", "paths": {"work": tmp_path, "lake": "s3://bucket/lake"}, "lineage": lineage}
    )


def row(job: str = "ingest_events", status: str = "success", run: str = RUN, **more: Any) -> LedgerRow:  # noqa: ANN401
    made = new_row(
        job=job, ds=DS, started_at=AT, seconds=1.0, cpu_seconds=1.23456, failed=False, fingerprint="f",
        outcome=Outcome(rows_in=9, rows_out=7, rejects={"null_id": 2}, note="it failed"),
        inputs={"delivery": "digest"}, code_version="1",
    )  # fmt: skip
    return replace(made, run_id=run, status=status, finished_at=AT + dt.timedelta(minutes=1), **more)


def events(chosen: Settings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(chosen.lineage_file).read_text().splitlines()]


def test_a_run_starts_once_and_ends(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    lineage = Lineage(chosen, PARENT)
    assert lineage.start(RUN, "ingest_events", DS, AT) is None
    written = {"table": "events", "version": 4, "rows": 7, "bytes": 70}
    reads = [
        {"table": name, "version": version}
        for name, version in (("products", 2), ("events", 3), ("products", 2))
    ]
    done = [row(reads=reads, writes=[written], git_revision=None), row("score", "failed", OTHER)]
    assert lineage.end(done) is None
    start, end, late, failed = events(chosen)
    told = [
        (one["eventType"], one["run"]["runId"][-1], one["eventTime"]) for one in (start, end, late, failed)
    ]
    assert told == [
        ("START", "1", "2026-03-02T01:00:00Z"), ("COMPLETE", "1", "2026-03-02T01:01:00Z"),
        ("START", "2", "2026-03-02T01:00:00Z"), ("FAIL", "2", "2026-03-02T01:01:00Z"),
    ]  # fmt: skip
    assert (start["job"]["namespace"], start["job"]["name"], late["job"]["name"]) == (
        "demo",
        "ingest_events",
        "score",
    )
    assert start["producer"] == "https://github.com/causalrec/causalrec"
    for one in (start, end):
        facets = one["run"]["facets"]
        assert facets["nominalTime"]["nominalStartTime"] == "2026-03-01T00:00:00Z"
        assert facets["parent"]["run"]["runId"].endswith("9")
        assert (facets["parent"]["job"]["namespace"], facets["parent"]["job"]["name"]) == ("dags", "nightly")
    tags = {tag["key"]: tag["value"] for tag in end["run"]["facets"]["tags"]["tags"]}
    assert tags == {
        "status": "success", "rows_in": "9", "rows_out": "7", "rows_rejected": "2", "bytes_written": "0",
        "cpu_seconds": "1.235", "code_version": "1", "git_revision": "", "fingerprint": "f",
        "rejects.null_id": "2",
    }  # fmt: skip
    assert {tag["source"] for tag in end["run"]["facets"]["tags"]["tags"]} == {"causalrec"}
    assert "errorMessage" not in end["run"]["facets"]
    assert failed["run"]["facets"]["errorMessage"]["message"] == "it failed"
    places = [(one["namespace"], one["name"]) for one in end["inputs"]]
    assert places[:2] == [("s3://bucket", "lake/events"), ("s3://bucket", "lake/products")]
    assert places[2] == ("file", f"{chosen.landing_root}/events/arrival_date=2026-03-01")
    versions = [one["facets"]["version"]["datasetVersion"] for one in end["inputs"]]
    assert versions == ["3", "2", "digest"]
    (made,) = end["outputs"]
    assert (made["name"], made["facets"]["version"]["datasetVersion"]) == ("lake/events", "4")
    statistics = made["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (7, 70)
    assert failed["inputs"] == []  # only an ingest reads a delivery


def test_tables_are_described_by_their_contracts(tmp_path: Path) -> None:
    chosen, contract = settings(tmp_path), load_contract("events")
    Lineage(chosen).end([row(reads=[{"table": "events", "version": 3}])])
    start, end = events(chosen)
    assert "parent" not in start["run"]["facets"]
    facets = end["inputs"][0]["facets"]
    assert facets["documentation"]["description"] == contract.description
    assert facets["ownership"]["owners"] == [{"name": f"team:{contract.owner}", "type": "OWNER"}]
    fields = facets["schema"]["fields"]
    assert [(one["name"], one["ordinal_position"]) for one in fields] == [
        (column.name, place) for place, column in enumerate(contract.columns, 1)
    ]
    assert fields[0]["description"] == contract.columns[0].description


@pytest.mark.parametrize(
    ("status", "rows_in", "checked"),
    [("success", 9, True), ("success", 0, True), ("failed", 9, True), ("failed", 0, False)],
)
def test_the_quality_of_a_delivery(tmp_path: Path, status: str, rows_in: int, checked: bool) -> None:
    chosen = settings(tmp_path)
    Lineage(chosen).end([row(status=status, rows_in=rows_in, rejects={"null_id": 2, "odd": 1})])
    delivery = events(chosen)[1]["inputs"][0]
    facets = delivery.get("inputFacets") or {}
    assert bool(facets) == checked
    if checked:
        assert facets["dataQualityMetrics"]["rowCount"] == rows_in
        told = {one["assertion"]: one for one in facets["dataQualityAssertions"]["assertions"]}
        rules = {str(rule.reason) for rule in load_contract("events").rules if rule.broken == "row"}
        assert list(told) == sorted(rules | {"null_id", "odd"})
        for reason, one in told.items():
            count = {"null_id": 2, "odd": 1}.get(reason, 0)
            assert (one["success"], one["actual"], one["expected"], one["severity"]) == (
                count == 0, str(count), "0", "warn",
            )  # fmt: skip


def test_transports(tmp_path: Path) -> None:
    silent = settings(tmp_path, transport="none")
    assert Lineage(silent).start(RUN, "score", DS, AT) is None
    assert not Path(silent.lineage_file).exists()
    with pytest.raises(SettingsError, match=r"lineage\.url is empty"):
        Lineage(settings(tmp_path, transport="http")).start(RUN, "score", DS, AT)
    nobody = settings(tmp_path, transport="http", url="http://127.0.0.1:9", timeout_s=1)
    said = Lineage(nobody).start(RUN, "score", DS, AT)
    assert said is not None
    assert said.startswith("lineage: ")
    assert len(said) <= 300


def test_a_run_keeps_the_id_that_it_began_with() -> None:
    def made(run_id: str) -> str:
        return new_row(
            job="score", ds=DS, started_at=AT, seconds=1.0, cpu_seconds=1.0, failed=False, fingerprint="f",
            outcome=Outcome(), inputs={}, code_version="1", run_id=run_id,
        ).run_id  # fmt: skip

    assert made(RUN) == RUN
    assert len(made("")) == 32
    assert made("") != made("")
