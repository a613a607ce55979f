"""Two layouts that nobody foresaw, from what check proposes to the pairs of a dataset; nothing is lost."""

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pytest

from causalrec.config import Settings
from causalrec.dataset.build import build_dataset
from causalrec.dataset.load import load_dataset
from causalrec.ingest.check import check_landing
from causalrec.ingest.events import ingest_events
from causalrec.ingest.products import ingest_products
from causalrec.lake import Lake, Ledger

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY, USERS, ITEMS, ORDERS = dt.date(2026, 3, 1), 12, 8, 60
ARTICLES = [
    "Artikelnummer;Bezeichnung;Marke;Preis;Bestand;geändert am",
    *(f"{n:04d};Mütze {n};Größe {n % 3};1.0{n}0,90 €;3;28.02.2026 09:15" for n in range(ITEMS)),
]
ODD: dict[int, dict[str, Any]] = {
    7: {"customer": {"id": "NULL"}}, 11: {"created_at": "gestern"}, 13: {"customer": {}},
}  # fmt: skip
"""Orders that cannot be used, by their number."""


def order(number: int) -> dict[str, Any]:
    lines = [
        {"sku": f"{(number + n) % ITEMS:04d}", "price": "19.90", "qty": 1} for n in range(1 + number % 2)
    ]
    plain = {"id": number, "created_at": f"20{10 + number % 15}-01-{1 + number % 28:02d}T10:00:00+01:00",
             "customer": {"id": f"k{number % USERS}"}, "line_items": lines}  # fmt: skip
    return plain | ODD.get(number, {})


def delivered(root: Path) -> int:
    """Writes one delivery; the number of lines of all orders."""
    orders = [order(number) for number in range(ORDERS)]
    orders += orders[:2]  # exported twice
    files = {
        "events/orders.json": json.dumps({"orders": orders}).encode(),
        "products/artikel.csv": "\r\n".join(ARTICLES).encode("windows-1252"),
    }
    for name, data in files.items():
        kind, _, file = name.partition("/")
        folder = root / kind / f"arrival_date={DAY}"
        folder.mkdir(parents=True)
        (folder / file).write_bytes(data)
    return sum(len(one["line_items"]) for one in orders)


def test_an_export_becomes_a_dataset_with_what_check_proposes(tmp_path: Path, spark: "SparkSession") -> None:
    lines = delivered(tmp_path / "landing")
    bare: dict[str, Any] = {"paths": {"work": tmp_path, "landing": str(tmp_path / "landing")}}
    bare["ingest"] = {"max_rejected_share": 0.2}
    products, events = check_landing(Settings.model_validate(bare))
    landing: dict[str, Any] = {"time_zone": "Europe/Berlin"}
    for one in (products, events):
        landing[one.kind] = tomllib.loads(one.toml)["landing"][one.kind]
    settings = Settings.model_validate(bare | {"landing": landing})
    assert not [line for one in check_landing(settings) for line in one.blocking]

    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    catalogue = ingest_products(settings, lake, ledger, spark, DAY)[DAY]
    assert (catalogue.rows_in, catalogue.rows_out) == (ITEMS, ITEMS)
    item = lake.table("products").read().sort_by("item_id").to_pylist()[3]
    assert (item["title"], item["brand"], item["price"]) == ("Mütze 3", "Größe 0", 1030.9)
    assert item["updated_at"] == dt.datetime(2026, 2, 28, 8, 15, tzinfo=dt.UTC)

    log = ingest_events(settings, lake, ledger, spark, DAY)[DAY]
    stored, quarantined = lake.table("events").read(), lake.table("quarantine").read()
    assert lines == log.rows_in == stored.num_rows + quarantined.num_rows
    assert log.rejects == {"duplicate": 3, "null_id": 2, "invalid_type": 2, "missing_required": 2}

    built = build_dataset(settings, lake, ledger, spark, DAY)
    pairs = lake.table("interactions").read()
    assert built.counters["events"] == stored.num_rows == pc.sum(pairs["events"]).as_py()
    assert built.note.startswith("no looks are logged that most carts and purchases follow")
    data = load_dataset(settings, lake, DAY).data
    splits = (data.train, data.valid, data.test)
    assert (data.n_users, data.n_items) == (USERS, ITEMS)
    assert sum(part.shape[1] for part in splits) == pairs.num_rows
