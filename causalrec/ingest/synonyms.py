"""What other shops call our columns, to suggest a mapping; never used to read anything by itself."""

import difflib
import re
from collections.abc import Iterable, Mapping

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "event_id": ("id", "uuid", "row_id", "line_id", "transaction_id", "order_line_id"),
    "event_time": (
        *("timestamp", "time", "ts", "created_at", "date", "datetime", "date_created_gmt", "event_timestamp"),
        *("t_dat", "visit_time"),
    ),
    "user_id": (
        *("customer_id", "user", "visitor_id", "client_id", "reviewer_id", "user_pseudo_id", "uid", "email"),
        *("member_id", "account_id", "shopper_id"),
    ),
    "item_id": (
        *("product_id", "item", "sku", "asin", "article_id", "movie_id", "variant_id", "offer_id", "id"),
        *("parent_asin", "goods_id", "variant_sku", "product"),
    ),
    "event_type": ("event", "type", "action", "event_name", "behavior", "behavior_type"),
    "session_id": ("session", "user_session", "visit_id"),
    "title": ("name", "product_name", "prod_name", "product_title"),
    "description": ("body_html", "body", "detail_desc", "long_description"),
    "category": ("product_type", "google_product_category", "genres", "categories", "category_code"),
    "brand": ("vendor", "manufacturer", "store"),
    "price": ("sale_price", "regular_price", "variant_price", "amount"),
    "available": ("availability", "in_stock", "instock"),
    "image_refs": ("image_link", "image", "images", "image_src", "image_url", "picture"),
    "updated_at": ("modified", "modified_at", "last_updated", "date_modified_gmt", "timestamp"),
}
_CUTOFF = 0.75


def alike(column: str, found: Iterable[str]) -> str:
    """The column among ``found`` that most likely means ``column``; '' where none does."""
    by_plain = {_plain(name): name for name in reversed(list(found))}
    for known in (column, *SYNONYMS.get(column, ())):
        if (name := by_plain.get(_plain(known))) is not None:
            return name
    close = difflib.get_close_matches(_plain(column), by_plain, n=1, cutoff=_CUTOFF)
    return by_plain[close[0]] if close else ""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
