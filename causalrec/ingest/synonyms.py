"""Names that other shops use for our columns, to suggest a mapping; never used to read data."""

import difflib
import re
from collections.abc import Mapping, Sequence

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "event_id": ("id", "uuid", "row_id", "line_id", "transaction_id", "order_line_id"),
    "event_time": (
        *("timestamp", "time", "ts", "created_at", "date", "datetime", "date_created_gmt", "event_timestamp"),
        *("t_dat", "visit_time", "order_date", "purchase_date", "created", "bestelldatum", "datum", "zeit"),
    ),
    "user_id": (
        *("customer_id", "user", "visitor_id", "client_id", "reviewer_id", "user_pseudo_id", "uid", "email"),
        *("member_id", "account_id", "shopper_id", "buyer_id", "customer", "customer_number", "kundennummer"),
        *("kunden_nr", "kunden_id", "kdnr", "kunde", "visitor"),
    ),
    "item_id": (
        *("sku", "product_id", "item", "asin", "article_id", "movie_id", "variant_id", "offer_id", "id"),
        *("parent_asin", "goods_id", "variant_sku", "product", "product_sku", "item_number", "artikelnummer"),
        *("artikel_nr", "artikel_id", "art_nr", "artikel", "produktnummer"),
    ),
    "event_type": (
        "event",
        "type",
        "action",
        "event_name",
        "behavior",
        "behavior_type",
        "action_type",
        "event_kind",
    ),
    "session_id": ("session", "user_session", "visit_id"),
    "title": ("name", "product_name", "prod_name", "product_title", "bezeichnung", "artikelname"),
    "description": ("body_html", "body", "detail_desc", "long_description", "beschreibung"),
    "category": (
        "product_type",
        "google_product_category",
        "genres",
        "categories",
        "category_code",
        "kategorie",
    ),
    "brand": ("vendor", "manufacturer", "store", "marke", "hersteller"),
    "price": ("sale_price", "regular_price", "variant_price", "amount", "unit_price", "preis"),
    "available": ("availability", "in_stock", "instock", "verfügbar", "lieferbar"),
    "margin": ("gross_margin", "profit", "marge", "deckungsbeitrag"),
    "stock": ("inventory", "inventory_quantity", "stock_quantity", "quantity_available", "bestand"),
    "seller": ("merchant", "seller_name", "shop_name", "verkäufer"),
    "tags": ("labels", "keywords", "schlagwörter"),
    "image_refs": ("image_link", "image", "images", "image_src", "image_url", "picture", "bild", "bilder"),
    "updated_at": ("modified", "modified_at", "last_updated", "date_modified_gmt", "timestamp", "geändert"),
}
VAGUE = ("id", "key", "type", "value", "name", "date", "time")
"""Last names of a path that are meaningless without the name before them."""
_CUTOFF = 0.75


def alike(column: str, found: Sequence[str]) -> str:
    """The column among ``found`` that most likely means ``column``; '' if none does."""
    by_plain: dict[str, str] = {}
    for names in zip(*[_spellings(name) for name in found], strict=True):  # whole paths before their ends
        for name, plain in zip(found, names, strict=True):
            by_plain.setdefault(plain, name)
    for known in (column, *SYNONYMS.get(column, ())):
        if _plain(known) in by_plain:
            return by_plain[_plain(known)]
    close = difflib.get_close_matches(_plain(column), by_plain, n=1, cutoff=_CUTOFF)
    return by_plain[close[0]] if close else ""


def _spellings(name: str) -> tuple[str, str, str]:
    """A column's full name and, for a path into nested rows, its last two names and its last one."""
    parts = name.split(".")
    last = parts[-1] if len(parts) == 1 or parts[-1] not in VAGUE else name
    return _plain(name), _plain(".".join(parts[-2:])), _plain(last)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
