"""A stored dataset is read as it was written; what is gone or changed is named."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset, lost_bundle, newest_dataset
from causalrec.dataset.store import bundle_is_there, write_bundle
from causalrec.errors import DatasetError
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin
from tests.dataset.shop import lake_at, settings_at

DS, NEXT = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
TRAIN, VALID, TEST = [[0, 0, 1], [0, 1, 1]], [[1], [0]], [[0], [2]]


def stored(settings: Settings, weights: tuple[float, ...] = (1.0, 2.0, 3.0)) -> str:
    """Two users, three items, one of which has no title."""
    arrays: dict[str, Any] = {
        "train": np.array(TRAIN, np.int32), "valid": np.array(VALID, np.int32),
        "test": np.array(TEST, np.int32), "seen": np.array([[0, 0, 1, 1, 0], [0, 1, 1, 0, 2]], np.int32),
        "train_weights": np.array(weights, np.float32), "random_exposure": np.zeros((3, 0), np.int32),
        "image": np.array([[1, 0], [np.nan, np.nan], [0, 1]], np.float32),
    }  # fmt: skip
    titles = pa.array(["Mug", None, "Hat"], pa.string())
    items = {"item_id": ["a", "b", "c"], "title": titles, "brand": ["X", None, "Y"], "category": ["k"] * 3}
    tables = {"users": pa.table({"user_id": ["u", "v"]}), "items": pa.table(items)}
    return write_bundle(settings.bundle_root, arrays, tables, {"ds": "2026-03-01"})


def recorded(lake: Lake, ds: str, bundle: str) -> None:
    row = {
        "dataset_id": bundle, "pins": json.dumps([{"table": "events", "version": 4}]), "n_users": 2,
        "n_items": 3, "n_train": 3, "n_valid": 1, "n_test": 1, "image_encoder": "i", "text_encoder": None,
        "bundle": bundle,
    }  # fmt: skip
    table = lake.table("datasets")
    schema = pa.schema([field for field in table.schema if field.name != "ds"])
    table.replace(pa.Table.from_pylist([row], schema=schema), {"ds": ds})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path)


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return lake_at(settings)


def test_what_was_written_is_read(settings: Settings, lake: Lake) -> None:
    bundle = stored(settings)
    recorded(lake, DS.isoformat(), bundle)
    found = load_dataset(settings, lake, DS)
    assert (found.dataset_id, found.ds, found.pins) == (bundle, DS, (Pin("events", 4),))
    assert found.folder == settings.bundle_root / bundle
    assert (found.user_ids.tolist(), found.item_ids.tolist()) == (["u", "v"], ["a", "b", "c"])
    assert found.seen.shape == (2, 5)
    data = found.data
    assert (data.n_users, data.n_items) == (2, 3)
    assert [part.tolist() for part in (data.train, data.valid, data.test)] == [TRAIN, VALID, TEST]
    assert data.weights is not None
    assert data.weights.tolist() == [1, 2, 3]
    assert data.item_names == ("Mug", "b", "Hat")
    assert data.item_attributes == {"brand": ("X", "", "Y"), "category": ("k",) * 3}
    assert np.isnan(data.modalities["image"]).all(axis=1).tolist() == [False, True, False]
    assert (data.random_exposure, data.looks, data.later_looks) == (None, None, None)


def test_the_newest_date_counts_unless_one_is_named(settings: Settings, lake: Lake) -> None:
    with pytest.raises(DatasetError, match="there is no dataset under"):
        newest_dataset(settings, lake)
    with pytest.raises(DatasetError, match=f"no dataset of {DS}"):
        load_dataset(settings, lake, DS)
    assert lost_bundle(settings, lake, DS) is None
    older, newer = stored(settings), stored(settings, (4.0, 5.0, 6.0))
    recorded(lake, NEXT.isoformat(), newer)
    recorded(lake, DS.isoformat(), older)
    assert newest_dataset(settings, lake).dataset_id == newer
    assert newest_dataset(settings, lake, DS).dataset_id == older
    with pytest.raises(DatasetError, match="no dataset of 2020-01-01"):
        load_dataset(settings, lake, DS.replace(year=2020, month=1))


def test_equal_content_is_one_folder_and_a_damaged_one_is_written_again(settings: Settings) -> None:
    bundle = stored(settings)
    file = settings.bundle_root / bundle / "train.npy"
    before = file.stat().st_mtime_ns
    assert stored(settings) == bundle
    assert file.stat().st_mtime_ns == before
    good = file.read_bytes()
    file.write_bytes(good[:-1] + b"\x07")
    assert stored(settings) == bundle
    assert file.read_bytes() == good
    assert [path.name for path in settings.bundle_root.iterdir()] == [bundle]


def test_what_is_gone_or_changed_is_named(settings: Settings, lake: Lake) -> None:
    bundle, other = stored(settings), stored(settings, (7.0, 8.0, 9.0))
    recorded(lake, DS.isoformat(), bundle)
    folder = settings.bundle_root / bundle
    assert bundle_is_there(folder)
    assert lost_bundle(settings, lake, DS) is None
    (folder / "test.npy").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"test\.npy differs from its hash"):
        load_dataset(settings, lake, DS)
    (folder / "test.npy").unlink()
    with pytest.raises(DatasetError, match=r"test\.npy is missing"):
        load_dataset(settings, lake, DS)
    assert lost_bundle(settings, lake, DS) == f"bundle {bundle} is gone"
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(DatasetError, match="no readable dataset"):
        load_dataset(settings, lake, DS)
    folder.rmdir()
    (settings.bundle_root / other).rename(folder)
    with pytest.raises(DatasetError, match=f"does not hold dataset {bundle}"):
        load_dataset(settings, lake, DS)
