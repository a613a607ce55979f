"""Events end to end with real Spark and Delta: every reason code, every format, exact results."""

import csv
import datetime as dt
import gzip
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config import Settings
from causalrec.contracts.datadocs import POLICY
from causalrec.errors import ContractError, QualityError, SourceError
from causalrec.ingest.events import ingest_events, ingest_events_inputs
from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.record.ledger import new_row

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 1)
NEXT = dt.date(2026, 3, 2)
NUMBERS = ("position", "price", "propensity")
NULLED = {  # in the JSON file and in the CSV; infinite in JSON only
    "nulled.price.invalid_type": 2, "nulled.price.bad_price": 5, "nulled.position.bad_position": 2,
    "nulled.propensity.bad_propensity": 4,
}  # fmt: skip

# id -> (changes of a good row, reason, start of the detail); None: a good row
PLANTED: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "good": ({}, None, ""),
    "offset": ({"event_time": "2026-03-01T13:00:00+01:00"}, None, ""),
    "edge of tomorrow": ({"event_time": "2026-03-02T00:05:00Z"}, None, ""),
    "edge of old": ({"event_time": "2026-01-30T00:00:00Z"}, None, ""),
    "full": (
        {"price": 0, "position": 1, "propensity": 1.0, "policy": "uniform", "session_id": "s"},
        None,
        "",
    ),
    "مرحبا😀": ({}, None, ""),
    "typed": ({"price": "12a"}, None, ""),
    " padded\u00a0": ({"user_id": " u1 "}, None, ""),
    "nobody": ({"user_id": "NULL"}, "null_id", "user_id=NULL"),
    "nothing": ({"item_id": "\\N"}, "null_id", "item_id=\\N"),
    "naive": ({"event_time": "2026-03-01T12:00:00"}, "invalid_type", "event_time: "),
    "absent": ({"user_id": None}, "missing_required", "user_id is missing"),
    "other day": (
        {"arrival_date": "2026-02-28"},
        "wrong_partition",
        "source_arrival_date=2026-02-28",
    ),
    "control\x07": ({}, "bad_id", "event_id=control"),
    "long": ({"item_id": "x" * 300}, "bad_id", "item_id=xxx"),
    "type": ({"event_type": "refund"}, "unknown_event_type", "event_type=refund"),
    "future": ({"event_time": "2026-03-02T00:05:01Z"}, "future_event", "event_time=2026-03-02 00:05:01"),
    "old": ({"event_time": "2026-01-29T23:59:59Z"}, "too_old", "event_time=2026-01-29 23:59:59"),
    "negative": ({"price": -0.01}, None, ""),
    "huge": ({"price": 1e12}, None, ""),
    "place": ({"position": 0}, None, ""),
    "propensity 0": ({"propensity": 0.0}, None, ""),
    "propensity 2": ({"propensity": 1.5}, None, ""),
    "two faults": ({"price": -1, "event_type": "x"}, "unknown_event_type", "event_type=x"),
}
JSON_ONLY: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "not a number": ({"price": float("nan")}, None, ""),
    "infinite": ({"price": float("inf")}, None, ""),
    "": ({}, "bad_id", "event_id="),
}


def row(event_id: str, **changes: object) -> dict[str, object]:
    good = {
        "event_id": event_id,
        "event_time": "2026-03-01T12:00:00Z",
        "user_id": "u1",
        "item_id": "i1",
        "event_type": "cart",
    }
    return good | changes


def json_lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(r) + "\n" for r in rows).encode()


def csv_text(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    names = [*row(""), "session_id", "policy", *NUMBERS, "arrival_date"]
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def deliver(settings: Settings, day: dt.date, **files: bytes) -> Path:
    folder = Path(settings.landing_root) / "events" / f"arrival_date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def run(settings: Settings, spark: "SparkSession", ds: dt.date) -> dict[dt.date, Outcome]:
    lake = Lake(settings.lake_root)
    return ingest_events(settings, lake, Ledger(lake), spark, ds)


def record(settings: Settings, outcomes: dict[dt.date, Outcome]) -> None:
    now = dt.datetime.now(dt.UTC)
    rows = [
        new_row(
            job="ingest_events",
            ds=ds,
            started_at=now,
            seconds=0.0,
            cpu_seconds=0.0,
            outcome=outcome,
            failed=False,
            fingerprint="",
            inputs={},
            code_version="0",
        )
        for ds, outcome in outcomes.items()
    ]
    Ledger(Lake(settings.lake_root)).record(rows)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    work = tmp_path_factory.mktemp("shop")
    ingest = {"max_rejected_share": 0.8, "history_until": "2026-01-01", "volume_min_median": 50}
    return Settings.model_validate({"paths": {"work": work}, "ingest": ingest})


@pytest.fixture(scope="module")
def loaded(shop: Settings, spark: "SparkSession") -> Outcome:
    """A delivery in all formats: each planted row once as JSON and once as CSV, some more."""
    everything = [row(i, **c) for i, (c, _, _) in (PLANTED | JSON_ONLY).items()]
    as_csv = [row(f"{i}.csv", **c) for i, (c, _, _) in PLANTED.items()]
    folder = deliver(
        shop,
        DAY,
        a__jsonl=json_lines(everything) + b"no json\n" + json_lines([row("utm", utm_source="x")]),
        b__jsonl__gz=gzip.compress(json_lines([row("zipped"), row("zipped"), row("good")])),
        c__csv=csv_text(as_csv),
        _SUCCESS=b"",
    )
    table = pa.Table.from_pylist([row("columns", event_time=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))])
    pq.write_table(table, folder / "d.parquet")
    outcomes = run(shop, spark, DAY)
    assert list(outcomes) == [DAY]
    record(shop, outcomes)
    return outcomes[DAY]


def expected_rejects() -> dict[str, int]:
    reasons = [r for _, r, _ in [*PLANTED.values(), *PLANTED.values(), *JSON_ONLY.values()] if r]
    reasons += ["unparseable", "duplicate", "duplicate"]
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}


def test_counts(loaded: Outcome) -> None:
    assert dict(loaded.rejects) == expected_rejects()
    assert loaded.rows_in == 2 * len(PLANTED) + len(JSON_ONLY) + 1 + 1 + 3 + 1
    assert loaded.rows_out == loaded.rows_in - loaded.rows_rejected
    assert loaded.counters["files"] == 4
    assert {name: n for name, n in loaded.counters.items() if name.startswith("nulled.")} == NULLED
    assert "1 rows carry fields unknown to the contract: utm_source" in loaded.note


def test_good_rows_are_stored_as_delivered(shop: Settings, loaded: Outcome) -> None:
    events = {r["event_id"]: r for r in Lake(shop.lake_root).table("events").read().to_pylist()}
    good = [i for i, (_, reason, _) in PLANTED.items() if reason is None]
    given = {*good, *(f"{i}.csv" for i in good), "not a number", "infinite", "utm", "zipped", "columns"}
    assert set(events) == {name.strip() for name in given}
    assert (events["padded"]["user_id"], events["negative.csv"]["price"]) == ("u1", None)
    assert events["offset"]["event_time"] == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    assert events["full.csv"] == {
        "event_id": "full.csv",
        "event_time": dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC),
        "user_id": "u1",
        "item_id": "i1",
        "event_type": "cart",
        "session_id": "s",
        "position": 1,
        "policy": "uniform",
        "propensity": 1.0,
        "price": 0.0,
        "source_file": "c.csv",
        "market": None,
        "arrival_date": DAY,
    }
    assert events["good"]["source_file"] == "a.jsonl"


def test_rejected_rows_carry_reason_place_and_content(shop: Settings, loaded: Outcome) -> None:
    rows = Lake(shop.lake_root).table("quarantine").read().to_pylist()
    found = {(r["source_file"], r["source_line"]): r for r in rows}
    assert len(found) == len(rows) == loaded.rows_rejected
    assert {(r["table_name"], r["arrival_date"]) for r in rows} == {("events", DAY)}
    for line, (event_id, (_, reason, detail)) in enumerate((PLANTED | JSON_ONLY).items(), 1):
        rejected = found.get(("a.jsonl", line))
        assert (rejected and rejected["reason_code"]) == reason, event_id
        if rejected:
            assert rejected["detail"].startswith(detail)
            assert json.loads(rejected["raw"])["event_id"].strip() == event_id.strip()
    for line, (event_id, (_, reason, _)) in enumerate(PLANTED.items(), 2):
        rejected = found.get(("c.csv", line))
        assert (rejected and rejected["reason_code"]) == reason, event_id
    unparsed = found["a.jsonl", len(PLANTED | JSON_ONLY) + 1]
    assert (unparsed["reason_code"], unparsed["raw"]) == ("unparseable", "no json")
    assert found["b.jsonl.gz", 2]["detail"] == "event_id=zipped stands already in b.jsonl.gz line 1"
    assert found["b.jsonl.gz", 3]["detail"] == "event_id=good stands already in a.jsonl line 1"


def test_quality_report_is_kept(shop: Settings, loaded: Outcome) -> None:
    report = json.loads((Path(shop.report_store.uri) / "quality" / "events" / f"{DAY}.json").read_text())
    assert report["measures"][0]["rows_good"] == loaded.rows_out
    assert report["validation"]["success"] is True
    pages = Path(shop.report_store.uri) / "quality" / "data_docs" / "pages"
    assert "events" in (pages / "index.html").read_text()
    (page,) = (pages / "validations" / "events" / str(DAY)).rglob("*.html")
    assert "rows_good" in page.read_text()
    assert all(POLICY in written.read_text() for written in pages.rglob("*.html"))


def test_a_second_run_changes_nothing(shop: Settings, loaded: Outcome, spark: "SparkSession") -> None:
    lake = Lake(shop.lake_root)
    before = {name: lake.table(name).version() for name in ("events", "quarantine")}
    tracker = spark.sparkContext.statusTracker()
    spark.sparkContext.setJobGroup("second run", "")
    again = run(shop, spark, DAY)[DAY]
    jobs = tracker.getJobIdsForGroup("second run")
    spark.sparkContext.setJobGroup("", "")
    assert [(w.digest, w.changed) for w in again.writes] == [(w.digest, False) for w in loaded.writes]
    assert {name: lake.table(name).version() for name in before} == before
    assert 0 < len(jobs) <= 17


def test_bad_deliveries_leave_the_tables_alone(
    shop: Settings, loaded: Outcome, spark: "SparkSession", tmp_path: Path
) -> None:
    lake = Lake(shop.lake_root)
    before = {name: lake.table(name).version() for name in ("events", "quarantine")}
    with pytest.raises(SourceError, match="no events delivery for 2026-03-02"):
        run(shop, spark, NEXT)
    folder = deliver(shop, NEXT)
    with pytest.raises(SourceError, match="2026-03-02: the delivery has no files, 0 rows"):
        run(shop, spark, NEXT)
    deliver(shop, NEXT, a__jsonl=b"\n\n")
    with pytest.raises(SourceError, match="2026-03-02: the delivery has 0 rows"):
        run(shop, spark, NEXT)
    deliver(shop, NEXT, a__jsonl=json_lines([row("x", event_time="2026-03-02T01:00:00Z")]))
    with pytest.raises(QualityError, match=r"2026-03-02: 1 rows, the median of the 1 before is 57;"):
        run(shop, spark, NEXT)
    deliver(shop, NEXT, a__jsonl=json_lines([row(str(i), user_id=None) for i in range(20)]))
    expected = r"events 2026-03-02: column user_id: expected string, it is missing in all 20 rows"
    with pytest.raises(ContractError, match=expected):
        run(shop, spark, NEXT)
    deliver(shop, NEXT, a__jsonl=json_lines([row(str(i), event_time="soon", user="u") for i in range(20)]))
    expected = "column event_time: expected timestamp, it has another type in all 20 rows; .*: user$"
    with pytest.raises(ContractError, match=expected.removesuffix("$")):
        run(shop, spark, NEXT)
    some = [row("x", event_time="2026-03-02T01:00:00Z")] * 2
    deliver(shop, NEXT, a__jsonl=json_lines([row(str(i), user_id=None) for i in range(18)] + some))
    expected = r"18 of 20 rows \(90.0%\) are rejected.*missing_required 18; missing_required user_id in 18"
    with pytest.raises(QualityError, match=expected):
        run(shop, spark, NEXT)
    deliver(shop, NEXT, b__csv=b"event_id,event_time,user,item_id,event_type\n")
    with pytest.raises(ContractError, match="column user_id: expected, but missing, found user instead"):
        run(shop, spark, NEXT)
    (folder / "b.csv").unlink()
    deliver(shop, NEXT, a__jsonl=b"", b__jsonl__gz=gzip.compress(json_lines([row("x")]) * 500)[:-9])
    with pytest.raises(SourceError, match=r"b\.jsonl\.gz cannot be read: EOFError"):
        run(shop, spark, NEXT)
    assert {name: lake.table(name).version() for name in before} == before


def test_older_deliveries_that_wait_are_loaded_along(tmp_path: Path, spark: "SparkSession") -> None:
    shop = Settings.model_validate({"paths": {"work": tmp_path}})
    days = [DAY, NEXT, dt.date(2026, 3, 3)]
    for day in days:
        deliver(shop, day, a__jsonl=json_lines([row(f"{day}-{i}") for i in range(3)] + [row("again")]))
    outcomes = run(shop, spark, NEXT)
    assert {day: o.rows_out for day, o in outcomes.items()} == {DAY: 4, NEXT: 4}
    assert [w.partition for o in outcomes.values() for w in o.writes] == [
        f"arrival_date={d}" for d in (DAY, NEXT)
    ]
    assert {w.version for o in outcomes.values() for w in o.writes} == {
        Lake(shop.lake_root).table("events").version()
    }
    record(shop, outcomes)
    assert list(run(shop, spark, days[2])) == [days[2]]


def test_inputs_follow_the_delivery_and_the_limits(tmp_path: Path) -> None:
    shop = Settings.model_validate({"paths": {"work": tmp_path}})
    lake = Lake(shop.lake_root)
    deliver(shop, DAY, a__jsonl=json_lines([row("x")]))
    first = ingest_events_inputs(shop, lake, Ledger(lake), DAY)
    assert ingest_events_inputs(shop, lake, Ledger(lake), DAY) == first
    deliver(shop, DAY, b__jsonl=json_lines([row("y")]))
    second = ingest_events_inputs(shop, lake, Ledger(lake), DAY)
    assert {key for key in first if first[key] != second[key]} == {"delivery"}
    strict = shop.model_copy(update={"ingest": shop.ingest.model_copy(update={"max_price": 1.0})})
    third = ingest_events_inputs(strict, lake, Ledger(lake), DAY)
    assert {key for key in second if second[key] != third[key]} == {"limits"}
