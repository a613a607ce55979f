"""Names that other shops use for our columns, to suggest a mapping; never used to read data."""

from collections.abc import Mapping

from causalrec.ingest.product_synonyms import PRODUCT_SYNONYMS

ORDER = "order"
"""No column of ours: the number of an order, which helps to tell events apart."""

EVENT_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "event_id": ("id", "uuid", "row_id", "line_id", "transaction_id", "order_line_id"),
    "event_time": (
        "timestamp", "time", "ts", "created_at", "date", "datetime", "date_created_gmt",
        "event_timestamp", "t_dat", "visit_time", "order_date", "purchase_date", "created",
        "bestelldatum", "datum", "zeit", "order_timestamp", "order_time", "occurred_at",
        "date_commande", "fecha", "fecha_pedido", "data_ordine", "zeitpunkt", "zeitstempel", "日時",
        "注文日時", "時刻", "event_ts", "event_date", "datetime_utc", "created_on", "horodatage",
        "date_heure", "fecha_hora", "data_ora", "marca_de_tiempo", "tijdstip", "tijd",
        "bestelldatum_uhrzeit", "at", "when", "wann", "placed", "placed_at", "occurred",
    ),
    "user_id": (
        "customer_id", "user", "visitor_id", "client_id", "reviewer_id", "user_pseudo_id", "uid",
        "member_id", "account_id", "shopper_id", "buyer_id", "customer",
        "customer_number", "kundennummer", "kunden_nr", "kunden_id", "kdnr", "kunde", "visitor",
        "shopper", "buyer", "member_no", "customer_no", "no_client", "num_client", "id_client",
        "code_client", "client", "cliente", "id_cliente", "klant", "klantnummer", "会員番号", "会員id",
        "顧客id", "ユーザーid", "acheteur", "utilisateur", "email",
    ),
    "item_id": (
        "sku", "product_id", "item", "asin", "article_id", "movie_id", "variant_id", "offer_id",
        "id", "parent_asin", "goods_id", "variant_sku", "product", "product_sku", "item_number",
        "artikelnummer", "artikel_nr", "artikel_id", "art_nr", "artikel", "produktnummer", "ref",
        "reference", "ref_article", "ref_produit", "code_article", "produit", "artikelcode",
        "article", "articulo", "producto", "articolo", "prodotto", "codigo", "ean", "gtin", "upc",
        "isbn", "jan", "jan_code", "barcode", "item_code", "product_code", "style_code", "商品コード",
        "商品番号", "商品id", "janコード",
    ),
    "event_type": (
        "event", "type", "action", "event_name", "behavior", "behavior_type", "action_type",
        "event_kind", "kind", "activity", "行動", "イベント", "種別",
    ),
    "position": ("slot", "rank", "list_position", "item_position", "platz", "posicion"),
    "session_id": ("session", "user_session", "visit_id", "セッションid"),
    ORDER: (
        "order_id", "order_number", "order_no", "order_name", "order_ref", "invoice_id",
        "invoice_no", "invoice_number", "receipt_id", "basket_id", "bestellnummer", "bestell_nr",
        "bestell_id", "beleg_nr", "belegnummer", "auftragsnummer", "auftrags_nr",
        "rechnungsnummer", "rechnungs_nr", "no_commande", "num_commande", "id_commande",
        "numero_pedido", "id_pedido", "numero_ordine", "注文番号",
    ),
}  # fmt: skip
SYNONYMS: Mapping[str, tuple[str, ...]] = {**EVENT_SYNONYMS, **PRODUCT_SYNONYMS}
"""Column of ours -> names of others, the likeliest first."""
ORDERS = (
    "order", "purchase", "invoice", "receipt", "checkout", "line_item", "quantity", "qty",
    "bestell", "rechnung", "menge", "commande", "achat", "facture", "pedido", "compra",
    "factura", "ordine", "acquisto", "注文", "購入",
)  # fmt: skip
"""Parts of column names that only an export of orders has."""
