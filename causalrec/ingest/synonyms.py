"""Names that other shops use for our columns, to suggest a mapping; never used to read data."""

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence

ORDER = "order"
"""No column of ours: the number of an order, which helps to tell events apart."""

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "event_id": ("id", "uuid", "row_id", "line_id", "transaction_id", "order_line_id"),
    "event_time": (
        *("timestamp", "time", "ts", "created_at", "date", "datetime", "date_created_gmt", "event_timestamp"),
        *("t_dat", "visit_time", "order_date", "purchase_date", "created", "bestelldatum", "datum", "zeit"),
        *("order_timestamp", "order_time", "occurred_at", "date_commande", "fecha", "fecha_pedido"),
        *("data_ordine", "zeitpunkt", "zeitstempel", "日時", "注文日時", "時刻"),
    ),
    "user_id": (
        *("customer_id", "user", "visitor_id", "client_id", "reviewer_id", "user_pseudo_id", "uid", "email"),
        *("member_id", "account_id", "shopper_id", "buyer_id", "customer", "customer_number", "kundennummer"),
        *(
            "kunden_nr",
            "kunden_id",
            "kdnr",
            "kunde",
            "visitor",
            "shopper",
            "buyer",
            "member_no",
            "customer_no",
        ),
        *("no_client", "num_client", "id_client", "code_client", "client", "cliente", "id_cliente", "klant"),
        *("klantnummer", "会員番号", "会員id", "顧客id", "ユーザーid"),
    ),
    "item_id": (
        *("sku", "product_id", "item", "asin", "article_id", "movie_id", "variant_id", "offer_id", "id"),
        *("parent_asin", "goods_id", "variant_sku", "product", "product_sku", "item_number", "artikelnummer"),
        *(
            "artikel_nr",
            "artikel_id",
            "art_nr",
            "artikel",
            "produktnummer",
            "ref",
            "reference",
            "ref_article",
        ),
        *("ref_produit", "code_article", "article", "articulo", "producto", "articolo", "prodotto", "codigo"),
        *(
            "ean",
            "gtin",
            "upc",
            "isbn",
            "jan",
            "jan_code",
            "barcode",
            "item_code",
            "product_code",
            "style_code",
        ),
        *("商品コード", "商品番号", "商品id", "janコード"),
    ),
    "event_type": (
        *("event", "type", "action", "event_name", "behavior", "behavior_type", "action_type", "event_kind"),
        *("kind", "activity", "行動", "イベント", "種別"),
    ),
    "session_id": ("session", "user_session", "visit_id", "セッションid"),
    "title": (
        *("name", "product_name", "prod_name", "product_title", "item_name", "bezeichnung", "artikelname"),
        *("designation", "libelle", "nom", "nombre", "titulo", "titolo", "商品名"),
    ),
    ORDER: (
        *("order_id", "order_number", "order_no", "order_name", "order_ref", "invoice_id", "invoice_no"),
        *(
            "invoice_number",
            "receipt_id",
            "basket_id",
            "bestellnummer",
            "bestell_nr",
            "bestell_id",
            "beleg_nr",
        ),
        *("belegnummer", "auftragsnummer", "auftrags_nr", "rechnungsnummer", "rechnungs_nr", "no_commande"),
        *("num_commande", "id_commande", "numero_pedido", "id_pedido", "numero_ordine", "注文番号"),
    ),
    "description": (
        "langtext",
        "kurztext",
        "body_html",
        "body",
        "detail_desc",
        "long_description",
        "beschreibung",
        "商品説明",
    ),
    "category": (
        *("product_type", "google_product_category", "genres", "categories", "category_code", "kategorie"),
        *("category_name", "warengruppe", "produktgruppe", "sortiment"),
        *("rayon", "categorie", "categoria", "department", "分類", "カテゴリ"),
    ),
    "brand": (
        *("vendor", "manufacturer", "store", "marke", "hersteller", "marque", "marca", "merk"),
        *("brand_name", "manufacturer_name", "vendor_name"),
        *("メーカー", "ブランド"),
    ),
    "price": (
        *("sale_price", "regular_price", "variant_price", "amount", "unit_price", "list_price", "preis"),
        *(
            "einzelpreis",
            "verkaufspreis",
            "vk_preis",
            "bruttopreis",
            "stueckpreis",
            "stückpreis",
            "item_price",
        ),
        *("prix", "prix_unitaire", "montant", "precio", "prezzo", "importe", "価格"),
    ),
    "available": ("availability", "in_stock", "instock", "verfügbar", "lieferbar", "disponible"),
    "image_refs": (
        "image_link",
        "image",
        "images",
        "image_src",
        "image_url",
        "images_src",
        "images_url",
        "picture_url",
        "photo",
        "photos",
        "picture",
        "bild",
        "bilder",
        "画像",
    ),
    "margin": ("gross_margin", "profit", "marge", "deckungsbeitrag"),
    "stock": (
        "inventory",
        "inventory_quantity",
        "stock_quantity",
        "quantity_available",
        "bestand",
        "lagerbestand",
    ),
    "seller": ("merchant", "seller_name", "shop_name", "verkäufer"),
    "tags": ("labels", "keywords", "schlagwörter"),
    "updated_at": (
        "modified",
        "modified_at",
        "last_updated",
        "date_modified_gmt",
        "timestamp",
        "geändert",
        "stand",
    ),
}
ORDERS = (
    *(
        "order",
        "purchase",
        "invoice",
        "receipt",
        "checkout",
        "line_item",
        "quantity",
        "qty",
        "bestell",
        "rechnung",
    ),
    *(
        "menge",
        "commande",
        "achat",
        "facture",
        "pedido",
        "compra",
        "factura",
        "ordine",
        "acquisto",
        "注文",
        "購入",
    ),
)
"""Parts of column names that only an export of orders has."""
VAGUE = ("id", "key", "type", "value", "name", "date", "time")
"""Last names of a path that are meaningless without the name before them."""
TELLING = ("sku", "ean", "gtin", "upc", "isbn", "asin", "price", "email")
"""Last words of a name that mean the same whatever stands before them, as in "Lineitem sku"."""
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


def of_orders(found: Sequence[str]) -> bool:
    """Whether names of columns say that each row is something ordered."""
    return any(_plain(word) in _plain(name) for name in found for word in ORDERS)


def _spellings(name: str) -> tuple[str, str, str, str]:
    """A column's full name, the last two names of a path into nested rows, the last one, its last word."""
    parts = name.split(".")
    last = parts[-1] if len(parts) == 1 or parts[-1] not in VAGUE else name
    word = re.split(r"[\s_-]", last)[-1]
    ends = ".".join(parts[-2:]), last, word if word.casefold() in TELLING else name
    return _plain(name), _plain(ends[0]), _plain(ends[1]), _plain(ends[2])


def _plain(name: str) -> str:
    """Letters and digits of any script, without accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if one.isalnum())
