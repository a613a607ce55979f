"""Nothing is lost without a word: rows in = rows accepted + rows in quarantine + rows counted."""

import csv
import datetime as dt
import gzip
import io
import json
import random
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config import Settings
from causalrec.config.feed import FeedLayout
from causalrec.contracts import load_contract
from causalrec.contracts.absent import is_absent
from causalrec.ingest.check.rules import reason_of
from causalrec.ingest.events import ingest_events
from causalrec.ingest.formats.batch import LEFT_OUT, parsed_schema
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.mark import marked_rows
from causalrec.ingest.parameters import rule_parameters
from causalrec.lake import Lake, Ledger

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY = dt.date(2026, 3, 1)
LANDING, EVENTS = load_contract("landing_events"), load_contract("events")
GOOD: dict[str, Any] = {
    "event_id": "e", "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "i",
    "event_type": "view", "session_id": "s", "position": "1", "price": "9.5",
}  # fmt: skip
ODD: dict[str, list[str]] = {
    "event_id": ["", "NULL", "x\u0007y", "e\u0301", " padded ", "z" * 300],
    "event_time": ["", "yesterday", "2026-03-01T12:00:00", "0001-01-01T00:00:00+14:00",
                   "9999-12-31T00:00:00Z", "1772366400", "2020-01-01T00:00:00Z", "2026-03-02T07:00:00Z",
                   "9999-12-31T23:59:59-12:00", "1772366400000000000", "\u0662\u0660",
                   "2026-02-30T12:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T12:00:00Z\n", "2026-03-01",
                   "\u0662\u0660\u0662\u0666-03-01T12:00:00Z"],
    "user_id": ["", "nan", "\\N", "u,1", 'quo"te', "line\nbreak", "\U0001f600",
                "a\x00b", "<script>", "10.1.2.3:8080"],
    "item_id": ["N/A", "\N{RIGHT-TO-LEFT OVERRIDE}i", "I", "", "None", "007", "caf\u00e9", "; DROP", "=1+1"],
    "event_type": ["", "refund", "VIEW", "purchase", "cart", "impression"],
    "session_id": ["", "null", "x" * 400],
    "position": ["0", "-1", "first", "2.0", "99999999999"],
    "price": ["", "19,90", "12.5 ", "-1", "nan", "1e400", "free", "$12.50", "n/a", "EUR 1.234,50", "1,234"],
}  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in ODD.items()}),
    max_size=8,
)
NAMES = [
    "a.txt", "a b.csv", "100%.csv", "a%20b%2F.csv", "a#1.jsonl", "~a.json", "a'b&c.csv", "a::b.csv",
    "[a]*?.csv", "cafe\u0301.csv", "\u65e5\u672c.JSONL", "-rf.csv", "part-00000-x.c000",
    "a;b=c.tsv", "\U0001f600.csv",
    "$HOME.csv", "`id`.csv", "a\\b.csv", 'a"b.csv', "a?b=c.csv", "A" * 200 + ".csv",
]  # fmt: skip
KINDS = st.sampled_from(["csv", "semicolon", "jsonl", "array", "pretty", "titled", "parquet"])


def written(rows: list[dict[str, Any]], kind: str) -> bytes:
    if kind in ("csv", "semicolon"):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(GOOD), delimiter=";" if kind == "semicolon" else ",")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    if kind == "titled":  # keys in other letters than those of the contract
        return "".join(json.dumps({k.title(): v for k, v in row.items()}) + "\n" for row in rows).encode()
    if kind == "parquet":
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in GOOD])), sink)
        return sink.getvalue()
    if kind == "array":
        return json.dumps(rows).encode()
    return "\n".join(json.dumps(row, indent=1) for row in rows).encode()


@pytest.mark.slow
@given(
    ROWS,
    KINDS,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(NAMES),
)
@settings(max_examples=200, deadline=None)
def test_every_row_of_a_file_comes_out_once(
    tmp_path_factory: pytest.TempPathFactory, odd: list[dict[str, Any]], kind: str, encoding: str,
    packed: bool, filtered: bool, name: str,
) -> None:  # fmt: skip
    rows = [GOOD | {"event_id": f"e{i}"} | one for i, one in enumerate(odd)]
    data = written(rows, kind)
    file = tmp_path_factory.mktemp("delivery") / name
    if kind != "parquet":
        data = data.decode().encode(encoding)
        data = gzip.compress(data) if packed else data
    file.write_bytes(data)
    feed = FeedLayout(only={"event_type": ("view", "cart")}) if filtered else FeedLayout()
    limits = ReadLimits(10_000, 500)
    found = [
        row
        for batch in read_file(str(file), name, DAY, LANDING, limits, Layout(feed))
        for row in batch.to_pylist()
    ]
    assert len(found) == len(rows)
    for given_row, row in zip(rows, found, strict=True):
        if filtered and given_row["event_type"] not in ("view", "cart"):
            assert row["reason"] == LEFT_OUT
        elif row["reason"]:
            assert row["detail"] and row["raw"]
        else:
            optional = ("session_id", "position", "price")
            lost = [n for n in optional if not is_absent(given_row[n]) and row[n] is None]
            assert sorted(note.split()[0] for note in row["nulled"]) == sorted(lost)


@pytest.mark.spark
def test_a_mixture_adds_up_in_the_tables(tmp_path: Path, spark: "SparkSession") -> None:
    rng = random.Random(7)
    limits = {"max_rejected_share": 1.0, "max_unreadable_share": 1.0, "history_until": "2026-01-01"}
    events = {"only": {"event_type": ["view", "cart", "refund", "VIEW", ""]}}
    landing = {"unread_files": "name", "events": events}
    shop = Settings.model_validate({"paths": {"work": tmp_path}, "ingest": limits, "landing": landing})
    folder = Path(shop.landing_root) / "events" / f"arrival_date={DAY}"
    (folder / "hour=03").mkdir(parents=True)
    (folder / "orders.xlsx").write_bytes(b"PK")
    (folder / ".b.csv.part").write_bytes(b"event_id")
    (folder / "torn.csv.gz").write_bytes(gzip.compress(written([GOOD] * 500, "csv"))[:-9])
    lines = 0
    kinds = ["csv", "semicolon", "jsonl", "array", "pretty", "titled", "parquet"]
    for i, kind in enumerate(kinds):
        rows = [GOOD | {"event_id": f"{kind}{n}"} for n in range(40)]
        for row in rows[10:]:
            name = rng.choice(list(ODD))
            row[name] = rng.choice(ODD[name])
        rows += [*rows[:2], rows[3] | {"item_id": "other"}]
        (folder / ("hour=03" if i % 2 else ".") / NAMES[i + 1]).write_bytes(written(rows, kind))
        lines += len(rows)
    lake = Lake(shop.lake_root)
    outcome = ingest_events(shop, lake, Ledger(lake), spark, DAY)[DAY]
    stored, quarantined = lake.table("events").read(), lake.table("quarantine").read()
    assert outcome.rows_in == lines
    assert (outcome.rows_out, outcome.rows_rejected) == (stored.num_rows, quarantined.num_rows)
    assert lines == stored.num_rows + quarantined.num_rows + outcome.counters["left_out"]
    assert outcome.counters["left_out"] > 0
    assert outcome.rejects["duplicate"] >= 5
    assert outcome.rejects["reused_id"] >= 5
    assert outcome.note.startswith("LOST ")
    assert all(name in outcome.note for name in ("torn.csv.gz", "orders.xlsx", ".b.csv.part"))
    assert set(stored["source_file"].to_pylist()) == {
        f"{'hour=03/' if i % 2 else ''}{NAMES[i + 1]}" for i in range(len(kinds))
    }


ZONES = [  # the last one's days are over first
    ("Pacific/Pago_Pago", DAY), ("America/Los_Angeles", dt.date(2026, 3, 8)), ("UTC", DAY),
    ("Europe/Berlin", dt.date(2026, 10, 25)), ("Europe/Berlin", dt.date(2026, 3, 29)),
    ("Australia/Lord_Howe", dt.date(2026, 4, 5)), ("Pacific/Kiritimati", DAY),
]  # fmt: skip


@pytest.mark.spark
@pytest.mark.parametrize("hour", [0, 4])
def test_a_day_is_the_shops_own(spark: "SparkSession", hour: int) -> None:
    from pyspark.sql.pandas.types import from_arrow_schema

    for zone, day in ZONES:
        shop = Settings.model_validate({"landing": {"time_zone": zone, "day_start_hour": hour}})
        following = day + dt.timedelta(days=1)
        end = dt.datetime.combine(following, dt.time(hour), zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)
        old = dt.datetime.combine(day - dt.timedelta(days=30), dt.time(hour), zoneinfo.ZoneInfo(zone))
        times = {
            "last": end - dt.timedelta(seconds=1), "late": end + dt.timedelta(minutes=5, seconds=1),
            "oldest": old.astimezone(dt.UTC), "too old": old.astimezone(dt.UTC) - dt.timedelta(seconds=1),
        }  # fmt: skip
        rows = [
            {**GOOD, "position": 1, "price": 1.0, "event_id": name, "event_time": moment, "arrival_date": day,
             "source_file": "a", "source_line": i, "nulled": []}
            for i, (name, moment) in enumerate(times.items())
        ]  # fmt: skip
        table = pa.Table.from_pylist(rows, schema=parsed_schema(LANDING))
        frame = spark.createDataFrame(table.to_pandas(), from_arrow_schema(table.schema))
        with marked_rows(frame, EVENTS, LANDING, rule_parameters(shop)) as marked:
            found = {row["event_id"]: row["reason"] for row in marked.select("event_id", "reason").collect()}
        assert found == {"last": None, "late": "future_event", "oldest": None, "too old": "too_old"}, zone
        quick = [reason_of(row, EVENTS, shop, None) for row in table.to_pylist()]
        assert [why and str(why[0]) for why in quick] == [None, "future_event", None, "too_old"], zone
