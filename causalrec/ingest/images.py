"""Pictures of the products: which were delivered, their properties, and why some cannot be used.

For every arrival date of products, each reference becomes one row of ``images`` or of ``image_failures``.
A picture is assumed unchanged until its product is delivered again: only a new delivery (or ``--force``)
re-reads pictures. Missing or unreachable ones are retried on later nights
(:mod:`causalrec.ingest.image_retries`).
"""

import datetime as dt
import hashlib
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from causalrec.config import Settings
from causalrec.errors import QualityError
from causalrec.ingest.advice import NO_PICTURES, picture_loss_note
from causalrec.ingest.image_retries import DUE, PASSING, due_retries
from causalrec.lake import Lake, Ledger, Outcome, Pin, Written
from causalrec.pictures.read import INSPECTED, InspectTask
from causalrec.pictures.resolver import Resolver

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

KEYS_PER_TASK = 512  # pictures of one Spark task

JOB = "ingest_images"
CAPS = {"max_bytes", "max_pixels", "min_side", "max_side", "max_scans", "formats"}
RULES = {*CAPS, "max_failure_share", "retry_days", "retry_window_days"}

# date -> reason ("" for a good picture) -> rows
Counts = Mapping[dt.date, Mapping[str, int]]


def ingest_images_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """Digest of the date's products, and of the rules for their pictures."""
    return _inputs(settings, ledger.partition_digests("products"), ds)


def _inputs(settings: Settings, digests: Mapping[str, str], ds: dt.date) -> dict[str, str]:
    rules = f"{settings.paths.image_roots} {settings.features.image.model_dump_json(include=RULES)}"
    return {
        "products": digests.get(f"arrival_date={ds.isoformat()}", "none"),
        "rules": hashlib.sha256(rules.encode()).hexdigest(),
    }


def ingest_images(
    settings: Settings, lake: Lake, ledger: Ledger, spark: "Callable[[], SparkSession]", ds: dt.date
) -> dict[dt.date, Outcome]:
    """Load the pictures of ``ds`` and of every older arrival date with products that has not succeeded yet.

    ``spark`` is called only if there is something to do.

    Raises:
        QualityError: more than ``max_failure_share`` of the pictures failed; nothing was written.
    """
    products = lake.table("products")
    delivered = _pending(products.upto("arrival_date", ds.isoformat()), ledger, ds)
    again = due_retries(lake, ds, settings.features.image)
    if not delivered and not again.num_rows:
        return {ds: Outcome(note="no products were delivered, no picture is due for another try")}
    digests = ledger.partition_digests("products")
    marks = {date: _inputs(settings, digests, date) for date in (*delivered, ds)}
    pin = Pin("products", products.version())
    dates = sorted({*delivered, ds}) if again.num_rows else delivered
    frame = _inspect(spark(), settings, lake, delivered, again, pin.version).persist()
    try:
        counts = _count(frame, dates)
        _refuse_broken_delivery(frame, settings.features.image.max_failure_share)
        writes = _write(frame, lake, dates)
    finally:
        frame.unpersist()
    outcomes = {
        date: Outcome(
            rows_in=sum(found.values()),
            rows_out=found.get("", 0),
            rejects={reason: rows for reason, rows in sorted(found.items()) if reason},
            reads=(pin,),
            writes=writes[date],
            counters={
                "images_checked": sum(found.values()),
                "images_retried": again.num_rows if date == ds else 0,
            },
            inputs=marks[date],
            note=picture_loss_note(
                {reason: rows for reason, rows in found.items() if reason},
                sum(found.values()),
                settings.ingest.loud_share,
            ),
        )
        for date, found in counts.items()
    }
    return outcomes if ds in outcomes else outcomes | {ds: Outcome(note="no products were delivered")}


def _pending(delivered: list[str], ledger: Ledger, ds: dt.date) -> list[dt.date]:
    done = ledger.successes(JOB)
    dates = [dt.date.fromisoformat(date) for date in delivered]
    return [date for date in dates if date == ds or date not in done]


def _inspect(
    spark: "SparkSession",
    settings: Settings,
    lake: Lake,
    delivered: list[dt.date],
    again: pa.Table,
    version: int,
) -> "DataFrame":
    """One row per item, position and arrival date; every distinct reference is read once."""
    from pyspark.sql import functions as fn
    from pyspark.sql.pandas.types import from_arrow_schema

    references = spark.createDataFrame(again.to_pandas(), from_arrow_schema(DUE))
    if delivered:
        fresh = _delivered(spark, lake, delivered, version)
        references = fresh.unionByName(references) if again.num_rows else fresh
    distinct = references.select("image_ref").distinct()
    caps = settings.features.image
    tasks = task_count(spark, distinct.count(), KEYS_PER_TASK)
    found = distinct.repartition(tasks, "image_ref").mapInArrow(
        InspectTask(Resolver(settings.image_roots, settings.fetch), caps), from_arrow_schema(INSPECTED)
    )
    pauses = fn.array(*[fn.lit(days) for days in caps.retry_days]).cast("array<int>")
    passing = fn.col("reason_code").isin(*map(str, PASSING)) & (fn.col("attempt") <= len(caps.retry_days))
    retry_on = fn.when(passing, fn.date_add("arrival_date", fn.get(pauses, fn.col("attempt") - 1)))
    return references.join(found, "image_ref").withColumn("retry_on", retry_on)


def _delivered(spark: "SparkSession", lake: Lake, dates: list[dt.date], version: int) -> "DataFrame":
    """What the products of these dates refer to, columns :data:`DUE`."""
    from pyspark.sql import functions as fn

    from causalrec.lake.bridge import read_frame

    where = {"arrival_date": [date.isoformat() for date in dates]}
    products = read_frame(
        spark, lake.table("products"), where, ["arrival_date", "item_id", "image_refs"], version
    )
    references = products.select(
        "arrival_date", "item_id", fn.posexplode("image_refs").alias("position", "image_ref")
    )
    added = {"delivered_on": fn.col("arrival_date"), "attempt": fn.lit(1)}
    return references.where(fn.col("image_ref").isNotNull()).withColumns(added).select(*DUE.names)


def task_count(spark: "SparkSession", keys: int, keys_per_task: int) -> int:
    """Tasks for ``keys`` keys: full rounds over the cores, none larger than ``keys_per_task`` on average."""
    cores = int(spark.sparkContext.defaultParallelism)
    return cores * max(1, math.ceil(keys / (cores * keys_per_task)))


def _count(frame: "DataFrame", dates: list[dt.date]) -> Counts:
    from pyspark.sql import functions as fn

    reason = fn.coalesce("reason_code", fn.lit("")).alias("reason")
    rows = frame.groupBy("arrival_date", reason).count().collect()  # dates x reasons
    counts: dict[dt.date, dict[str, int]] = {date: {} for date in dates}
    for row in rows:
        counts[row["arrival_date"]][row["reason"]] = int(row["count"])
    return counts


def _refuse_broken_delivery(frame: "DataFrame", limit: float) -> None:
    """Only first attempts count: an earlier failure was part of an older delivery's share."""
    from pyspark.sql import functions as fn

    reason = fn.coalesce("reason_code", fn.lit("")).alias("reason")
    counts = {
        row["reason"]: int(row["count"])
        for row in frame.where("attempt = 1").groupBy(reason).count().collect()
    }
    total, good = sum(counts.values()), counts.get("", 0)
    if total and (total - good) / total > limit:
        reasons = ", ".join(sorted(reason for reason in counts if reason))
        raise QualityError(
            f"{total - good} of {total} pictures cannot be used ({reasons}), limit {limit:.0%}",
            do=NO_PICTURES,
        )


def _write(frame: "DataFrame", lake: Lake, dates: list[dt.date]) -> dict[dt.date, tuple[Written, ...]]:
    from causalrec.lake.bridge import write_frame

    partitions = [{"arrival_date": date.isoformat()} for date in dates]
    images, failures = lake.table("images"), lake.table("image_failures")
    good = frame.where("reason_code IS NULL").select(*images.contract.arrow_schema.names)
    bad = frame.where("reason_code IS NOT NULL").select(*failures.contract.arrow_schema.names)
    refused = write_frame(bad, failures, partitions, allow_empty=True)
    accepted = write_frame(good, images, partitions, allow_empty=True)
    return {date: (no, yes) for date, no, yes in zip(dates, refused, accepted, strict=True)}
