"""Names of other shops for our columns: known ones before close ones, without their trimmings."""

import pytest

from causalrec.ingest.alike import alike, matched


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("user_id", "CUSTOMER_KEY"), ("user_id", "customerCode"), ("user_id", "N\u00b0 client"),
        ("user_id", "session.visitor.id"), ("item_id", "PRODUCT_SK"), ("item_id", "products.id"),
        ("item_id", "R\u00e9f. produit"), ("item_id", "Art.-Nr."), ("session_id", "SESSION_KEY"),
        ("price", "Prix TTC"), ("price", "Preis (EUR)"), ("title", "product.name.en"),
        ("price", "line.price.gross"), ("price", "unitPrice.amount"), ("brand", "maker.name"),
        ("updated_at", "Geaendert_am"),
        ("event_time", "Horodatage"), ("updated_at", "Modifi\u00e9 le"), ("image_refs", "product.media.url"),
    ],
)  # fmt: skip
def test_a_name_is_known_in_other_clothes(column: str, name: str) -> None:
    assert alike(column, ["first", name, "last"]) == name


@pytest.mark.parametrize("name", ["postal_code", "code", "brand.id", "N\u00b0 ligne", "warehouse_key"])
def test_other_ids_are_nobodys(name: str) -> None:
    assert alike("user_id", [name]) == ""


def test_a_known_name_is_not_given_to_a_column_that_is_merely_close() -> None:
    found = ["EVENT_NAME", "EVENT_TYME"]
    columns = ["event_time", "event_type"]
    assert matched(columns, found, lambda ours, name: True) == {
        "event_type": "EVENT_NAME",
        "event_time": "EVENT_TYME",
    }
    assert matched(columns, found, lambda ours, name: False) == {"event_type": "EVENT_NAME"}
