"""Reads a built dataset: without Spark, every file checked against its hash."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions, Ints, Looks
from causalrec.dataset.look_arrays import read_looks
from causalrec.dataset.store import REBUILD, verify_bundle
from causalrec.dataset.stored import drop_copy, is_stored, stored_bundle
from causalrec.errors import DatasetError
from causalrec.features.catalogue import OFFER
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin

__all__ = ["OFFER", "Dataset", "interactions_of", "load_dataset", "newest_dataset"]


@dataclass(frozen=True)
class Dataset:
    """What a model is trained and judged on.

    Attributes:
        dataset_id: hash of the content.
        data: the arrays.
        user_ids: (U,) shop ids by position; everyone with any event, with or without interactions.
        item_ids: (N,) shop ids by position; the whole catalogue of the date.
        items: per item item_id, title, brand, category, image_ref, sha256, text_key, popularity, available,
            first_seen and last_seen (null in datasets of older code).
        seen: int32 (2, n) every positive pair of all splits, to exclude what a user already has.
        pins: the tables and versions it was built from.
        folder: where the arrays lie.
        ds: the date it was loaded for, None where it was opened as a folder.
    """

    dataset_id: str
    data: Interactions
    user_ids: npt.NDArray[np.object_]
    item_ids: npt.NDArray[np.object_]
    items: pd.DataFrame
    seen: Ints
    pins: tuple[Pin, ...]
    folder: Path
    ds: dt.date | None = None


def load_dataset(settings: Settings, lake: Lake, ds: dt.date) -> Dataset:
    """The dataset that ``build_dataset`` made for ``ds``.

    Raises:
        DatasetError: there is none, or its bundle is gone or was changed.
    """
    table = lake.table("datasets")
    rows = table.read(where={"ds": [ds.isoformat()]}).to_pylist() if table.exists() else []
    if not rows:
        raise DatasetError(f"no dataset of {ds}", do="run build_dataset for this date")
    row = rows[0]
    pins = tuple(Pin(pin["table"], int(pin["version"])) for pin in json.loads(row["pins"]))
    return replace(open_stored(settings, row["dataset_id"], pins), ds=ds)


def lost_bundle(settings: Settings, lake: Lake, ds: dt.date) -> str | None:
    """The bundle that was built for ``ds`` and is gone or lacks files; None if there is none."""
    table = lake.table("datasets")
    rows = (
        table.read(where={"ds": [ds.isoformat()]}, columns=["bundle"]).to_pylist() if table.exists() else []
    )
    lost = [row["bundle"] for row in rows if not is_stored(settings, row["bundle"])]
    return f"bundle {lost[0]} is gone" if lost else None


def newest_dataset(settings: Settings, lake: Lake, ds: dt.date | None = None) -> Dataset:
    """The dataset of ``ds``; of the newest date that has one where ``ds`` is None.

    Raises:
        DatasetError: there is none, or its bundle is gone or was changed.
    """
    if ds is None:
        table = lake.table("datasets")
        dates = [part["ds"] for part in table.partitions()] if table.exists() else []
        if not dates:
            raise DatasetError(
                f"there is no dataset under {settings.lake_root}", do="run build_dataset first"
            )
        ds = dt.date.fromisoformat(max(dates))
    return load_dataset(settings, lake, ds)


def open_stored(settings: Settings, dataset_id: str, pins: tuple[Pin, ...]) -> Dataset:
    """The dataset of that id in the store. A damaged copy on this machine is replaced.

    Raises:
        DatasetError: it is gone from the store or was changed there.
    """
    try:
        return open_bundle(stored_bundle(settings, dataset_id), dataset_id, pins)
    except DatasetError:
        if settings.bundle_store.local:
            raise
    drop_copy(settings, dataset_id)
    return open_bundle(stored_bundle(settings, dataset_id), dataset_id, pins)


def open_bundle(folder: Path, dataset_id: str, pins: tuple[Pin, ...]) -> Dataset:
    """The dataset that lies in ``folder``.

    Raises:
        DatasetError: it is gone or was changed, or is not ``dataset_id``.
    """
    manifest = verify_bundle(folder)
    if manifest["dataset_id"] != dataset_id:
        raise DatasetError(f"{folder} does not hold dataset {dataset_id}", do=REBUILD)
    return _assemble(dataset_id, folder, manifest["files"], pins)


def _assemble(dataset_id: str, folder: Path, files: Mapping[str, str], pins: tuple[Pin, ...]) -> Dataset:
    arrays = {
        Path(name).stem: np.load(folder / name, allow_pickle=False) for name in files if name.endswith(".npy")
    }
    users = pq.read_table(folder / "users.parquet").to_pandas()
    items = pq.read_table(folder / "items.parquet").to_pandas()
    items = items.reindex(columns=[*items.columns, *(name for name in OFFER if name not in items)])
    return Dataset(
        dataset_id=dataset_id,
        data=interactions_of(arrays, len(users), items, read_looks(folder)),
        user_ids=users["user_id"].to_numpy(dtype=object),
        item_ids=items["item_id"].to_numpy(dtype=object),
        items=items,
        seen=arrays["seen"],
        pins=pins,
        folder=folder,
    )


def interactions_of(
    arrays: Mapping[str, Any],
    n_users: int,
    items: pd.DataFrame,
    looks: tuple[Looks | None, Looks | None] = (None, None),
) -> Interactions:
    """The arrays of a bundle as :class:`Interactions`, with titles, brands and categories as attributes.

    ``looks`` are those of the training period and those after it.
    """
    exposure = arrays["random_exposure"]
    attributes = {name: tuple(items[name].fillna("")) for name in ("brand", "category")}
    return Interactions(
        n_users=n_users,
        n_items=len(items),
        train=arrays["train"],
        valid=arrays["valid"],
        test=arrays["test"],
        modalities={name: arrays[name] for name in ("image", "text") if name in arrays},
        weights=arrays["train_weights"],
        times=arrays.get("train_times"),
        random_exposure=exposure.astype(np.float32) if exposure.shape[1] else None,
        chosen_elsewhere=arrays.get("chosen_elsewhere"),
        looks=looks[0],
        later_looks=looks[1],
        item_names=tuple(items["title"].fillna(items["item_id"])),
        item_attributes=attributes,
    )
