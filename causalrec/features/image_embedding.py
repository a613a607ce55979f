"""Vectors of the pictures: only content without a vector of this encoder reaches the model."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.config.features import ImageSettings
from causalrec.errors import FeatureError, ReasonCode
from causalrec.features.encoders.device import gpu_profile
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.image_task import ImageTask
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
from causalrec.ingest.advice import picture_loss_note
from causalrec.ingest.images import task_count
from causalrec.lake import Lake, Ledger, Outcome, Pin, Written
from causalrec.pictures.resolver import Resolver

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
from causalrec.ingest.images import KEYS_PER_TASK

ALTERNATIVES = 3  # references tried per content before it counts as failed
FAILURES = (
    ReasonCode.IMAGE_MISSING,
    ReasonCode.IMAGE_UNREACHABLE,
    ReasonCode.IMAGE_FORBIDDEN,
    ReasonCode.IMAGE_EMPTY,
    ReasonCode.IMAGE_TOO_LARGE,
    ReasonCode.IMAGE_NOT_AN_IMAGE,
    ReasonCode.IMAGE_CORRUPT,
    ReasonCode.IMAGE_BAD_SIZE,
    ReasonCode.IMAGE_CHANGED,
)


def embed_images_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The encoder, and a digest of all pictures that had arrived by ``ds``."""
    return {
        "encoder": image_encoder_id(settings.features.image),
        "images": content_digest(ledger, "images", ds),
    }


def embed_images(
    settings: Settings, lake: Lake, ledger: Ledger, spark: "Callable[[], SparkSession]", ds: dt.date
) -> Outcome:
    """Compute a vector for every picture that had arrived by ``ds``.

    ``spark`` is called only if one is missing.

    A picture that changed or vanished since it was ingested is counted and left out; the note says so if
    these are more than ``ingest.loud_share``.

    Raises:
        FeatureError: the encoder cannot be loaded, returned bad vectors, or too many pictures failed. In the
            last case the vectors of the others have been committed: they are valid for their keys.
    """
    encoder_id, images = image_encoder_id(settings.features.image), lake.table("images")
    if not images.exists():
        return Outcome(note="no pictures yet")
    pin = Pin("images", images.version())
    if rows_upto(images, ds, pin.version) <= DRIVER_ROWS:
        rows = images.read(arrived(images, ds), ["sha256"], pin.version)
        total, missing = count_missing(lake, rows["sha256"].to_pandas(), encoder_id)
        if not missing:
            return _outcome(pin, total, {}, ())
    session = spark()
    keys = _keys(session, settings.features.image, lake, ds, pin.version)
    total = keys.count()
    new = without_vector(session, lake, keys, encoder_id).persist()
    try:
        missing = new.count()
        if not missing:
            return _outcome(pin, total, {}, ())
        task = ImageTask(settings.features.image, encoder_id, Resolver(settings.image_roots, settings.fetch))
        tasks = task_count(session, missing, KEYS_PER_TASK)
        frame = embedded(new, task, tasks, gpu_profile(session, settings.features.task_gpus))
        written, measured = append_vectors(frame, lake, encoder_id, _measures())
    finally:
        new.unpersist()
    _refuse_mass_failure(measured, total, settings.features.image.max_failure_share)
    return _outcome(pin, total, measured, (written,), settings.ingest.loud_share)


def _keys(
    spark: "SparkSession", settings: ImageSettings, lake: Lake, ds: dt.date, version: int
) -> "DataFrame":
    """Distinct content keys, each with a few references that had these bytes when they were ingested."""
    from pyspark.sql import functions as fn

    from causalrec.lake.bridge import read_frame

    images = lake.table("images")
    rows = read_frame(spark, images, arrived(images, ds), ["sha256", "image_ref"], version).distinct()
    references = fn.slice(fn.sort_array(fn.collect_list("image_ref")), 1, ALTERNATIVES)
    return rows.groupBy(fn.col("sha256").alias("content_key")).agg(references.alias("references"))


def _measures() -> "dict[str, Column]":
    from pyspark.sql import functions as fn

    return {str(reason): fn.count_if(fn.col("reason") == str(reason)) for reason in FAILURES}


def _refuse_mass_failure(measured: dict[str, int], total: int, limit: float) -> None:
    failed = sum(measured[reason] for reason in FAILURES)
    if failed / total > limit:
        raise FeatureError(
            f"{failed} of {total} pictures could not be read again, limit {limit:.0%}",
            do="check the image store, run ingest_images --force, or raise features.image.max_failure_share",
        )


def _outcome(
    pin: Pin, total: int, measured: dict[str, int], writes: tuple[Written, ...], loud_share: float = 1.0
) -> Outcome:
    encoded = measured.get("encoded", 0)
    rejects = {str(reason): measured[reason] for reason in FAILURES if measured.get(reason)}
    failed = sum(rejects.values())
    return Outcome(
        rows_in=total,
        rows_out=encoded,
        rejects=rejects,
        reads=(pin,),
        writes=writes,
        note=picture_loss_note(rejects, total, loud_share),
        counters={
            "images_decoded": encoded,
            "images_cached": total - encoded - failed,
            "images_failed": failed,
            "batches_halved": measured.get("halvings", 0),
            "on_gpu": measured.get("on_gpu", 0),
        },
    )
