"""Pairs of a shop become the sorted arrays of a bundle."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from causalrec.dataset.assemble import pair_arrays
from causalrec.errors import DatasetError

USERS, ITEMS = pa.array(["u", "v"]), pd.DataFrame({"item_id": ["a", "b", "c"]})
EMPTY = pa.schema(
    [("user_id", pa.string()), ("item_id", pa.string()), ("outcome", pa.int32()), ("elsewhere", pa.bool_())]
)


def pairs(*rows: tuple[str, str, float, str, int]) -> pa.Table:
    """user, item, weight, split, seconds."""
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    columns: dict[str, Any] = dict(
        zip(("user_id", "item_id", "weight", "split"), zip(*rows, strict=True), strict=False)
    )
    times = [start + dt.timedelta(seconds=row[4]) for row in rows]
    return pa.table({**columns, "first_time": pa.array(times, pa.timestamp("us", "UTC"))})


def shown(*rows: tuple[str, str, int, bool]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(EMPTY.names, row, strict=True)) for row in rows], EMPTY)


PAIRS = pairs(
    ("v", "b", 2.0, "train", 5), ("u", "c", 3.0, "valid", 4), ("v", "a", 1.0, "train", 3),
    ("u", "a", 4.0, "train", 2), ("u", "b", 5.0, "test", 1),
)  # fmt: skip


def test_pairs_are_sorted_by_user_and_item_and_split() -> None:
    found = pair_arrays(PAIRS, EMPTY.empty_table(), USERS, ITEMS)
    assert {name: array.tolist() for name, array in found.items() if name != "train_times"} == {
        "train": [[0, 1, 1], [0, 0, 1]], "valid": [[0], [2]], "test": [[0], [1]],
        "seen": [[0, 0, 0, 1, 1], [0, 1, 2, 0, 1]], "train_weights": [4.0, 1.0, 2.0],
        "random_exposure": [[], [], []], "chosen_elsewhere": [[], []],
    }  # fmt: skip
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp()
    assert (found["train_times"] / 1e6 - start).tolist() == [2, 3, 5]
    assert found["train"].dtype == np.int32
    assert found["train_weights"].dtype == np.float32
    assert found["train_times"].dtype == np.int64


def test_what_chance_showed_never_trains() -> None:
    told = shown(("v", "b", 1, True), ("u", "c", 0, False), ("u", "gone", 1, True), ("u", "a", 1, False))
    found = pair_arrays(PAIRS, told, USERS, ITEMS)
    assert found["random_exposure"].tolist() == [[0, 0, 1], [0, 2, 1], [1, 0, 1]]
    assert found["chosen_elsewhere"].tolist() == [[1], [1]]
    assert (found["train"].tolist(), found["train_weights"].tolist()) == ([[1], [0]], [1.0])
    assert found["valid"].tolist() == [[0], [2]]
    assert found["seen"].shape == (2, 5)
    assert found["random_exposure"].dtype == np.int32


def test_nothing_left_to_train_on_is_refused() -> None:
    held = pairs(("u", "a", 1.0, "valid", 1), ("v", "a", 1.0, "train", 1))
    with pytest.raises(DatasetError, match="none of 2 interactions are left to train on"):
        pair_arrays(held, shown(("v", "a", 0, False)), USERS, ITEMS)
