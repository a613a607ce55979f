"""Quarantined rows after a fix: the lake holds what loading the delivery under the new limits would give."""

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.ingest.delivery import feed_inputs
from causalrec.ingest.events import FEED, ingest_events
from causalrec.ingest.requeue import requeue, waiting
from causalrec.ingest.unread import unread_fields
from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.record.ledger import new_row

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 1)
HEADER = "event_id,event_time,user_id,item_id,event_type,price"
LONG = "i" * 30
TIME = "2026-03-01T12:00:00Z"


def row(event_id: str, **changes: object) -> str:
    good = {"event_id": event_id, "event_time": TIME, "user_id": "u", "item_id": "i", "event_type": "cart"}
    return json.dumps(good | changes)


DELIVERY = {
    "a.jsonl": [
        row("good"), row("long", item_id=LONG), row("nobody", user_id="null"), row("nothing", item_id=""),
        row("moved", event_time="2026-03-01T13:00:00Z"), "no json",
    ],
    "b.jsonl": [row("moved", event_time="2026-03-01T11:00:00Z", item_id=LONG)],  # the earlier
    "c.csv": [HEADER, f"cheap,{TIME},u,i,cart,12.5", f"far,{TIME},u,{LONG},cart,4", "no,soon,u,i,cart,1"],
}  # fmt: skip


def shop(work: Path, max_id_chars: int) -> Settings:
    limits = {"max_id_chars": max_id_chars, "max_rejected_share": 0.9}
    return Settings.model_validate({"paths": {"work": work}, "ingest": limits})


def deliver(settings: Settings) -> Path:
    folder = Path(settings.landing_root) / "events" / f"arrival_date={DAY}"
    folder.mkdir(parents=True)
    for name, lines in DELIVERY.items():
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def load(settings: Settings, spark: "SparkSession") -> Outcome:
    lake = Lake(settings.lake_root)
    return ingest_events(settings, lake, Ledger(lake), spark, DAY)[DAY]


def rejected(settings: Settings) -> list[tuple[str, str, str]]:
    rows = Lake(settings.lake_root).table("quarantine").read().to_pylist()
    return sorted((r["reason_code"], r["source_file"], r["raw"]) for r in rows)


def test_after_the_fix_the_lake_is_as_if_loaded_under_it(tmp_path: Path, spark: "SparkSession") -> None:
    strict, mended = shop(tmp_path / "old", 20), shop(tmp_path / "old", 40)
    folder = deliver(strict)
    load(strict, spark)
    shutil.rmtree(folder)  # the shop keeps no old files
    lake = Lake(strict.lake_root)
    assert waiting(lake, FEED, DAY, DAY) == {
        DAY: {"bad_id": 4, "invalid_type": 1, "null_id": 1, "unparseable": 1}
    }
    again = requeue(FEED, mended, lake, Ledger(lake), spark, [DAY])[DAY]

    fresh = shop(tmp_path / "new", 40)
    deliver(fresh)
    expected = load(fresh, spark)
    digests = [{w.table: w.digest for w in one.writes if w.table == "events"} for one in (again, expected)]
    assert digests[0] == digests[1]
    assert (again.rows_in, again.rows_out, again.rejects) == (
        expected.rows_in, expected.rows_out, expected.rejects,
    )  # fmt: skip
    assert again.note.startswith("requeued 7 rows, 5 are still rejected")
    assert rejected(mended) == rejected(fresh)
    assert requeue(FEED, mended, lake, Ledger(lake), spark, [DAY])[DAY].writes[-1].changed is False


def test_another_delivery_is_not_mixed_with_the_old_rows(tmp_path: Path, spark: "SparkSession") -> None:
    settings = shop(tmp_path, 20)
    folder = deliver(settings)
    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    now = dt.datetime.now(dt.UTC)
    ledger.record(
        [
            new_row(
                job="ingest_events", ds=DAY, started_at=now, seconds=0, cpu_seconds=0, outcome=Outcome(),
                failed=False, fingerprint="", inputs=feed_inputs(FEED, settings, DAY), code_version="0",
            )
        ]
    )  # fmt: skip
    (folder / "d.jsonl").write_text(row("more"))
    with pytest.raises(SourceError, match=r"not the one that was loaded -> load it: python -m jobs\.ingest"):
        requeue(FEED, settings, lake, ledger, spark, [DAY])


ORDER = {"created": "2026-03-01T12:00:00Z", "who": "u", "kind": "Kauf", "lines": [{"sku": "a", "eur": "9.5"}]}
ORDERS = [
    ORDER | {"no": "1"},
    ORDER | {"no": "2", "lines": [{"sku": "a", "eur": "19,90"}, {"sku": 7, "eur": "free"}, {"sku": "b"}]},
    ORDER | {"no": "3", "kind": "Korb", "lines": [{"sku": "c", "eur": -1}]},
    ORDER | {"no": "4", "created": 1772366400},
    ORDER | {"no": "5", "kind": "Storno"},
]
TAKEN = {
    "event_id": {"join": ["no", "lines.sku"]}, "event_time": "created", "user_id": "who",
    "item_id": "lines.sku", "price": "lines.eur",
}  # fmt: skip


def orders(work: Path, words: dict[str, str], **mended: object) -> Settings:
    taken = TAKEN | {"event_type": {"column": "kind", "values": words}}
    layout = {"columns": taken, "explode": "lines", "extra_columns": "ignore", **mended}
    limits = {"max_rejected_share": 1.0, "max_unreadable_share": 1.0}
    shop = {"paths": {"work": work}, "ingest": limits, "landing": {"events": layout}}
    return Settings.model_validate(shop)


def deliver_orders(settings: Settings) -> Path:
    folder = Path(settings.landing_root) / "events" / f"arrival_date={DAY}"
    folder.mkdir(parents=True)
    (folder / "orders.json").write_text(json.dumps(ORDERS))
    return folder


def test_a_mended_layout_brings_rows_and_fields_back(tmp_path: Path, spark: "SparkSession") -> None:
    first = orders(tmp_path / "old", {"Kauf": "purchase"})
    folder = deliver_orders(first)
    loaded = load(first, spark)
    assert loaded.rejects == {"unknown_event_type": 2, "invalid_type": 2}
    assert {k: n for k, n in loaded.counters.items() if k.startswith("nulled.")} == {
        "nulled.price.unclear_number": 1,
    }  # fmt: skip
    lake = Lake(first.lake_root)
    (unread,) = unread_fields(lake, "events", [DAY])
    assert (unread.column, unread.reason, unread.rows, unread.example) == (
        "price",
        "unclear_number",
        1,
        "19,90",
    )
    assert "UNREAD price of 1 rows (14.3%, unclear_number, such as '19,90')" in loaded.note
    shutil.rmtree(folder)

    words = {"Kauf": "purchase", "Korb": "cart"}
    notation = {"decimal_comma": True, "number_ids": True, "epoch_unit": "s"}
    mended, fresh = orders(tmp_path / "old", words, **notation), orders(tmp_path / "new", words, **notation)
    again = requeue(FEED, mended, lake, Ledger(lake), spark, [DAY])[DAY]
    deliver_orders(fresh)
    expected = load(fresh, spark)
    assert again.note.startswith(
        "requeued 4 rows, 1 are still rejected\nrequeued 1 unread fields, 3 are still unread\n"
    )
    assert (again.rows_in, again.rows_out, again.rejects) == (7, 6, {"unknown_event_type": 1})
    assert (again.rows_in, again.rows_out, again.rejects) == (
        expected.rows_in, expected.rows_out, expected.rejects,
    )  # fmt: skip
    tables = [Lake(shop.lake_root) for shop in (mended, fresh)]
    rows = [table.table("events").read().to_pylist() for table in tables]
    prices = [{row["event_id"]: row["price"] for row in one} for one in rows]
    assert prices[1] == {"1:a": None, "2:a": 19.9, "2:7": None, "2:b": None, "3:c": None, "4:a": None}
    assert prices[0] == {**prices[1], "1:a": 9.5}  # what was accepted is not read again
    shown = [[(f.column, f.reason, f.rows) for f in unread_fields(t, "events", [DAY])] for t in tables]
    others = [("price", "bad_price", 1), ("price", "invalid_type", 1)]
    assert shown == [[*others, ("price", "unclear_number", 1)], [("price", "unclear_number", 2), *others]]
