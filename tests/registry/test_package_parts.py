"""Parts of a package that are arrays and facts, without a model."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.registry.package import (
    ITEMS,
    MANIFEST,
    RECIPE,
    RECOMMENDER,
    SERVING,
    USERS,
    ModelPackage,
    _counts,
    _fold_in,
    _history,
    _look_counts,
    _texts,
)


def test_histories_are_sorted_by_user_and_item() -> None:
    pairs = np.array([[2, 0, 2, 0, 2], [5, 3, 1, 2, 4]], np.int32)
    indptr, items = _history(pairs, 4)
    assert (indptr.tolist(), items.tolist()) == ([0, 2, 2, 5, 5], [2, 3, 1, 4, 5])
    assert indptr.dtype == np.int64
    assert items.dtype == np.int32


def test_looks_and_responses_of_each_item() -> None:
    looks = SimpleNamespace(
        items=np.array([2, 0, 2]), count=np.array([3, 4, 5]), reached=np.array([[1, 2, 3], [9, 9, 9]])
    )
    data: Any = SimpleNamespace(looks=looks, n_items=4)
    found = _look_counts(data)
    assert {name: column.to_pylist() for name, column in found.items()} == {
        "looks": [4, 0, 8, 0], "responses": [2, 0, 4, 0],
    }  # fmt: skip
    data.looks = None
    assert _look_counts(data) == {}


def test_columns_that_older_code_did_not_write() -> None:
    table = pa.table({"looks": [1, 2], "title": pa.array(["A", None])})
    counts = _counts(table, "looks")
    assert counts is not None
    assert (counts.tolist(), str(counts.dtype)) == ([1.0, 2.0], "float32")
    assert _counts(table, "responses") is None
    assert _texts(table, "title", np.array(["a", "b"], dtype=object)).tolist() == ["A", "b"]
    assert _texts(table, "title").tolist() == ["A", None]
    assert _texts(table, "title").dtype == object


def test_only_what_folds_in_has_a_read_out() -> None:
    other: Any = SimpleNamespace(fold=np.ones(3))
    assert _fold_in(other) == ({}, {})


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """Three users, one of whom never trained; its items have looks."""
    users = {"user_id": ["a", "b", "c"], "n_train": [2, 0, 1]}
    pq.write_table(pa.table(users), tmp_path / USERS)
    pq.write_table(pa.table({"item_id": ["x", "y"], "brand": ["B", None]}), tmp_path / ITEMS)
    (tmp_path / MANIFEST).write_text(json.dumps({"dataset_id": "d"}))
    (tmp_path / RECOMMENDER).mkdir()
    return ModelPackage(tmp_path)


def test_rows_of_users_it_learnt_of(package: ModelPackage) -> None:
    rows = package.rows_of(np.array(["c", "b", "nobody", "a"], dtype=object))
    assert (rows.tolist(), str(rows.dtype)) == ([2, -1, -1, 0], "int32")
    assert package.user_ids.tolist() == ["a", "b", "c"]
    assert package.item_ids.tolist() == ["x", "y"]


def test_a_package_of_older_code(package: ModelPackage) -> None:
    assert package.worth == ()
    assert package.short_fits() == {}
    assert package.scoring.k == type(package.scoring)().k
    assert package.factorised is False
    assert (package.tables(), package._fold()) == (None, None)
    assert package.shop_rules.hidden.num_rows == 0
    items = package._items()
    assert items.columns.tolist() == [
        "item_id", "brand", "category", "available", "first_seen", "last_seen", "image_ref",
    ]  # fmt: skip
    assert items["category"].isna().all()
    assert isinstance(items, pd.DataFrame)
    (package.folder / SERVING).touch()
    assert package.factorised is True


@pytest.mark.parametrize(
    ("looks", "level", "order", "odds"),
    [
        (True, "response", "response", True), (True, "response", "content", False),
        (True, "pairs", "response", False), (False, "response", "response", False),
    ],
)  # fmt: skip
def test_scores_that_are_log_odds(
    package: ModelPackage, looks: bool, level: str, order: str, odds: bool
) -> None:
    recipe = {"facts": {"level": level}, "recipe": {"model": {"response": {"order": order}}}}
    (package.folder / RECOMMENDER / RECIPE).write_text(json.dumps(recipe))
    package.__dict__["catalogue"] = SimpleNamespace(looks=np.ones(2) if looks else None)
    assert package.odds is odds


def test_without_a_recipe_scores_are_no_odds(package: ModelPackage) -> None:
    package.__dict__["catalogue"] = SimpleNamespace(looks=np.ones(2))
    assert package.odds is False
    (package.folder / RECOMMENDER / RECIPE).write_text("{}")
    del package.__dict__["odds"]
    assert package.odds is False


def test_states_of_new_items(package: ModelPackage, monkeypatch: pytest.MonkeyPatch) -> None:
    model = SimpleNamespace(item_states_for=lambda modalities: modalities["text"] * 2)
    monkeypatch.setattr(ModelPackage, "recommender", lambda self: model)
    text = np.ones((2, 3), np.float32)
    found = package.states_of_new({"text": text})
    assert found is not None
    assert found.tolist() == (2 * text).tolist()
    assert package.states_of_new({}) is None
    monkeypatch.setattr(ModelPackage, "recommender", lambda self: SimpleNamespace())
    assert package.states_of_new({"text": text}) is None
