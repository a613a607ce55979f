"""Names that other shops use for the columns of products; ``item_id`` is among those of events."""

from collections.abc import Mapping

PRODUCT_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "title": (
        "name", "product_name", "prod_name", "product_title", "item_name", "bezeichnung",
        "artikelname", "designation", "libelle", "nom", "nombre", "titulo", "titolo", "商品名",
    ),
    "description": (
        "descriptif", "descripcion", "descrizione", "omschrijving", "langtext", "kurztext",
        "body_html", "body", "detail_desc", "long_description", "beschreibung", "商品説明", "text",
    ),
    "category": (
        "product_type", "google_product_category", "genres", "categories", "category_code",
        "kategorie", "category_name", "warengruppe", "produktgruppe", "sortiment", "rayon",
        "categorie", "categoria", "category_path", "taxonomy", "famille", "department", "分類",
        "カテゴリ", "breadcrumb", "breadcrumbs",
    ),
    "brand": (
        "vendor", "maker", "manufacturer", "store", "marke", "hersteller", "marque", "marca", "merk",
        "brand_name", "manufacturer_name", "vendor_name", "メーカー", "ブランド",
    ),
    "price": (
        "sale_price", "regular_price", "variant_price", "amount", "unit_price", "list_price",
        "preis", "einzelpreis", "verkaufspreis", "vk_preis", "bruttopreis", "stueckpreis",
        "stückpreis", "item_price", "prix", "prix_unitaire", "montant", "precio", "prix_de_vente",
        "prezzo", "importe", "価格",
    ),
    "available": ("availability", "in_stock", "instock", "verfügbar", "lieferbar", "disponible"),
    "image_refs": (
        "image_link", "image", "images", "image_src", "image_url", "images_src", "images_url",
        "image_urls", "image_file", "media", "media_url", "media_src", "picture_url", "photo",
        "photos", "photo_url", "picture", "thumbnail", "bild", "bilder", "bilddatei", "bildname",
        "bild_url", "imagen", "immagine", "afbeelding", "画像",
    ),
    "margin": ("gross_margin", "profit", "marge", "deckungsbeitrag"),
    "stock": (
        "inventory", "inventory_quantity", "stock_quantity", "quantity_available", "bestand",
        "lagerbestand",
    ),
    "seller": ("merchant", "seller_name", "shop_name", "verkäufer"),
    "tags": ("labels", "keywords", "schlagwörter", "schlagworte", "stichworte", "mots_cles", "etiquetas"),
    "updated_at": (
        "modified", "modified_at", "modified_on", "last_modified", "updated", "updated_on",
        "modifie_le", "mis_a_jour", "date_modification", "fecha_modificacion", "geändert_am",
        "aktualisiert", "aktualisiert_am", "last_updated", "date_modified_gmt", "timestamp",
        "geändert", "stand",
    ),
}  # fmt: skip
