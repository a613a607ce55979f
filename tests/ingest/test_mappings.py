"""Every ready mapping file, tried on rows in the documented layout of the shop software or public set."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.config import load_settings
from causalrec.contracts import load_contract
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import ReadLimits, read_file
from causalrec.ingest.header import check_header

DAY = dt.date(2026, 3, 1)
MAPPINGS = Path(__file__).parents[2] / "docs" / "mappings"


def read(name: str, kind: str, file: Path) -> list[dict[str, Any]]:
    """Rows of ``file`` under the mapping ``name``: reason, and the columns that have a value."""
    landing = load_contract(f"landing_{kind}")
    layout = Layout.of(landing, load_settings(MAPPINGS / f"{name}.toml", {}).landing)
    check_header(str(file), landing, layout)
    batches = read_file(str(file), file.name, DAY, landing, ReadLimits(100_000, 1_000), layout)
    found = []
    for row in (row for batch in batches for row in batch.to_pylist()):
        kept = {c: row[c] for c in landing.column_names if c != "arrival_date" and row[c] is not None}
        found.append({"reason": row["reason"]} if row["reason"] else kept)
        assert not row["nulled"]
    return found


def at(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0
) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, second, micro, dt.UTC)


def test_movielens(tmp_path: Path) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("userId,movieId,rating,timestamp\n1,307,3.5,1256677221\n1,481,4.0,1256677456\n")
    assert read("movielens", "events", ratings) == [
        {"event_id": "1:307", "event_time": at(2009, 10, 27, 21, 0, 21), "user_id": "1", "item_id": "307",
         "event_type": "view"},
        {"event_id": "1:481", "event_time": at(2009, 10, 27, 21, 4, 16), "user_id": "1", "item_id": "481",
         "event_type": "purchase"},
    ]  # fmt: skip
    movies = tmp_path / "movies.csv"
    movies.write_text('movieId,title,genres\n11,"American President, The (1995)",Comedy|Drama|Romance\n')
    assert read("movielens", "products", movies) == [
        {"item_id": "11", "title": "American President, The (1995)", "category": "Comedy|Drama|Romance",
         "updated_at": at(2026, 3, 1)},
    ]  # fmt: skip


def test_amazon_reviews(tmp_path: Path) -> None:
    review = {
        "rating": 5.0, "title": "Such a lovely scent", "text": "...", "images": [], "asin": "B00YQ6X8EO",
        "parent_asin": "B00YQ6X8EO", "user_id": "AGKHLEW2SOWHNMFQIJGBECAF7INQ", "timestamp": 1588687728923,
        "helpful_vote": 0, "verified_purchase": True,
    }  # fmt: skip
    file = tmp_path / "All_Beauty.jsonl"
    file.write_text(json.dumps(review) + "\n")
    assert read("amazon-reviews-2023", "events", file) == [
        {"event_id": "AGKHLEW2SOWHNMFQIJGBECAF7INQ:B00YQ6X8EO:1588687728923",
         "event_time": at(2020, 5, 5, 14, 8, 48, 923000), "user_id": "AGKHLEW2SOWHNMFQIJGBECAF7INQ",
         "item_id": "B00YQ6X8EO", "event_type": "purchase"},
    ]  # fmt: skip
    pictures = [{"thumb": "https://x/t.jpg", "large": "https://x/l.jpg", "variant": "MAIN", "hi_res": None}]
    meta = {
        "main_category": "All Beauty", "title": "Hair Spray", "average_rating": 4.8, "rating_number": 10,
        "features": [], "description": ["Firm hold.", "No scent."], "price": None, "images": pictures,
        "videos": [], "store": "Howard", "categories": ["Beauty", "Hair"], "details": {"Brand": "Howard"},
        "parent_asin": "B01CUPMQZE", "bought_together": None,
    }  # fmt: skip
    file = tmp_path / "meta_All_Beauty.jsonl"
    file.write_text(json.dumps(meta) + "\n")
    assert read("amazon-reviews-2023", "products", file) == [
        {"item_id": "B01CUPMQZE", "title": "Hair Spray", "description": "Firm hold. No scent.",
         "brand": "Howard", "category": "Beauty > Hair", "image_refs": ["https://x/l.jpg"],
         "updated_at": at(2026, 3, 1)},
    ]  # fmt: skip


def test_retailrocket(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text(
        "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n"
        "1433222276276,111016,addtocart,318965,\n1433223203944,121688,transaction,15335,11117\n"
    )
    found = read("retailrocket", "events", events)
    assert [row["event_type"] for row in found] == ["view", "cart", "purchase"]
    assert found[0]["event_id"] == "1433221332117:257597:view:355908"
    properties = tmp_path / "item_properties_part1.csv"
    properties.write_text(
        "timestamp,itemid,property,value\n1435460400000,460429,categoryid,1338\n"
        "1441508400000,206783,888,1116713 960601 n277.200\n"
    )
    assert read("retailrocket", "products", properties) == [
        {"item_id": "460429", "category": "1338", "updated_at": at(2015, 6, 28, 3)},
        {"reason": "left_out"},
    ]


def test_rees46(tmp_path: Path) -> None:
    file = tmp_path / "2019-Oct.csv"
    file.write_text(
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
        "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde\n"
        "2019-10-01 00:00:05 UTC,remove_from_cart,5809910,1602943681873052386,,grattol,5.24,463240011,26dd\n"
    )
    assert read("rees46", "events", file) == [
        {"event_id": "2019-10-01 00:00:00 UTC:72d76fde:view:44600062", "event_time": at(2019, 10, 1),
         "user_id": "541312140", "item_id": "44600062", "event_type": "view", "session_id": "72d76fde",
         "price": 35.79},
        {"reason": "left_out"},
    ]  # fmt: skip
    assert read("rees46", "products", file)[0] == {
        "item_id": "44600062", "brand": "shiseido", "price": 35.79, "updated_at": at(2019, 10, 1),
    }  # fmt: skip


def test_shopify(tmp_path: Path) -> None:
    orders = tmp_path / "orders_export.csv"
    orders.write_text(
        "Name,Email,Financial Status,Paid at,Currency,Subtotal,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price,Lineitem sku,Vendor\n"
        "#1001,ann@example.com,paid,2026-03-01 10:01:00 -0500,USD,30.00,2026-03-01 10:00:00 -0500,1,Tee,"
        "10.00,TEE-S,Acme\n"
        "#1001,ann@example.com,,,,,2026-03-01 10:00:00 -0500,1,Tip,1.00,,Acme\n"
    )
    assert read("shopify", "events", orders) == [
        {"event_id": "#1001:TEE-S", "event_time": at(2026, 3, 1, 15), "user_id": "ann@example.com",
         "item_id": "TEE-S", "event_type": "purchase", "session_id": "#1001", "price": 10.0},
        {"reason": "left_out"},
    ]  # fmt: skip
    products = tmp_path / "products_export.csv"
    products.write_text(
        "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Variant SKU,Variant Price,"
        "Image Src,Image Position,Status\n"
        "tee,Tee,<p>Soft</p>,Acme,Apparel,Shirts,,true,TEE-S,10.00,https://cdn/tee.jpg?v=1,1,active\n"
        "tee,,,,,,,,TEE-M,11.00,,,\n"
        "tee,,,,,,,,,,https://cdn/tee-back.jpg?v=1,2,\n"
        "cap,Cap,,,,,,,CAP,5.00,,,draft\n"
    )
    tee = {
        "title": "Tee", "description": "<p>Soft</p>", "brand": "Acme", "category": "Shirts",
        "available": True, "image_refs": ["https://cdn/tee.jpg?v=1"], "updated_at": at(2026, 3, 1),
    }  # fmt: skip
    assert read("shopify", "products", products) == [
        {**tee, "item_id": "TEE-S", "price": 10.0},
        {**tee, "item_id": "TEE-M", "price": 11.0},
        {"reason": "left_out"},
        {"item_id": "CAP", "title": "Cap", "price": 5.0, "available": False, "updated_at": at(2026, 3, 1)},
    ]


def test_woocommerce(tmp_path: Path) -> None:
    order = {
        "id": 727, "status": "processing", "currency": "USD", "date_created": "2026-02-28T19:00:00",
        "date_created_gmt": "2026-03-01T00:00:00", "customer_id": 26, "total": "29.35",
        "line_items": [
            {"id": 315, "name": "Woo Single", "product_id": 93, "quantity": 2, "price": 3},
            {"id": 316, "name": "Ship", "product_id": 22, "quantity": 1, "price": 12},
        ],
    }  # fmt: skip
    file = tmp_path / "orders.json"
    file.write_text(json.dumps([order, {**order, "id": 728, "line_items": []}], indent=2))
    assert read("woocommerce", "events", file) == [
        {"event_id": "727:315", "event_time": at(2026, 3, 1), "user_id": "26", "item_id": "93",
         "event_type": "purchase", "session_id": "727", "price": 3.0},
        {"event_id": "727:316", "event_time": at(2026, 3, 1), "user_id": "26", "item_id": "22",
         "event_type": "purchase", "session_id": "727", "price": 12.0},
        {"reason": "left_out"},
    ]  # fmt: skip
    product = {
        "id": 93, "name": "Woo Single", "date_modified_gmt": "2026-02-20T10:00:00", "description": "<p>x</p>",
        "price": "21.99", "stock_status": "instock", "categories": [{"id": 9, "name": "Music", "slug": "m"}],
        "images": [{"id": 792, "src": "https://shop/a,b.jpg"}, {"id": 793, "src": "https://shop/back.jpg"}],
    }  # fmt: skip
    file = tmp_path / "products.json"
    file.write_text(json.dumps([product]))
    assert read("woocommerce", "products", file) == [
        {"item_id": "93", "title": "Woo Single", "description": "<p>x</p>", "category": "Music",
         "price": 21.99, "available": True, "updated_at": at(2026, 2, 20, 10),
         "image_refs": ["https://shop/a,b.jpg", "https://shop/back.jpg"]},
    ]  # fmt: skip


def test_google_merchant(tmp_path: Path) -> None:
    file = tmp_path / "feed.txt"
    file.write_text(
        "id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tbrand\tproduct_type\n"
        "A2B4\tMen's shirt\tOrganic\thttps://s/a2b4\thttps://s/a2b4.jpg\tin_stock\t15.00 EUR\tG\t"
        "Men > Shirts\n"
    )
    assert read("google-merchant", "products", file) == [
        {"item_id": "A2B4", "title": "Men's shirt", "description": "Organic", "brand": "G",
         "category": "Men > Shirts", "price": 15.0, "available": True, "image_refs": ["https://s/a2b4.jpg"],
         "updated_at": at(2026, 3, 1)},
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_ga4(tmp_path: Path, form: str) -> None:
    def value(number: int) -> dict[str, object]:
        return {"string_value": None, "int_value": number, "double_value": None}

    event = {
        "event_date": "20260301", "event_timestamp": 1772323200000001, "event_name": "add_to_cart",
        "event_params": [{"key": "ga_session_number", "value": value(2)},
                         {"key": "ga_session_id", "value": value(77)}],
        "user_pseudo_id": "1.2",
        "items": [{"item_id": "SKU1", "item_name": "Tee", "price": 9.99, "item_list_index": "3"}],
    }  # fmt: skip
    other = {**event, "event_name": "page_view", "items": []}
    file = tmp_path / f"events_20260301.{form}"
    if form == "jsonl":
        file.write_text("".join(json.dumps(one) + "\n" for one in (event, other)))
    else:
        pq.write_table(pa.Table.from_pylist([event, other]), file)
    assert read("ga4-bigquery", "events", file) == [
        {"event_id": "1772323200000001:1.2:add_to_cart:SKU1", "event_time": at(2026, 3, 1, 0, 0, 0, 1),
         "user_id": "1.2", "item_id": "SKU1", "event_type": "cart", "session_id": "1.2:77", "position": 3,
         "price": 9.99},
        {"reason": "left_out"},
    ]  # fmt: skip
