"""What may be stored as a vector, and reading stored ones back."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from causalrec.errors import FeatureError
from causalrec.features.store import feature_table, latest_vectors
from causalrec.features.vectors import check_vectors, unit
from causalrec.lake import Lake

ENCODER = "image-test-000000000000-p1"


def test_unit_rows() -> None:
    rows = unit(np.array([[3, 4], [0, 0]], np.float32))
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ([1, 0], "shape"),
        ([np.nan, 0, 0], "NaN"),
        ([np.inf, 0, 0], "NaN or Inf"),
        ([0, 0, 0], "unit"),
        ([2, 0, 0], "unit"),
    ],
)
def test_bad_vectors_are_refused(row: list[float], word: str) -> None:
    with pytest.raises(FeatureError, match=word):
        check_vectors(np.array([row], np.float32), 3, ENCODER)


def test_a_good_vector_passes() -> None:
    check_vectors(np.array([[0.6, 0.8, 0]], np.float32), 3, ENCODER)


def stored(lake: Lake, keys: list[str], vectors: list[list[float]], encoder: str = ENCODER) -> None:
    table = lake.table(feature_table(encoder))
    rows = {
        "content_key": keys,
        "vector": vectors,
        "dim": [len(vector) for vector in vectors],
        "encoder_id": [encoder] * len(keys),
    }
    table.append(pa.table(rows, schema=table.schema))


def test_vectors_come_back_sorted_distinct_and_of_one_encoder(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert latest_vectors(lake, ["a"], ENCODER)[0] == []
    stored(lake, ["b", "a"], [[0, 1], [1, 0]])
    stored(lake, ["b", "c"], [[0, 1], [0.6, 0.8]])
    stored(lake, ["a", "d"], [[0, 0, 1], [0, 1, 0]], "image-other-000000000000-p1")
    keys, matrix = latest_vectors(lake, ["c", "b", "a", "x", "a"], ENCODER)
    assert keys == ["a", "b", "c"]
    assert matrix.dtype == np.float32
    assert np.allclose(matrix, np.array([[1, 0], [0, 1], [0.6, 0.8]]))
    assert latest_vectors(lake, [], ENCODER)[0] == []
    assert latest_vectors(lake, ["c"], ENCODER, lake.table("image_features").version() - 2)[0] == []


def test_which_copy_of_a_key_is_read_does_not_depend_on_the_order_of_writing(tmp_path: Path) -> None:
    found = []
    for name, order in (("one", [0, 1]), ("two", [1, 0])):
        lake, pair = Lake(str(tmp_path / name)), [[1.0, 0.0], [0.8, 0.6]]
        for place in order:
            stored(lake, ["a"], [pair[place]])
        found.append(latest_vectors(lake, ["a"], ENCODER)[1].tolist())
    assert found[0] == found[1]


def test_mixed_dimensions_are_refused(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    stored(lake, ["a", "b"], [[1, 0], [1, 0, 0]])
    with pytest.raises(FeatureError, match="lengths"):
        latest_vectors(lake, ["a", "b"], ENCODER)


def test_an_id_names_its_table() -> None:
    assert feature_table("text-lite-0-t1") == "text_features"
    with pytest.raises(FeatureError):
        feature_table("audio-x")
