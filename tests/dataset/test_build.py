"""The whole job on a tiny lake: exact arrays, the same id on every way there, honest refusals."""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from causalrec.config import Settings
from causalrec.dataset.build import build_dataset, build_dataset_inputs
from causalrec.dataset.load import load_dataset
from causalrec.errors import DatasetError
from causalrec.features.encoders.image import image_encoder_id
from causalrec.lake import Lake, Ledger

from .shop import event, lake_at, product, put, settings_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 2)
SHA = hashlib.sha256(b"picture of b").hexdigest()


def first_day(lake: Lake) -> None:
    shown = {"policy": "uniform", "session_id": "s"}
    put(lake, "products", "2026-03-01", [product("b", title="Bag", brand="Acme"), product("a"), product("c")])
    put(
        lake, "events", "2026-03-01",
        [
            event("e1", "2026-03-01T08:00", "u2", "b"),
            event("e2", "2026-03-01T08:00", "u1", "a"),
            event("e3", "2026-03-01T08:00", "u3", "c", "impression", **shown),
            event("e4", "2026-03-01T08:01", "u3", "c", session_id="s"),
            event("e5", "2026-03-01T08:01", "u4", "a", "view"),
        ],
    )  # fmt: skip


def second_day(lake: Lake) -> None:
    put(lake, "products", "2026-03-02", [product("b", title="Big bag", brand="Acme")])
    put(lake, "events", "2026-03-02", [event("e6", "2026-03-02T08:00", "u2", "c")])


def pictures(settings: Settings, lake: Lake) -> None:
    image = {"item_id": "b", "image_ref": "b.jpg", "width": 8, "height": 8, "format": "JPEG", "bytes": 9}
    image["delivered_on"] = dt.date(2026, 3, 1)
    put(
        lake, "images", "2026-03-01",
        [image | {"position": 1, "sha256": "0" * 64}, image | {"position": 0, "sha256": SHA}],
    )  # fmt: skip
    encoder = image_encoder_id(settings.features.image)
    vector = {"content_key": SHA, "vector": [0.6, 0.8], "dim": 2, "encoder_id": encoder}
    table = lake.table("image_features")
    table.append(pa.Table.from_pylist([vector], schema=table.schema))


def test_arrays_ids_and_pins(spark: "SparkSession", tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = lake_at(settings)
    first_day(lake)
    second_day(lake)
    pictures(settings, lake)
    outcome = build_dataset(settings, lake, Ledger(lake), spark, DAY)
    dataset = load_dataset(settings, lake, DAY)
    data = dataset.data

    assert dataset.user_ids.tolist() == ["u1", "u2", "u3", "u4"]
    assert dataset.item_ids.tolist() == ["a", "b", "c"]
    assert dataset.seen.tolist() == [[0, 1, 1, 2], [0, 1, 2, 2]]
    held = np.concatenate([data.train, data.valid, data.test], axis=1)
    assert sorted(map(tuple, held.T.tolist())) == [
        (0, 0),
        (1, 1),
        (1, 2),
    ]  # u3 saw c by chance: not trained on
    assert data.random_exposure is not None
    assert data.random_exposure.tolist() == [[2.0], [2.0], [1.0]]
    assert data.weights is not None
    assert data.weights.size == data.train.shape[1]
    image = data.modalities["image"]
    assert image[1].tolist() == pytest.approx([0.6, 0.8])
    assert np.isnan(image[[0, 2]]).all()
    assert data.item_names == ("a", "Big bag", "c")
    assert dataset.items["image_ref"].tolist()[1] == "b.jpg"
    assert {pin.table for pin in dataset.pins} == {"events", "products", "images", "image_features"}
    assert outcome.counters["positives"] == 4
    assert outcome.counters["users"] == 4
    assert outcome.counters["image_missing"] == 2


def test_the_gallery_reaches_the_vector_of_the_item(spark: "SparkSession", tmp_path: Path) -> None:
    found = {}
    for pooling in ("primary", "mean"):
        settings = settings_at(tmp_path, image_pooling=pooling)
        lake = lake_at(settings)
        if pooling == "primary":
            first_day(lake)
            pictures(settings, lake)
            table, encoder = lake.table("image_features"), image_encoder_id(settings.features.image)
            second = {"content_key": "0" * 64, "vector": [1.0, 0.0], "dim": 2, "encoder_id": encoder}
            table.append(pa.Table.from_pylist([second], schema=table.schema))
        build_dataset(settings, lake, Ledger(lake), spark, DAY)
        found[pooling] = load_dataset(settings, lake, DAY).data.modalities["image"][1].tolist()
    assert found["primary"] == pytest.approx([0.6, 0.8])
    assert found["mean"] == pytest.approx([0.8**0.5, 0.2**0.5])


def test_same_content_same_id(spark: "SparkSession", tmp_path: Path) -> None:
    """Neither a second run nor another order of arrivals changes the dataset of a date."""
    ids = []
    for name, days in (("in_order", (first_day, second_day)), ("backwards", (second_day, first_day))):
        settings = settings_at(tmp_path / name)
        lake = lake_at(settings)
        for day in days:
            day(lake)
        build_dataset(settings, lake, Ledger(lake), spark, DAY)
        ids.append(load_dataset(settings, lake, DAY).dataset_id)
    put(lake, "events", "2026-03-03", [event("e9", "2026-03-03T08:00", "u9", "a")])
    again = build_dataset(settings, lake, Ledger(lake), spark, DAY)
    assert not any(written.changed for written in again.writes)
    assert load_dataset(settings, lake, DAY).dataset_id == ids[0] == ids[1]
    assert len(list(settings.bundle_root.iterdir())) == 1


def test_lost_or_changed_bundles_are_refused_and_rebuilt(spark: "SparkSession", tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = lake_at(settings)
    with pytest.raises(DatasetError, match="no dataset of"):
        load_dataset(settings, lake, DAY)
    first_day(lake)
    build_dataset(settings, lake, Ledger(lake), spark, DAY)
    folder = load_dataset(settings, lake, DAY).folder
    np.save(folder / "train.npy", np.zeros((2, 1), np.int32))
    with pytest.raises(DatasetError, match=r"train.npy differs .* build_dataset"):
        load_dataset(settings, lake, DAY)
    build_dataset(settings, lake, Ledger(lake), spark, DAY)
    assert load_dataset(settings, lake, DAY).folder == folder
    (folder / "manifest.json").unlink()
    with pytest.raises(DatasetError, match="build_dataset"):
        load_dataset(settings, lake, DAY)


def test_nothing_to_learn_from_is_refused(spark: "SparkSession", tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = lake_at(settings)
    with pytest.raises(DatasetError, match="events does not exist"):
        build_dataset(settings, lake, Ledger(lake), spark, DAY)
    put(lake, "products", "2026-03-01", [product("a")])
    put(lake, "events", "2026-03-01", [event("e1", "2026-03-01T08:00", "u1", "a", "view")])
    with pytest.raises(DatasetError, match="no positive interaction"):
        build_dataset(settings, lake, Ledger(lake), spark, DAY)
    assert not lake.table("datasets").exists()


def test_inputs_follow_the_settings(tmp_path: Path) -> None:
    settings, other = settings_at(tmp_path), settings_at(tmp_path, seed=8)
    lake = lake_at(settings)
    first = build_dataset_inputs(settings, lake, Ledger(lake), DAY)
    assert first == build_dataset_inputs(settings, lake, Ledger(lake), DAY)
    assert first != build_dataset_inputs(other, lake, Ledger(lake), DAY)
    assert json.loads(first["encoders"])["image"].startswith("image-")
