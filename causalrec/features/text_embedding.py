"""Vectors of the products' texts: only text without a vector of this encoder reaches the model."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from causalrec.config import Settings
from causalrec.features.encoders.device import gpu_profile
from causalrec.features.encoders.text import text_encoder_id
from causalrec.features.increment import (
    DRIVER_ROWS,
    append_vectors,
    arrived,
    content_digest,
    count_missing,
    embedded,
    rows_upto,
    without_vector,
)
from causalrec.features.text_task import TextTask
from causalrec.features.texts import FIELDS, TEXT_VERSION, keys_of, product_texts, text_keys
from causalrec.ingest.images import task_count
from causalrec.lake import Lake, Ledger, Outcome, Pin, Written

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
from causalrec.features.text_task import KEYS_PER_TASK

KEYED = pa.schema([("content_key", pa.string()), ("text", pa.string())])


def embed_texts_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The encoder, the definition of a product text, and a digest of all products known by ``ds``."""
    return {
        "encoder": text_encoder_id(settings.features.text),
        "text": TEXT_VERSION,
        "products": content_digest(ledger, "products", ds),
    }


def embed_texts(
    settings: Settings, lake: Lake, ledger: Ledger, spark: "Callable[[], SparkSession]", ds: dt.date
) -> Outcome:
    """Compute a vector for each product text known by ``ds``; ``spark`` is called only if one is missing.

    Raises:
        FeatureError: the encoder cannot be loaded or returned bad vectors; nothing was committed.
    """
    encoder_id, products = text_encoder_id(settings.features.text), lake.table("products")
    if not products.exists():
        return Outcome(note="no products yet")
    pin = Pin("products", products.version())
    if rows_upto(products, ds, pin.version) <= DRIVER_ROWS:
        rows = products.read(arrived(products, ds), list(FIELDS), pin.version)
        total, missing = count_missing(lake, text_keys(rows.to_pandas()), encoder_id)
        if not missing:
            return _outcome(pin, total, {}, ())
    from pyspark.sql import functions as fn

    session = spark()
    texts = _distinct_texts(session, lake, ds, pin.version).persist()
    try:
        total = texts.count()
        new = without_vector(session, lake, texts, encoder_id)
        missing = new.count()
        if not missing:
            return _outcome(pin, total, {}, ())
        task = TextTask(settings.features.text, encoder_id)
        tasks = task_count(session, missing, KEYS_PER_TASK)
        frame = embedded(new, task, tasks, gpu_profile(session, settings.features.task_gpus))
        written, measured = append_vectors(frame, lake, encoder_id, {"truncated": fn.count_if("truncated")})
    finally:
        texts.unpersist()
    return _outcome(pin, total, measured, (written,))


def _distinct_texts(spark: "SparkSession", lake: Lake, ds: dt.date, version: int) -> "DataFrame":
    from pyspark.sql.pandas.types import from_arrow_schema

    from causalrec.lake.bridge import read_frame

    products = lake.table("products")
    rows = read_frame(spark, products, arrived(products, ds), list(FIELDS), version).distinct()
    return rows.mapInArrow(key_texts, from_arrow_schema(KEYED)).dropDuplicates(["content_key"])


def key_texts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """For ``mapInArrow``: products to normalised texts and their keys; products without text are left out."""
    for batch in batches:
        texts = product_texts(batch.to_pandas())
        keyed = pd.DataFrame({"content_key": keys_of(texts), "text": texts}).dropna(subset=["content_key"])
        yield pa.RecordBatch.from_pandas(keyed, schema=KEYED, preserve_index=False)


def _outcome(pin: Pin, total: int, measured: dict[str, int], writes: tuple[Written, ...]) -> Outcome:
    encoded = measured.get("encoded", 0)
    return Outcome(
        rows_in=total,
        rows_out=encoded,
        reads=(pin,),
        writes=writes,
        counters={
            "texts_encoded": encoded,
            "texts_cached": total - encoded,
            "truncated": measured.get("truncated", 0),
            "batches_halved": measured.get("halvings", 0),
            "on_gpu": measured.get("on_gpu", 0),
        },
    )
