"""Where several columns may name the item, those that join events and products are proposed. No Spark."""

import json
import tomllib
from pathlib import Path
from typing import Any

from causalrec.config import Settings
from causalrec.ingest.check import check_landing


def proposed(work: Path, events: str, products: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Settings that the check proposes for two files, and its remarks on the events."""
    for kind, text in {"events": events, "products": products}.items():
        folder = work / kind / "arrival_date=2026-03-01"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(text)
    bare: dict[str, Any] = {"paths": {"work": work, "landing": str(work)}}
    catalogue, found = check_landing(Settings.model_validate(bare))
    toml = tomllib.loads(f"{catalogue.toml}\n{found.toml}")
    again = check_landing(Settings.model_validate(bare | toml))
    assert [one.blocking for one in again] == [[], []]
    landing: dict[str, Any] = toml["landing"]
    return {kind: landing[kind]["columns"]["item_id"] for kind in landing}, found.remarks


def table(head: str, *rows: str) -> str:
    return "\n".join([head, *rows, ""])


def test_events_by_the_id_of_a_catalogue_that_has_skus_too(tmp_path: Path) -> None:
    events = table("order_id,order_date,customer,product_id",
                   *(f"{n},2026-03-01 10:0{n},c,p{n}" for n in range(9)))  # fmt: skip
    products = table("sku,id,name", *(f"S-{n},p{n},Tee {n}" for n in range(9)))
    found, remarks = proposed(tmp_path, events, products)
    assert found == {"events": "product_id", "products": "id"}
    (said,) = [one for one in remarks if "more than one column" in one]
    assert "product_id finds 9 of 9 among id; product_id finds 0 of 9 among sku" in said


def test_events_with_two_ids_by_the_one_that_the_catalogue_has(tmp_path: Path) -> None:
    rows = [f"2026-03-01 10:0{n},c,S{n},{n},9" for n in range(9)]
    events = table("order_date,customer,sku,product_id,qty", *rows)
    products = [{"ref": n, "title": f"Tee {n}"} for n in range(9)]
    found, _ = proposed(tmp_path, events, json.dumps({"items": products}))
    assert found == {"events": "product_id", "products": "items.ref"}


def test_ids_of_other_types_are_the_same_ids(tmp_path: Path) -> None:
    order = {"order_date": "2026-03-01T10:00:00Z", "customer": "c", "qty": 1}
    ids = enumerate([1.0, 2, None, "3 "])
    rows = [{**order, "sku": f"S{n}", "product_id": one} for n, one in ids]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    products = table("id,name", *(f"{n},Tee {n}" for n in (1, 2, 3)))
    for kind, text in {"events": lines, "products": products}.items():
        folder = tmp_path / kind / "arrival_date=2026-03-01"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(text)
    shop = Settings.model_validate({"paths": {"work": tmp_path, "landing": str(tmp_path)}})
    (said,) = [one for one in check_landing(shop)[1].remarks if "more than one column" in one]
    assert "product_id finds 3 of 3 among id; sku finds 0 of 4 among id" in said


def test_nothing_is_said_where_names_leave_no_choice(tmp_path: Path) -> None:
    events = table("order_date,customer,sku", "2026-03-01 10:00,c,a")
    found, remarks = proposed(tmp_path, events, table("sku,name", "a,Tee"))
    assert found == {"events": "sku", "products": "sku"}
    assert not [one for one in remarks if "more than one column" in one]
