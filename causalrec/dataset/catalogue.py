"""The items of a dataset: every product known on the run date, its picture, its text and their vectors."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from causalrec.dataset.arrays import Floats
from causalrec.dataset.arrivals import Known, arrivals
from causalrec.dataset.load import OFFER
from causalrec.features.store import latest_vectors
from causalrec.features.texts import text_keys
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame

TEXT_COLUMNS = ["title", "description", "brand", "category"]
PRODUCT_COLUMNS = ["item_id", *TEXT_COLUMNS, "image_refs", "updated_at", "available"]
IMAGE_COLUMNS = ["item_id", "position", "image_ref", "sha256"]


def catalogue(
    spark: SparkSession, lake: Lake, ds: dt.date, versions: dict[str, int | None], known: Known = "then"
) -> pd.DataFrame:
    """Items known on ``ds``, sorted by item_id: title, brand, category, image_ref, sha256, text_key, and what
    decides whether an item is offered: available (null: yes), first_seen and last_seen (ISO arrival dates).

    One row per item of the product table (its latest arrival), so items that nobody bought are there too.
    Local, because models hold one row per item in memory anyway.
    """
    items = _latest_products(spark, lake, ds, versions.get("products"), known)
    if lake.table("images").exists():
        pictures = _first_pictures(spark, lake, ds, versions.get("images"), known)
        items = items.join(pictures, "item_id", "left")
    else:
        items = items.withColumns(
            {"picture": F.lit(None).cast("string"), "sha256": F.lit(None).cast("string")}
        )
    frame: pd.DataFrame = items.toPandas().sort_values("item_id", ignore_index=True)
    frame["text_key"] = text_keys(frame)
    frame["image_ref"] = frame["picture"].where(frame["picture"].notna(), frame["image_ref"])
    return frame[["item_id", "title", "brand", "category", "image_ref", "sha256", "text_key", *OFFER]]


def _latest_products(
    spark: SparkSession, lake: Lake, ds: dt.date, version: int | None, known: Known
) -> DataFrame:
    products = lake.table("products")
    where = {"arrival_date": arrivals(products, ds, known)}
    columns = [*PRODUCT_COLUMNS, "arrival_date"]
    rows = read_frame(spark, products, where=where, columns=columns, version=version)
    fields = F.struct(
        *TEXT_COLUMNS,
        "available",
        F.get("image_refs", F.lit(0)).alias("image_ref"),
    )
    latest = F.max_by(fields, F.struct("arrival_date", "updated_at")).alias("latest")
    first, last = F.min("arrival_date").cast("string"), F.max("arrival_date").cast("string")
    seen = first.alias("first_seen"), last.alias("last_seen")
    return rows.groupBy("item_id").agg(latest, *seen).select("item_id", "latest.*", "first_seen", "last_seen")


def _first_pictures(
    spark: SparkSession, lake: Lake, ds: dt.date, version: int | None, known: Known
) -> DataFrame:
    """Per item the first usable picture of the latest arrival that had one."""
    images = lake.table("images")
    where = {"arrival_date": arrivals(images, ds, known)}
    columns = [*IMAGE_COLUMNS, "arrival_date"]
    rows = read_frame(spark, images, where=where, columns=columns, version=version)
    order = F.struct("arrival_date", -F.col("position"))
    first = F.max_by(F.struct(F.col("image_ref").alias("picture"), "sha256"), order).alias("first")
    return rows.groupBy("item_id").agg(first).select("item_id", "first.*")


def item_vectors(
    lake: Lake, keys: Sequence[str | None], encoder_id: str, version: int | None = None
) -> Floats | None:
    """float32 (N, d) of the vectors behind ``keys``, NaN rows where missing; None where all are missing."""
    wanted = pd.Series(list(keys), dtype=object)
    present, matrix = latest_vectors(lake, wanted.dropna().tolist(), encoder_id, version)
    if not present:
        return None
    place = pd.Index(present).get_indexer(pd.Index(wanted.where(wanted.notna(), "")))
    vectors = np.full((len(wanted), matrix.shape[1]), np.nan, dtype=np.float32)
    vectors[place >= 0] = matrix[place[place >= 0]]
    return vectors


def items_table(items: pd.DataFrame, popularity: Sequence[int]) -> pa.Table:
    """The ``items.parquet`` of a bundle; ``popularity`` is the number of training pairs."""
    kinds = {"available": pa.bool_()}
    columns = {
        name: pa.array(items[name], type=kinds.get(name, pa.string()), from_pandas=True)
        for name in items.columns
    }
    return pa.table({**columns, "popularity": pa.array(popularity, type=pa.int64())})
