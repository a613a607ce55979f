"""Deliveries whose files are written in different ways need only what is proposed. No Spark."""

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config import Settings
from causalrec.ingest.check import DeliveryCheck, check_landing
from causalrec.ingest.check.layouts import united
from causalrec.ingest.check.patterns import patterns

ORDERS = [
    {"orderRef": f"P{n}", "placed": f"2026-02-20T18:0{n}:00+01:00", "buyer": {"memberId": f"M{n}"},
     "lines": [{"article": {"sku": f"S{k}"}, "price": "3.50"} for k in range(2)]}
    for n in range(9)
]  # fmt: skip
HITS = [
    {"at": 1772366400000 + n, "member": f"M{n}", "hit": "product_view", "target": {"sku": f"S{n % 2}"}}
    for n in range(9)
]
NATIVE = {
    "event_id": "e", "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "i",
    "event_type": "cart",
}  # fmt: skip


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def deliver(work: Path, files: dict[str, bytes]) -> dict[str, Any]:
    """Settings of a shop with these files of events."""
    for name, data in files.items():
        file = work / "events" / "arrival_date=2026-03-01" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return {"paths": {"work": work, "landing": str(work)}}


def events(settings: dict[str, Any]) -> DeliveryCheck:
    return check_landing(Settings.model_validate(settings))[1]


def mended(bare: dict[str, Any]) -> tuple[dict[str, Any], DeliveryCheck]:
    """What is proposed for a shop, and what is found once that is set."""
    toml = tomllib.loads(events(bare).toml)
    return toml["landing"]["events"], events(bare | toml)


def test_orders_beside_page_views_get_a_layout_each(tmp_path: Path) -> None:
    files = {f"orders_202603{n:02}.json.gz": gzip.compress(lines(ORDERS)) for n in (1, 2)}
    hits = {f"hits-2026-03-{n:02}.jsonl": lines(HITS) for n in (1, 2, 3)}
    layout, found = mended(deliver(tmp_path, files | hits))
    assert layout["columns"]["event_type"] == {"column": "hit", "values": {"product_view": "view"}}
    assert layout["epoch_unit"] == "ms"
    assert list(layout["files"]) == ["orders_*.json.gz"]
    own = layout["files"]["orders_*.json.gz"]
    assert (own["explode"], own["columns"]["event_type"]) == ("lines", {"value": "purchase"})
    assert "epoch_unit" not in own
    assert (found.blocking, found.toml, found.rows) == ([], "", 3 * 9 + 2 * 9 * 2)
    assert set(found.rejects) == {"duplicate"}


def test_files_that_are_named_after_their_events_say_what_these_are(tmp_path: Path) -> None:
    row, other = (f"when,customer,sku\n2026-03-01T10:00:00Z,{one},i\n".encode() for one in "uv")
    files = {"page_views-1.csv": row, "page_views-2.csv": other, "sales.csv": row}
    layout, found = mended(deliver(tmp_path, files))
    assert layout["columns"]["event_type"] == {"value": "view"}
    assert layout["files"]["sales.csv"]["columns"]["event_type"] == {"value": "purchase"}
    assert layout["columns"]["event_id"] == {"join": ["when", "customer", "sku", "event_type"]}
    assert (found.blocking, found.toml, found.rows, found.rejects) == ([], "", 3, {})


def test_a_foreign_file_leaves_the_layout_of_the_others_alone(tmp_path: Path) -> None:
    files = {"a.jsonl": lines([NATIVE]), "orders.csv": b"order_date,customer,sku\n2026-03-01 10:00,u,i\n"}
    layout, found = mended(deliver(tmp_path, files))
    assert list(layout) == ["files"]
    assert layout["files"]["orders.csv"]["columns"]["user_id"] == "customer"
    assert (found.blocking, found.toml, found.rows) == ([], "", 2)


def test_a_native_file_beside_a_mapped_layout_is_told_apart(tmp_path: Path) -> None:
    files = {"a.jsonl": lines([NATIVE]), "orders.csv": b"order_date,customer,sku\n2026-03-01T10:00:00Z,u,i\n"}
    columns = {
        "event_time": "order_date", "user_id": "customer", "item_id": "sku",
        "event_type": {"value": "purchase"}, "event_id": {"join": ["order_date", "customer", "sku"]},
    }  # fmt: skip
    bare = deliver(tmp_path, files) | {"landing": {"events": {"columns": columns}}}
    toml = tomllib.loads(events(bare).toml)["landing"]["events"]
    assert toml == {"files": {"a.jsonl": {"extra_columns": "refuse"}}}
    found = events(bare | {"landing": {"events": {"columns": columns, **toml}}})
    assert (found.blocking, found.toml, found.rows) == ([], "", 2)


def test_rows_whose_columns_are_spread_over_files_are_told(tmp_path: Path) -> None:
    heads = {
        "heads.csv": b"order_no,order_date,customer\n1,2026-03-01 10:00,u\n",
        "lines.csv": b"order_no,sku\n1,i\n",
    }
    found = events(deliver(tmp_path, heads))
    assert [one for one in found.remarks if "nothing joins" in one] == [
        "heads.csv seems to have no item_id, and has order_no in common with lines.csv: nothing joins files, "
        "so deliver rows that hold both",
        "lines.csv seems to have no event_time and no user_id, and has order_no in common with heads.csv: "
        "nothing joins files, so deliver rows that hold both",
    ]


def test_a_file_about_products_without_titles_gets_no_layout(tmp_path: Path) -> None:
    folder = tmp_path / "products" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "items.csv").write_text("sku,name\na,Tee\n")
    (folder / "stock.csv").write_text("sku,on_hand\na,3\n")
    bare = {"paths": {"work": tmp_path, "landing": str(tmp_path)}}
    found = check_landing(Settings.model_validate(bare))[0]
    assert tomllib.loads(found.toml)["landing"]["products"].keys() == {"columns"}
    assert [one for one in found.remarks if one.startswith("stock.csv seems to have no title")]


def test_words_and_notation_of_files_with_one_layout_come_together(tmp_path: Path) -> None:
    head = "wann;kunde;artikel;preis;was\n"
    files = {
        "a.csv": f"{head}2026-03-01 10:00;k;a;3;Kauf\n".encode(),
        "b.csv": f"{head}2026-03-01 10:01;k;b;3,50;Aufruf\n".encode(),
    }
    layout, found = mended(deliver(tmp_path, files))
    assert "files" not in layout
    assert layout["columns"]["event_type"]["values"] == {"Kauf": "purchase", "Aufruf": "view"}
    assert layout["decimal_comma"] is True
    assert (found.blocking, found.toml, found.rows) == ([], "", 2)


def test_folders_of_a_partitioned_delivery_are_columns(tmp_path: Path) -> None:
    bare = deliver(tmp_path, {})
    for word in ("Kauf", "Ansicht"):
        folder = tmp_path / "events" / "arrival_date=2026-03-01" / f"Ereignis={word}" / "jahr=2026"
        folder.mkdir(parents=True)
        table = pa.table({"zeit": ["2026-03-01T10:00:00Z"], "kunde": [word], "artikelnr": [7]})
        pq.write_table(table, folder / "part-0.parquet")
    layout, found = mended(bare)
    assert layout["columns"]["event_type"] == {
        "column": "Ereignis", "values": {"Kauf": "purchase", "Ansicht": "view"},
    }  # fmt: skip
    assert (found.blocking, found.toml, found.rows, found.rejects) == ([], "", 2, {})


@pytest.mark.parametrize(
    ("names", "others", "expected"),
    [
        (["v-2026-03-01.csv", "v-2026-03-02.csv"], ["o-2026-03-01.csv"], ["v-*.csv"]),
        (["views/part-0.parquet", "views/part-1.parquet"], ["orders/part-0.parquet"], ["views/*"]),
        (["1.csv"], ["2.csv"], ["1.csv"]),
        (["a[1].csv", "b.csv"], [], ["a[[]*].csv", "b.csv"]),
        (["h/1/a.csv", "h/2/b.csv"], ["i/1/a.csv"], ["h/*/*"]),
    ],
)  # fmt: skip
def test_patterns_are_as_wide_as_the_other_files_allow(
    names: list[str], others: list[str], expected: list[str]
) -> None:
    assert patterns(names, others) == expected


def test_of_two_suggestions_the_first_counts_and_words_add_up() -> None:
    first = {"naive_times": "shop", "columns": {"event_type": {"column": "a", "values": {"x": "view"}}}}
    second = {"naive_times": "UTC", "columns": {"event_type": {"column": "a", "values": {"y": "cart"}}}}
    assert united(first, second) == {
        "naive_times": "shop",
        "columns": {"event_type": {"column": "a", "values": {"x": "view", "y": "cart"}}},
    }
    assert united({}, {"columns": {"item_id": "sku"}}) == {"columns": {"item_id": "sku"}}
