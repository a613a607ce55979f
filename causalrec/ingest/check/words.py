"""Words of other shops for what an event is and whether an item can be had, to suggest a mapping."""

import re
from collections.abc import Mapping, Sequence

from causalrec.ingest.check.rules import EVENT_TYPES

_EVENTS: Mapping[str, tuple[str, ...]] = {
    "impression": (
        "impression", "impressions", "view_item_list", "list view", "show", "shown", "displayed", "exposure",
        "einblendung", "affichage", "impresion", "impresión", "impressione", "表示",
    ),
    "view": (
        "view", "viewed", "pageview", "page_view", "click", "clicked", "detail", "view_item", "pv", "visit",
        "ansicht", "aufruf", "seitenaufruf", "vue", "clic", "vista", "閲覧", "浏览",
    ),
    "cart": (
        "cart", "addtocart", "add_to_cart", "add to cart", "added to cart", "add to bag", "add to basket",
        "product added", "basket", "warenkorb", "panier", "ajout panier", "ajout au panier", "carrito",
        "カート", "カート追加", "加购",
    ),
    "purchase": (
        "purchase", "purchased", "buy", "bought", "transaction", "order", "ordered", "sale",
        "order completed", "checkout completed", "kauf", "gekauft", "bestellung", "achat", "commande",
        "compra", "購入", "注文", "购买",
    ),
}  # fmt: skip
_OBJECT = frozenset(("article", "item", "page", "product"))
"""What was viewed, put into a cart or bought: says nothing of the kind of event."""
AVAILABLE_WORDS = {
    **dict.fromkeys(
        ("ja", "oui", "si", "sí", "in stock", "in_stock", "instock", "active", "在庫あり"), "true"
    ),
    **dict.fromkeys(
        ("nein", "non", "out of stock", "out_of_stock", "outofstock", "draft", "archived", "在庫なし"),
        "false",
    ),
}


def _said(word: str) -> str:
    """The words of an identifier: those of AddToCart, add_to_cart and "Add to cart" are the same."""
    parts = re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", word.strip())
    return " ".join(part.casefold() for part in parts if part)


WORDS: Mapping[str, Mapping[str, str]] = {
    "event_type": {_said(word): ours for ours in EVENT_TYPES for word in _EVENTS[ours]},
    "available": {_said(word): ours for word, ours in AVAILABLE_WORDS.items()},
}


def known_words(column: str, values: Sequence[object]) -> dict[str, str]:
    """Word among ``values`` -> ours, for the words whose meaning is certain and that are not ours already."""
    known = {word: _meant(column, word) for word in sorted({str(value) for value in values})}
    return {word: ours for word, ours in known.items() if ours and word != ours}


def are_events(values: Sequence[object]) -> bool:
    """Whether each of these values is a word for a kind of event."""
    return bool(values) and all(_meant("event_type", str(value)) for value in values)


def event_of_name(name: str) -> str:
    """Ours for the one kind of event that a file is named after, as pageviews_2026.csv is; '' for none."""
    parts = [part for part in re.split(r"[\W\d_]+", name) if part]
    found = {_meant("event_type", one) for part in parts for one in (part, part.removesuffix("s"))} - {""}
    return found.pop() if len(found) == 1 else ""


def _meant(column: str, word: str) -> str:
    ours, said = WORDS[column], _said(word)
    bare = " ".join(part for part in said.split() if part not in _OBJECT)
    return ours.get(said) or (ours.get(bare, "") if column == "event_type" else "")
