"""Builds the dataset of one run date: interactions, the bundle of arrays, and the row that pins both."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats
from causalrec.dataset.assemble import NO_PAIRS, pair_arrays
from causalrec.dataset.exposure import exposures, random_exposure
from causalrec.dataset.inputs import arrived_digests, embedded
from causalrec.dataset.interactions import Starts, interactions, period_starts, positive_events
from causalrec.dataset.item_content import item_vectors, items_table, picture_vectors
from causalrec.dataset.look_arrays import look_tables
from causalrec.dataset.looks import Looks, looks
from causalrec.dataset.pinned import Pinned, newest, recorded
from causalrec.dataset.record import datasets_row, pins_as_json, record_dataset
from causalrec.dataset.store import write_bundle
from causalrec.dataset.stored import keep_bundle
from causalrec.dataset.sums import look_sums, pair_sums
from causalrec.dataset.unusable import unusable
from causalrec.errors import DatasetError, LakeError
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.encoders.text import text_encoder_id
from causalrec.lake import Lake, Ledger
from causalrec.lake.bridge import write_frame
from causalrec.lake.outcome import Outcome, Pin, Written

NO_LOOKS = "no looks are logged that most carts and purchases follow: the model learns from pairs alone"

PAIRS = ("train", "valid", "test", "random_exposure")


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
    known = Pinned(settings, lake, spark, ds, newest(lake))
    left_out = unusable(known.raw_events(0), known.known_items(), settings, ds)
    with known.events() as events:
        written, counters, starts = _write_interactions(known, events)
        kept = _write(known, "exposures", exposures(events).withColumn("ds", F.lit(ds)))
        with _looks(known, events, starts) as seen:
            looked = _write(known, "looks", seen.rows)
        pairs, look_rows = (_read_back(known, table) for table in (written, looked))
        arrays, tables = _content(known, events, pairs, look_rows)
    n_users, n_items = (tables[name].num_rows for name in ("users", "items"))
    dataset_id = keep_bundle(settings, arrays, tables, _facts(settings, ds, known.pins))
    row = datasets_row(_encoders(settings), dataset_id, known.pins, arrays, n_users, n_items)
    return Outcome(
        rows_in=int(counters["positives"]),
        rows_out=written.rows,
        reads=tuple(known.pins),
        writes=(written, record_dataset(lake, ds, row), kept, looked),
        counters={"exposures": float(kept.rows), **_counts(arrays, n_users, n_items)}
        | pair_sums(counters, pairs, arrays)
        | look_sums(seen.counters, look_rows)
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
    known = Pinned(settings, lake, spark, ds, recorded(pins))
    with known.events() as events:
        positives = positive_events(events, known.known_items(), known.chosen, Observation("rebuilt"))
        starts = period_starts(positives, known.chosen)
        pairs = interactions(positives, known.chosen, starts).toArrow()
        with _looks(known, events, starts) as seen:
            look_rows = seen.rows.toArrow()
        arrays, tables = _content(known, events, pairs, look_rows)
    return write_bundle(root, arrays, tables, _facts(settings, ds, list(pins)))


def _content(
    known: Pinned, events: DataFrame, pairs: pa.Table, look_rows: pa.Table
) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Arrays and tables of the bundle."""
    items, pictures, users = known.items(), known.pictures(), known.users()
    shown = random_exposure(events, known.chosen).toArrow()
    arrays = pair_arrays(pairs, shown, users, items)
    arrays |= _modalities(known, items, pictures)
    popularity = np.bincount(arrays["train"][1], minlength=len(items)).tolist()
    item_ids = pa.array(items["item_id"], type=pa.string())
    looked = look_tables(look_rows, users, item_ids, known.chosen.uniform_policies)
    named = {"users": pa.table({"user_id": users}), "items": items_table(items, popularity)}
    return arrays, named | looked


def _facts(settings: Settings, ds: dt.date, pins: list[Pin]) -> dict[str, Any]:
    return {"ds": ds.isoformat(), "pins": pins_as_json(pins), "encoders": _encoders(settings)}


def _encoders(settings: Settings) -> dict[str, str]:
    return {
        "image": image_encoder_id(settings.features.image),
        "text": text_encoder_id(settings.features.text),
    }


def _looks(known: Pinned, events: DataFrame, starts: Starts | None) -> AbstractContextManager[Looks]:
    ends = None if starts is None else starts[0]
    return looks(events, known.branded_items(), known.chosen, known.ds, ends)


def _write_interactions(known: Pinned, events: DataFrame) -> tuple[Written, dict[str, float], Starts | None]:
    """What was written, the counters, and when validation and test begin."""
    observed = Observation("positives")
    positives = positive_events(events, known.known_items(), known.chosen, observed)
    starts = period_starts(positives, known.chosen)
    frame = interactions(positives, known.chosen, starts).withColumn("ds", F.lit(known.ds))
    try:
        written = _write(known, "interactions", frame, allow_empty=False)
    except LakeError as error:
        if positives.isEmpty():
            nothing = f"no positive interaction on a known item by {known.ds}"
            raise DatasetError(nothing, do=NO_PAIRS) from error
        raise
    return written, {name: float(value) for name, value in observed.get.items()}, starts


def _write(known: Pinned, name: str, frame: DataFrame, *, allow_empty: bool = True) -> Written:
    table, partition = known.lake.table(name), {"ds": known.ds.isoformat()}
    (written,) = write_frame(frame, table, [partition], allow_empty=allow_empty)
    return written


def _read_back(known: Pinned, written: Written) -> pa.Table:
    where = {"ds": [known.ds.isoformat()]}
    return known.lake.table(written.table).read(where=where, version=written.version)


def _modalities(known: Pinned, items: pd.DataFrame, pictures: pd.DataFrame) -> dict[str, Floats]:
    """Image and text vectors of the configured encoders; a modality without any vector is left out."""
    encoders, found = _encoders(known.settings), dict[str, Floats | None]()
    if (version := known.versions["image_features"]) is not None:
        ids = items["item_id"].tolist()
        found["image"] = picture_vectors(known.lake, ids, pictures, encoders["image"], known.chosen, version)
    if (version := known.versions["text_features"]) is not None:
        found["text"] = item_vectors(known.lake, items["text_key"].tolist(), encoders["text"], version)
    return {name: vectors for name, vectors in found.items() if vectors is not None}


def _counts(arrays: Mapping[str, Any], n_users: int, n_items: int) -> dict[str, float]:
    sizes = {name: float(arrays[name].shape[1]) for name in PAIRS}
    missing = {
        f"{name}_missing": float(np.isnan(arrays[name][:, 0]).sum())
        for name in ("image", "text")
        if name in arrays
    }
    return {"users": float(n_users), "items": float(n_items), **sizes, **missing}
