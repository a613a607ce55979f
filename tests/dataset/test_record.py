"""The row of a dataset, and when the pins of an earlier build stay."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from causalrec.dataset.record import _readable, datasets_row, pins_as_json, record_dataset
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin
from tests.registry.shop import DS, replace_partition

ENCODERS = {"image": "i-1", "text": "t-1"}
PINS = [Pin("products", 3), Pin("events", 4)]


def row(pins: list[Pin] = PINS, bundle: str = "abc", **more: np.ndarray) -> dict[str, Any]:
    arrays = {name: np.zeros((2, n)) for name, n in (("train", 5), ("valid", 2), ("test", 1))}
    return datasets_row(ENCODERS, bundle, pins, {**arrays, **more}, 7, 9)


def test_the_row_has_sizes_encoders_and_pins_by_table() -> None:
    assert row(text=np.zeros((9, 2))) == {
        "dataset_id": "abc", "bundle": "abc", "n_users": 7, "n_items": 9, "n_train": 5, "n_valid": 2,
        "n_test": 1, "image_encoder": None, "text_encoder": "t-1",
        "pins": '[{"table": "events", "version": 4}, {"table": "products", "version": 3}]',
    }  # fmt: skip
    assert row(image=np.zeros((9, 2)))["image_encoder"] == "i-1"
    assert pins_as_json(PINS)[0] == {"table": "events", "version": 4}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """``popular_items`` has versions up to 2."""
    made = Lake(str(tmp_path))
    for users in (1, 2):
        rows: list[dict[str, object]] = [
            {"category": "", "rank": 1, "item_id": "a", "users": users, "dataset_id": "d"}
        ]
        replace_partition(made, "popular_items", DS, rows)
    return made


def pins_after(lake: Lake, *built: dict[str, Any]) -> list[dict[str, Any]]:
    for one in built:
        record_dataset(lake, DS, one)
    (found,) = lake.table("datasets").read().to_pylist()
    pins: list[dict[str, Any]] = json.loads(found["pins"])
    return pins


def test_the_pins_of_the_first_build_stay_as_long_as_they_can_be_read(lake: Lake) -> None:
    first, second = row([Pin("popular_items", 1)]), row([Pin("popular_items", 2)])
    assert pins_after(lake, first, second) == [{"table": "popular_items", "version": 1}]
    other = row([Pin("popular_items", 2)], "def")
    assert pins_after(lake, other) == [{"table": "popular_items", "version": 2}]


@pytest.mark.parametrize("lost", [Pin("popular_items", 9), Pin("similar_items", 1)])
def test_pins_that_cannot_be_read_go(lake: Lake, lost: Pin) -> None:
    found = pins_after(lake, row([Pin("popular_items", 1), lost]), row([Pin("popular_items", 2)]))
    assert found == [{"table": "popular_items", "version": 2}]


def test_pins_whose_files_are_gone_go(lake: Lake, tmp_path: Path) -> None:
    record_dataset(lake, DS, row([Pin("popular_items", 1)]))
    for file in (tmp_path / "popular_items").rglob("*.parquet"):
        file.unlink()
    assert pins_after(lake, row([Pin("popular_items", 2)])) == [{"table": "popular_items", "version": 2}]


def test_the_row_is_written(lake: Lake) -> None:
    written = record_dataset(lake, DS, row())
    (found,) = lake.table("datasets").read().to_pylist()
    assert (written.table, written.rows) == ("datasets", 1)
    assert found == {**row(), "ds": DS} | {"pins": found["pins"]}
    assert pa.types.is_date(lake.table("datasets").schema.field("ds").type)


def test_whether_pins_can_be_read(lake: Lake) -> None:
    told = [json.dumps([{"table": "popular_items", "version": version}]) for version in (1, 9)]
    absent = json.dumps([{"table": "similar_items", "version": 1}])
    assert [_readable(lake, pins) for pins in (*told, absent, "[]")] == [True, False, False, True]
