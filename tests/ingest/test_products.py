"""Products end to end: texts normalised and cut, references as lists, the newest of two rows kept."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.ingest.formats.rows import MAX_RAW_CHARS
from causalrec.ingest.products import ingest_products
from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.record.ledger import new_row

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 1)
NEXT = dt.date(2026, 3, 2)
NOON = "2026-03-01T12:00:00Z"
HUGE = 10_000_000

ROWS: list[dict[str, object]] = [
    {
        "item_id": "i1",
        "title": "  A <b>bold</b>\u0000 title ",
        "updated_at": NOON,
        "image_refs": ["a.jpg", "b.jpg"],
    },
    {"item_id": "i2", "title": "x" * 30, "description": "", "updated_at": NOON, "image_refs": "a.jpg, b.jpg"},
    {"item_id": "i3", "title": "عنوان 😀", "updated_at": NOON, "image_refs": "c.jpg", "price": 3},
    {"item_id": "i4", "title": "older", "updated_at": "2026-03-01T11:00:00Z"},
    {"item_id": "i4", "title": "newer", "updated_at": NOON},
    {"item_id": "i5", "title": "=1+1", "price": -1, "updated_at": NOON},
    {"item_id": "", "title": "nameless", "updated_at": NOON},
    {"item_id": "i6", "title": "t" * 2_000, "updated_at": NOON},
    {"item_id": "i7", "image_refs": ["r"] * 4, "updated_at": NOON},
    {"item_id": "i8", "title": 5, "updated_at": NOON},
    {"item_id": "i9", "title": "no time"},
    {"item_id": "i10", "title": "tomorrow", "updated_at": "2026-03-05T00:00:00Z"},
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    limits = {"max_rejected_share": 0.9, "max_title_chars": 20, "max_text_chars": 1_000, "max_image_refs": 3}
    return Settings.model_validate({"paths": {"work": tmp_path_factory.mktemp("shop")}, "ingest": limits})


@pytest.fixture(scope="module")
def loaded(shop: Settings, spark: "SparkSession") -> Outcome:
    folder = Path(shop.landing_root) / "products" / f"arrival_date={DAY}"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    huge = {"item_id": "huge", "title": "x" * HUGE, "updated_at": NOON}
    (folder / "b.jsonl").write_text(f"{json.dumps(huge)}\n{json.dumps(huge | {'title': 'small'})}\n")
    (folder / "c.csv").write_text(f"item_id,title,updated_at\nhuge,{huge['title']},{NOON}\n")
    pq.write_table(pa.Table.from_pylist([huge]), folder / "d.parquet")
    lake = Lake(shop.lake_root)
    return ingest_products(shop, lake, Ledger(lake), spark, DAY)[DAY]


def test_counts(loaded: Outcome) -> None:
    assert dict(loaded.rejects) == {
        "bad_id": 1,
        "bad_text": 3,
        "duplicate": 1,
        "future_event": 1,
        "missing_required": 1,
    }
    assert (loaded.rows_in, loaded.rows_out) == (16, 9)
    assert loaded.counters["texts_cut"] == 1


def test_texts_and_references(shop: Settings, loaded: Outcome) -> None:
    rows = {r["item_id"]: r for r in Lake(shop.lake_root).table("products").read().to_pylist()}
    assert {i: (r["title"], r["description"], r["image_refs"]) for i, r in rows.items()} == {
        "i1": ("A <b>bold</b>  title", None, ["a.jpg", "b.jpg"]),
        "i2": ("x" * 20, None, ["a.jpg", "b.jpg"]),
        "i3": ("عنوان 😀", None, ["c.jpg"]),
        "i4": ("newer", None, []),
        "i5": ("=1+1", None, []),
        "i6": (None, None, []),
        "i7": (None, None, []),
        "i8": (None, None, []),
        "huge": ("small", None, []),
    }
    assert rows["i5"]["price"] is None
    nulled = {name: n for name, n in loaded.counters.items() if name.startswith("nulled.")}
    assert nulled == {
        "nulled.title.invalid_type": 1, "nulled.title.bad_text": 1, "nulled.price.bad_price": 1,
        "nulled.image_refs.bad_text": 1,
    }  # fmt: skip
    assert rows["i3"]["price"] == 3.0


def test_a_title_of_ten_megabytes_is_cut_in_quarantine(shop: Settings, loaded: Outcome) -> None:
    rows = Lake(shop.lake_root).table("quarantine").read(where={"table_name": ["products"]}).to_pylist()
    found = {r["source_file"]: r for r in rows if "x" * 1_000 in r["raw"]}
    assert {name: (r["reason_code"], r["source_line"]) for name, r in found.items()} == {
        "b.jsonl": ("bad_text", 1), "c.csv": ("bad_text", 2), "d.parquet": ("bad_text", 1),
    }  # fmt: skip
    assert all(len(r["raw"]) <= MAX_RAW_CHARS for r in found.values())


def test_duplicates_name_the_row_that_stays(shop: Settings, loaded: Outcome) -> None:
    quarantine = Lake(shop.lake_root).table("quarantine").read(where={"table_name": ["products"]}).to_pylist()
    (again,) = [r for r in quarantine if r["reason_code"] == "duplicate"]
    assert (again["source_line"], again["detail"]) == (4, "item_id=i4 stands already in a.jsonl line 5")
    assert json.loads(again["raw"])["title"] == "older"


def test_a_day_without_changes_needs_no_delivery(
    shop: Settings, loaded: Outcome, spark: "SparkSession"
) -> None:
    lake = Lake(shop.lake_root)
    now = dt.datetime.now(dt.UTC)
    done = new_row(
        job="ingest_products",
        ds=DAY,
        started_at=now,
        seconds=0.0,
        cpu_seconds=0.0,
        outcome=loaded,
        failed=False,
        fingerprint="",
        inputs={},
        code_version="0",
    )
    Ledger(lake).record([done])
    assert ingest_products(shop, lake, Ledger(lake), spark, NEXT) == {
        NEXT: Outcome(note="no products delivery for 2026-03-02: nothing changed")
    }


def test_a_shop_without_any_catalogue_is_refused(tmp_path: Path, spark: "SparkSession") -> None:
    shop = Settings.model_validate({"paths": {"work": tmp_path}})
    lake = Lake(shop.lake_root)
    with pytest.raises(SourceError, match=r"no products delivery for 2026-03-01 .*there is none at all"):
        ingest_products(shop, lake, Ledger(lake), spark, DAY)
