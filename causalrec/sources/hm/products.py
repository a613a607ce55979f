"""Articles of the H&M layout as native products: one snapshot on the first day of trade."""

import datetime as dt
import posixpath
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.sources.files import put
from causalrec.sources.hm.layout import ARTICLE_COLUMNS, ARTICLES, bad_value, open_stream
from causalrec.sources.landing import delivery_folder

NAME = "articles.parquet"

SCHEMA = pa.schema(
    [
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("description", pa.string()),
        pa.field("brand", pa.string()),
        pa.field("category", pa.string()),
        pa.field("price", pa.float64()),
        pa.field("image_refs", pa.list_(pa.string())),
        pa.field("updated_at", pa.timestamp("us", "UTC"), nullable=False),
    ]
)


def write_products(raw: str, landing: str, day: dt.date) -> int:
    """Write the snapshot of ``day``; returns its rows.

    Raises:
        ContractError: a column of the CSV is missing.
    """
    sink, rows = pa.BufferOutputStream(), 0
    with pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
        for batch in _batches(raw):
            writer.write_table(to_products(pa.Table.from_batches([batch]), day))
            rows += batch.num_rows
    put(posixpath.join(delivery_folder(landing, "products", day), NAME), sink.getvalue().to_pybytes())
    return rows


def to_products(articles: pa.Table, day: dt.date) -> pa.Table:
    """Articles as native products: category path, text with colour and appearance, the usual picture.

    Brand and price are null: the layout has neither.
    """
    article = articles["article_id"]
    folder = pc.utf8_slice_codeunits(article, 0, 3)
    refs = pc.binary_join_element_wise(folder, "/", article, ".jpg", "")
    n = articles.num_rows
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    return pa.table(
        {
            "item_id": article,
            "title": articles["prod_name"],
            "description": _description(articles),
            "brand": pa.nulls(n, pa.string()),
            "category": _joined(
                [articles[c] for c in ("index_group_name", "product_group_name", "product_type_name")], " > "
            ),
            "price": pa.nulls(n, pa.float64()),
            "image_refs": pa.ListArray.from_arrays(pa.array(range(n + 1), pa.int32()), refs.combine_chunks()),
            "updated_at": pa.array([midnight] * n, pa.timestamp("us", "UTC")),
        },
        schema=SCHEMA,
    )


def _description(articles: pa.Table) -> pa.ChunkedArray:
    """The shop's text, then the attributes: ``... Colour: Black (Dark). Appearance: Solid. ...``."""
    colour = pc.binary_join_element_wise(
        "Colour: ", articles["colour_group_name"], " (", articles["perceived_colour_value_name"], ").", ""
    )
    appearance = pc.binary_join_element_wise("Appearance: ", articles["graphical_appearance_name"], ".", "")
    department = pc.binary_join_element_wise("Department: ", articles["department_name"], ".", "")
    return _joined([articles["detail_desc"], colour, appearance, department], " ")


def _joined(parts: list[pa.ChunkedArray], separator: str) -> pa.ChunkedArray:
    """The non-null parts, joined; null if there are none."""
    text = pc.binary_join_element_wise(*parts, separator, null_handling="skip")
    return pc.if_else(pc.equal(text, ""), None, text)


def _batches(raw: str) -> Iterator[pa.RecordBatch]:
    try:
        yield from open_stream(raw, ARTICLES, ARTICLE_COLUMNS)
    except pa.ArrowInvalid as error:
        raise bad_value(ARTICLES, error) from error
