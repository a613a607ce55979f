"""Several pictures of an item become one vector; exact values for each way of pooling."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.item_content import item_vectors, items_table, picture_vectors, pooling_weights
from causalrec.lake import Lake
from tests.features.shop import vectors

ENCODER = "image-x-1-p1"
X, Y, Z = (c * 64 for c in "abc")
ROWS = [
    ("b", 0, "f" * 64),  # no vector: the next usable one counts as the primary one
    ("b", 1, X), ("b", 2, Y), ("b", 3, Z),
    ("c", 0, Y), ("d", 0, "f" * 64), ("gone", 0, X),
]  # fmt: skip
PICTURES = pd.DataFrame(ROWS, columns=["item_id", "position", "sha256"])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made = Lake(str(tmp_path_factory.mktemp("lake")))
    vectors(made, ENCODER, [X, Y, Z], np.array([[0.6, 0.8, 0], [0, 1, 0], [0, 0, 1]], np.float32))
    return made


@pytest.mark.parametrize(
    ("how", "pooled"),
    [
        ({"image_pooling": "primary"}, [0.6, 0.8, 0]),
        ({"image_pooling": "mean"}, [0.6, 1.8, 1]),
        ({"image_pooling": "mean", "max_pictures": 2}, [0.6, 1.8, 0]),
        ({"image_pooling": "weighted", "primary_share": 0.5}, [0.3, 0.65, 0.25]),
        ({"image_pooling": "weighted", "primary_share": 1.0}, [0.6, 0.8, 0]),
    ],
)
def test_pooling(lake: Lake, how: dict[str, object], pooled: list[float]) -> None:
    settings = DatasetSettings.model_validate(how)
    found = picture_vectors(lake, ["a", "b", "c", "d"], PICTURES, ENCODER, settings)
    assert found is not None
    assert np.isnan(found[[0, 3]]).all()
    assert found[2].tolist() == [0, 1, 0]  # one picture: its very vector
    assert found[1] == pytest.approx(np.array(pooled) / np.linalg.norm(pooled), abs=1e-6)


def test_no_vectors_no_modality(tmp_path: Path) -> None:
    settings = DatasetSettings()
    assert picture_vectors(Lake(str(tmp_path)), ["b"], PICTURES, ENCODER, settings) is None


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("mean", [1, 1 / 3, 1 / 3, 1 / 3]), ("weighted", [1, 0.5, 0.25, 0.25])],
)
def test_the_weights_of_an_items_pictures_add_up_to_one(pooling: str, expected: list[float]) -> None:
    settings = DatasetSettings.model_validate({"image_pooling": pooling, "primary_share": 0.5})
    found = pooling_weights(np.array([0, 0, 1, 2]), np.array([1, 3, 3, 3]), settings)
    assert found.tolist() == pytest.approx(expected)


def test_the_vectors_of_texts(lake: Lake) -> None:
    found = item_vectors(lake, [Y, None, "f" * 64, X], ENCODER)
    assert found is not None
    assert found[[0, 3]].tolist() == [[0, 1, 0], [np.float32(0.6), np.float32(0.8), 0]]
    assert found.dtype == np.float32
    assert np.isnan(found[[1, 2]]).all()
    assert item_vectors(lake, [None, "f" * 64], ENCODER) is None


def test_the_table_of_items_keeps_what_is_unknown() -> None:
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ["A", None], "available": [True, None]})
    found = items_table(items, [3, 0])
    assert found.to_pylist() == [
        {"item_id": "a", "title": "A", "available": True, "popularity": 3},
        {"item_id": "b", "title": None, "available": None, "popularity": 0},
    ]
    assert [str(field.type) for field in found.schema] == ["string", "string", "bool", "int64"]
