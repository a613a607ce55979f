"""Words of other shops for what an event is and whether an item can be had, to suggest a mapping."""

from collections.abc import Mapping, Sequence

from causalrec.ingest.check.rules import EVENT_TYPES

_EVENTS: Mapping[str, tuple[str, ...]] = {
    "impression": ("impression", "view_item_list", "show", "表示"),
    "view": (
        *(
            "view",
            "viewed",
            "pageview",
            "page_view",
            "click",
            "detail",
            "view_item",
            "pv",
            "visit",
            "ansicht",
        ),
        *("vue", "vista", "閲覧", "浏览"),
    ),
    "cart": (
        *(
            "cart",
            "addtocart",
            "add_to_cart",
            "add to cart",
            "added to cart",
            "basket",
            "warenkorb",
            "panier",
        ),
        *("carrito", "カート", "カート追加", "加购"),
    ),
    "purchase": (
        *(
            "purchase",
            "purchased",
            "buy",
            "bought",
            "transaction",
            "order",
            "ordered",
            "sale",
            "kauf",
            "achat",
        ),
        *("compra", "購入", "注文", "购买"),
    ),
}
EVENT_WORDS = {word: ours for ours in EVENT_TYPES for word in _EVENTS[ours]}
AVAILABLE_WORDS = {
    **dict.fromkeys(
        ("ja", "oui", "si", "sí", "in stock", "in_stock", "instock", "active", "在庫あり"), "true"
    ),
    **dict.fromkeys(
        ("nein", "non", "out of stock", "out_of_stock", "outofstock", "draft", "archived", "在庫なし"),
        "false",
    ),
}
WORDS: Mapping[str, Mapping[str, str]] = {"event_type": EVENT_WORDS, "available": AVAILABLE_WORDS}


def known_words(column: str, values: Sequence[object]) -> dict[str, str]:
    """Word among ``values`` -> ours, for the words whose meaning is certain and that are not ours already."""
    ours = WORDS[column]
    words = sorted({str(value) for value in values})
    known = {word: ours.get(word.strip().casefold(), word) for word in words}
    return {word: meant for word, meant in known.items() if word != meant}


def are_events(values: Sequence[object]) -> bool:
    """Whether each of these values is a word for a kind of event."""
    return bool(values) and all(str(value).strip().casefold() in EVENT_WORDS for value in values)
