"""Builds the dataset of one run date: interactions, the bundle of arrays, and the row that pins both."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats
from causalrec.dataset.arrivals import all_users, branded_items, events_upto, known_items
from causalrec.dataset.assemble import NO_PAIRS, pair_arrays
from causalrec.dataset.exposure import exposures, random_exposure
from causalrec.dataset.inputs import arrived_digests, embedded
from causalrec.dataset.interactions import interactions, positive_events, training_ends
from causalrec.dataset.item_content import item_vectors, items_table, picture_vectors
from causalrec.dataset.look_arrays import look_tables
from causalrec.dataset.looks import looks
from causalrec.dataset.record import datasets_row, pins_as_json, record_dataset
from causalrec.dataset.store import write_bundle
from causalrec.dataset.stored import keep_bundle
from causalrec.dataset.sums import look_sums, pair_sums
from causalrec.dataset.unusable import Unusable, unusable
from causalrec.errors import DatasetError, LakeError
from causalrec.features.catalogue import latest_items, latest_pictures
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.encoders.text import text_encoder_id
from causalrec.lake import Lake, Ledger
from causalrec.lake.bridge import write_frame
from causalrec.lake.outcome import Outcome, Pin, Written

READ = ("events", "products", "images", "image_features", "text_features")

NO_LOOKS = "no looks are logged that most carts and purchases follow: the model learns from pairs alone"

PAIRS = ("train", "valid", "test", "random_exposure")

Versions = dict[str, int | None]


def build_dataset_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """Digests of everything the dataset of ``ds`` depends on: arrived partitions, embeddings, settings."""
    inputs = {"settings": settings.dataset.model_dump_json(), "encoders": json.dumps(_encoders(settings))}
    for table in ("events", "products", "images"):
        digests = arrived_digests(ledger, table, ds, settings.dataset.known)
        inputs[table] = hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    for job in ("embed_images", "embed_texts"):
        inputs[job] = embedded(ledger, job, ds, settings.dataset.known)
    return inputs


def build_dataset(
    settings: Settings, lake: Lake, ledger: Ledger, spark: SparkSession, ds: dt.date
) -> Outcome:
    """Writes ``interactions``, ``exposures``, ``looks`` and ``datasets`` for ``ds`` and the bundle of arrays.

    Raises:
        DatasetError: no product is known, too many events refer to items missing from the catalogue, or no
            positive interaction with a known item is left.
    """
    versions = _pin(lake)
    left_out = _unusable(settings, lake, spark, ds, versions)
    written, counters = _write_interactions(settings, lake, spark, ds, versions)
    pairs = lake.table("interactions").read(where={"ds": [ds.isoformat()]}, version=written.version)
    events = _events(settings, lake, spark, ds, versions)
    shown_rows = exposures(events, settings.dataset).withColumn("ds", F.lit(ds))
    (kept,) = write_frame(shown_rows, lake.table("exposures"), [{"ds": ds.isoformat()}], allow_empty=True)
    seen = Observation("looks")
    look_frame = _looks(settings, lake, spark, ds, versions, seen)
    (looked,) = write_frame(look_frame, lake.table("looks"), [{"ds": ds.isoformat()}], allow_empty=True)
    look_rows = lake.table("looks").read(where={"ds": [ds.isoformat()]}, version=looked.version)
    arrays, tables = _content(settings, lake, spark, ds, versions, pairs, look_rows)
    n_users, n_items = (tables[name].num_rows for name in ("users", "items"))
    pins = [Pin(name, version) for name, version in versions.items() if version is not None]
    dataset_id = keep_bundle(settings, arrays, tables, _facts(settings, ds, pins))
    row = datasets_row(_encoders(settings), dataset_id, pins, arrays, n_users, n_items)
    recorded = record_dataset(lake, ds, row)
    return Outcome(
        rows_in=int(counters["positives"]),
        rows_out=written.rows,
        reads=tuple(pins),
        writes=(written, recorded, kept, looked),
        counters={"exposures": float(kept.rows), **_counts(arrays, n_users, n_items)}
        | pair_sums(counters, pairs, arrays)
        | look_sums(seen.get, look_rows)
        | left_out.counters,
        note=_note(left_out.note, "" if looked.rows else NO_LOOKS, f"dataset {dataset_id}"),
    )


def _note(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def rebuild_bundle(
    settings: Settings, lake: Lake, spark: SparkSession, ds: dt.date, pins: tuple[Pin, ...], root: Path
) -> str:
    """Writes the bundle of the pinned table versions under ``root``; the lake is not changed.

    Returns:
        The dataset id, which equals that of the first build if the content does.

    Raises:
        DatasetError: the pins lack events or products, or no interaction is left. PinError: a pinned version
            is no longer readable.
    """
    versions: Versions = {**dict.fromkeys(READ), **{pin.table: pin.version for pin in pins}}
    for name in ("events", "products"):
        if versions[name] is None:
            raise DatasetError(f"the pins have no version of {name}", do="rebuild where they were recorded")
    pairs = interactions(
        _positives(settings, lake, spark, ds, versions, Observation("rebuilt")), settings.dataset
    ).toArrow()
    look_rows = _looks(settings, lake, spark, ds, versions).toArrow()
    arrays, tables = _content(settings, lake, spark, ds, versions, pairs, look_rows)
    return write_bundle(root, arrays, tables, _facts(settings, ds, list(pins)))


def _content(
    settings: Settings,
    lake: Lake,
    spark: SparkSession,
    ds: dt.date,
    versions: Versions,
    pairs: pa.Table,
    look_rows: pa.Table,
) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Arrays and tables of the bundle."""
    known = settings.dataset.known
    upto = ds if known == "then" else dt.date.max
    items = latest_items(lake, upto, versions)
    pictures = latest_pictures(lake, upto, versions["images"])
    users = all_users(spark, lake.table("events"), ds, versions["events"], known)
    events = _events(settings, lake, spark, ds, versions)
    shown = random_exposure(events, settings.dataset).toArrow()
    arrays = pair_arrays(pairs, shown, users, items)
    arrays |= _modalities(settings, lake, items, pictures, versions)
    popularity = np.bincount(arrays["train"][1], minlength=len(items)).tolist()
    item_ids = pa.array(items["item_id"], type=pa.string())
    looked = look_tables(look_rows, users, item_ids, settings.dataset.uniform_policies)
    named = {"users": pa.table({"user_id": users}), "items": items_table(items, popularity)}
    return arrays, named | looked


def _facts(settings: Settings, ds: dt.date, pins: list[Pin]) -> dict[str, Any]:
    return {"ds": ds.isoformat(), "pins": pins_as_json(pins), "encoders": _encoders(settings)}


def _encoders(settings: Settings) -> dict[str, str]:
    return {
        "image": image_encoder_id(settings.features.image),
        "text": text_encoder_id(settings.features.text),
    }


def _pin(lake: Lake) -> Versions:
    """The version of every table that is read, taken once at the start."""
    versions = {name: lake.table(name).version() if lake.table(name).exists() else None for name in READ}
    for name in ("events", "products"):
        if versions[name] is None:
            raise DatasetError(f"table {name} does not exist yet", do=f"run ingest_{name} first")
    return versions


def _events(
    settings: Settings, lake: Lake, spark: SparkSession, ds: dt.date, versions: Versions
) -> DataFrame:
    chosen = settings.dataset
    return events_upto(spark, lake.table("events"), ds, chosen.history_days, versions["events"], chosen.known)


def _unusable(
    settings: Settings, lake: Lake, spark: SparkSession, ds: dt.date, versions: Versions
) -> Unusable:
    known = settings.dataset.known
    events = events_upto(spark, lake.table("events"), ds, 0, versions["events"], known)
    items = known_items(spark, lake.table("products"), ds, versions["products"], known)
    return unusable(events, items, settings, ds)


def _positives(
    settings: Settings,
    lake: Lake,
    spark: SparkSession,
    ds: dt.date,
    versions: Versions,
    observed: Observation,
) -> DataFrame:
    events = _events(settings, lake, spark, ds, versions)
    products = lake.table("products")
    items = known_items(spark, products, ds, versions["products"], settings.dataset.known)
    return positive_events(events, items, settings.dataset, observed)


def _looks(
    settings: Settings,
    lake: Lake,
    spark: SparkSession,
    ds: dt.date,
    versions: Versions,
    observed: Observation | None = None,
) -> DataFrame:
    chosen = settings.dataset
    items = branded_items(spark, lake.table("products"), ds, versions["products"], chosen.known)
    positives = _positives(settings, lake, spark, ds, versions, Observation("times"))
    ends = training_ends(positives, chosen)
    return looks(_events(settings, lake, spark, ds, versions), items, chosen, ds, ends, observed)


def _write_interactions(
    settings: Settings, lake: Lake, spark: SparkSession, ds: dt.date, versions: Versions
) -> tuple[Written, dict[str, float]]:
    def positives(observed: Observation) -> DataFrame:
        return _positives(settings, lake, spark, ds, versions, observed)

    observed = Observation("positives")
    frame = interactions(positives(observed), settings.dataset).withColumn("ds", F.lit(ds))
    try:
        (written,) = write_frame(frame, lake.table("interactions"), [{"ds": ds.isoformat()}])
    except LakeError as error:
        if positives(Observation("empty")).isEmpty():
            raise DatasetError(f"no positive interaction on a known item by {ds}", do=NO_PAIRS) from error
        raise
    return written, {name: float(value) for name, value in observed.get.items()}


def _modalities(
    settings: Settings, lake: Lake, items: pd.DataFrame, pictures: pd.DataFrame, versions: Versions
) -> dict[str, Floats]:
    """Image and text vectors of the configured encoders; a modality without any vector is left out."""
    encoders, found = _encoders(settings), dict[str, Floats | None]()
    if (version := versions["image_features"]) is not None:
        ids = items["item_id"].tolist()
        found["image"] = picture_vectors(lake, ids, pictures, encoders["image"], settings.dataset, version)
    if (version := versions["text_features"]) is not None:
        found["text"] = item_vectors(lake, items["text_key"].tolist(), encoders["text"], version)
    return {name: vectors for name, vectors in found.items() if vectors is not None}


def _counts(arrays: Mapping[str, Any], n_users: int, n_items: int) -> dict[str, float]:
    sizes = {name: float(arrays[name].shape[1]) for name in PAIRS}
    missing = {
        f"{name}_missing": float(np.isnan(arrays[name][:, 0]).sum())
        for name in ("image", "text")
        if name in arrays
    }
    return {"users": float(n_users), "items": float(n_items), **sizes, **missing}
