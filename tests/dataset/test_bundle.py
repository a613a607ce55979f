"""The bundle reader: shapes, missing rows, and refusals."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from causalrec.dataset.bundle import load_bundle, load_propensity
from causalrec.errors import DatasetError


def save(folder: Path, **arrays: object) -> Path:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.asarray(array))
    return folder


TRAIN = np.array([[0, 1, 1], [0, 2, 2]], dtype=np.int32)
VALID = np.array([[0], [3]], dtype=np.int32)


def test_no_content_and_no_test(tmp_path: Path) -> None:
    data = load_bundle(save(tmp_path, train=TRAIN, valid=VALID))
    assert (data.n_users, data.n_items) == (2, 4)
    assert data.train.tolist() == [[0, 1], [0, 2]]  # duplicates merged
    assert data.test.shape == (2, 0)
    assert not data.modalities
    assert data.random_exposure is None


def test_missing_rows_become_nan(tmp_path: Path) -> None:
    image = np.array([[1, 2], [0, 0], [np.nan, 1], [3, 4], [5, 6]], dtype=np.float16)
    data = load_bundle(save(tmp_path, train=TRAIN, valid=VALID, image=image))
    assert data.n_items == 5  # item 4 is only known by its picture
    assert np.isnan(data.modalities["image"]).all(axis=1).tolist() == [False, True, True, False, False]
    assert data.modalities["image"].dtype == np.float32


def test_ratings_become_liked_pairs(tmp_path: Path) -> None:
    users = np.repeat(np.arange(20), 10)
    items = np.tile(np.arange(10), 20)
    ratings = np.stack([users, items, 1 + items // 2]).astype(np.int32)
    exposure = np.array([[0, 21], [9, 1], [5, 2]], dtype=np.int32)
    bundle = save(tmp_path, ratings=ratings, random_exposure=exposure, propensity=np.full((22, 11), 0.5))
    data = load_bundle(bundle)
    liked = np.concatenate([data.train, data.valid], axis=1)
    assert liked.shape[1] == 80
    assert set(liked[1].tolist()) == {6, 7, 8, 9}
    assert data.valid.shape[1] > 0
    assert data.passed is not None
    assert data.passed.shape[1] == 120
    assert set(data.passed[1].tolist()) == {0, 1, 2, 3, 4, 5}
    assert (data.n_users, data.n_items) == (22, 11)
    assert data.random_exposure is not None
    propensity = load_propensity(tmp_path)
    assert propensity is not None
    assert propensity.shape == (22, 11)


def test_what_was_chosen_was_not_passed_over(tmp_path: Path) -> None:
    shown = np.array([[0, 0, 1, 0], [1, 4, 2, 3]], dtype=np.int32)
    data = load_bundle(save(tmp_path, train=TRAIN, valid=VALID, passed=shown))
    assert data.n_items == 5
    assert data.passed is not None
    assert data.passed.tolist() == [[0, 0], [1, 4]]  # 1-2 was trained on, 0-3 is held out
    (tmp_path / "passed.npy").unlink()
    assert load_bundle(tmp_path).passed is None


def test_training_pairs_carry_their_propensities(tmp_path: Path) -> None:
    chances = np.arange(1, 9).reshape(2, 4) / 10
    data = load_bundle(save(tmp_path, train=TRAIN[:, ::-1], valid=VALID, propensity=chances))
    assert data.train.tolist() == [[0, 1], [0, 2]]
    assert data.propensity is not None
    assert data.propensity.tolist() == pytest.approx([0.1, 0.7])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train": TRAIN, "propensity": np.ones((1, 3))}, "does not cover the training pairs"),
        ({"train": TRAIN, "propensity": np.zeros((2, 3))}, "no propensity above 0"),
        ({"valid": VALID}, "neither train.npy nor ratings.npy"),
        ({"train": TRAIN.T}, "expected"),
        ({"train": TRAIN.astype(np.float32)}, "expected integers"),
        ({"train": -TRAIN}, "ids outside"),
        ({"train": np.empty((2, 0), np.int32)}, "no training pairs"),
        ({"train": TRAIN, "image": np.ones((2, 3), np.float32)}, "no row in modality"),
        ({"train": TRAIN, "image": np.ones((3, 3)), "text": np.ones((4, 3))}, "differ in rows"),
        ({"train": np.array([{"pickled": 1}])}, "cannot read"),
    ],
)
def test_refusals(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_bundle(save(tmp_path, **arrays))


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no bundle"):
        load_bundle(tmp_path / "absent")


@pytest.mark.shared_data
def test_public_bundle(shared_data: Path) -> None:
    data = load_bundle(shared_data / "bench" / "tiktok")
    assert (data.n_users, data.n_items) == (9308, 6710)
    assert (data.train.shape[1], data.valid.shape[1], data.test.shape[1]) == (59541, 3051, 6130)
    assert sorted(data.modalities) == ["audio", "image"]


def test_ratings_are_looks(tmp_path: Path) -> None:
    ratings = np.array([[0, 0, 1, 0], [2, 1, 0, 2], [5, 2, 3, 4]], np.int32)  # 0-2 was rated twice
    chances = np.arange(1, 7).reshape(2, 3) / 10
    looks = load_bundle(save(tmp_path, ratings=ratings, propensity=chances)).looks
    assert looks is not None
    assert [looks.users.tolist(), looks.items.tolist()] == [[0, 0, 1], [1, 2, 0]]
    assert looks.count.tolist() == [1, 2, 1]
    assert looks.depths == ("rated3", "rated4", "rated5")
    assert looks.reached.tolist() == [[0, 2, 1], [0, 2, 0], [0, 1, 0]]
    assert looks.propensity.tolist() == pytest.approx([0.2, 0.3, 0.4])
    assert (looks.policy, looks.uniform.tolist()) == (("",), [False])


def test_pairs_alone_have_no_looks(tmp_path: Path) -> None:
    assert load_bundle(save(tmp_path, train=TRAIN, valid=VALID)).looks is None


def test_looks_of_a_file(tmp_path: Path) -> None:
    save(tmp_path, train=TRAIN, valid=VALID)
    rows = {"user": [0, 1], "item": [0, 4], "stratum": [0, 0], "late": [False, True], "count": [3, 2]}
    table = pa.table(
        {
            name: pa.array(values, pa.bool_() if name == "late" else pa.int32())
            for name, values in rows.items()
        }
    )
    numbers = {"propensity": [0.5, np.nan], "age": [1.0, 2.0]}
    for name, values in numbers.items():
        table = table.append_column(name, pa.array(values, pa.float32()))
    pq.write_table(table.append_column("view", pa.array([1, 2], pa.int32())), tmp_path / "looks.parquet")
    strata = {"policy": [""], "position": pa.array([1.0], pa.float32()), "uniform": [False]}
    pq.write_table(pa.table(strata), tmp_path / "strata.parquet")
    data = load_bundle(tmp_path)
    assert data.n_items == 5  # item 4 was only looked at
    assert data.looks is not None
    assert data.later_looks is not None
    assert (data.looks.count.tolist(), data.later_looks.reached.tolist()) == ([3], [[2]])
    (tmp_path / "strata.parquet").write_bytes(b"no Parquet")
    with pytest.raises(DatasetError, match="cannot read the looks"):
        load_bundle(tmp_path)


def test_times_belong_to_training_pairs(tmp_path: Path) -> None:
    pairs = TRAIN[:, :2]
    assert load_bundle(save(tmp_path, train=pairs)).times is None
    found = load_bundle(save(tmp_path, train=pairs, train_times=np.array([7, 9], np.int32))).times
    assert found is not None
    assert found.tolist() == [7, 9]
    assert found.dtype == np.int64
    with pytest.raises(DatasetError, match="3 times for 2 training pairs"):
        load_bundle(save(tmp_path, train_times=np.arange(3)))


@pytest.mark.parametrize(
    ("more", "users", "items"),
    [
        ({}, 2, 3),
        ({"valid": np.array([[5], [0]])}, 6, 3),
        ({"test": np.array([[0], [7]])}, 2, 8),
        ({"passed": np.array([[4], [9]])}, 5, 10),
        ({"random_exposure": np.array([[6], [1], [1]])}, 7, 3),
        ({"random_exposure": np.empty((3, 0))}, 2, 3),
        ({"valid": np.empty((2, 0), np.int64)}, 2, 3),
        ({"propensity": np.ones((9, 3))}, 9, 3),
        ({"propensity": np.ones((2, 8))}, 2, 8),
        ({"propensity": np.ones((2, 3)), "valid": np.array([[3], [3]])}, 4, 4),
        ({"image": np.ones((5, 2))}, 2, 5),
        ({"image": np.ones((3, 2))}, 2, 3),
    ],
)
def test_numbers_of_users_and_items(tmp_path: Path, more: dict[str, object], users: int, items: int) -> None:
    found = load_bundle(save(tmp_path, train=TRAIN, **more))
    assert (found.n_users, found.n_items) == (users, items)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train": np.array([[0, 2**31], [0, 1]])}, "ids outside"),
        ({"train": np.array([[0, -1], [0, 1]])}, "ids outside"),
        ({"train": np.zeros((3, 2), np.int32)}, r"shape \(3, 2\), expected \(2, n\)"),
        ({"train": np.zeros(2, np.int32)}, r"shape \(2,\), expected \(2, n\)"),
        ({"train": TRAIN, "random_exposure": np.array([[0], [-1], [1]])}, "negative ids"),
        ({"train": TRAIN, "random_exposure": np.zeros((2, 1))}, r"expected \(3, n\)"),
        ({"train": TRAIN, "image": np.ones(3)}, "not floats"),
        ({"train": TRAIN, "image": np.ones((3, 2), np.int32)}, "not floats"),
        ({"train": TRAIN, "propensity": np.ones((2, 2))}, "does not cover"),
        ({"train": TRAIN, "propensity": np.ones(3)}, r"expected \(users, items\)"),
        ({"train": TRAIN, "train_times": np.ones((1, 3))}, r"expected \(users, items\)"),
    ],
)
def test_more_refusals(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_bundle(save(tmp_path, **arrays))


def test_the_largest_id_and_the_least_that_is_liked(tmp_path: Path) -> None:
    assert load_bundle(save(tmp_path, train=np.array([[0], [2**31 - 1]]))).n_items == 2**31
    (tmp_path / "train.npy").unlink()
    ratings = np.array([[0, 0, 0, 0, 0], [0, 1, 2, 3, 4], [5, 4, 4, 3, 1]])
    found = load_bundle(save(tmp_path, ratings=ratings))
    liked = np.concatenate([found.train, found.valid], axis=1)
    assert sorted(liked[1].tolist()) == [0, 1, 2]
    assert found.passed is not None
    assert found.passed[1].tolist() == [3, 4]
    assert found.looks is not None
    assert found.looks.age.tolist() == [0.0] * 5
    assert (found.later_looks, found.looks.strata.tolist()) == (None, [0] * 5)
    assert np.isnan(found.looks.propensity).all()
    assert np.isnan(found.looks.position).all()


def test_a_tenth_of_the_liked_pairs_is_held_out_and_always_the_same(tmp_path: Path) -> None:
    ratings = np.stack([np.arange(400), np.zeros(400), np.full(400, 5)]).astype(np.int32)
    found = load_bundle(save(tmp_path, ratings=ratings))
    held = np.random.default_rng(7).random(400) < 0.1
    assert found.valid[0].tolist() == np.flatnonzero(held).tolist()
    assert found.train[0].tolist() == np.flatnonzero(~held).tolist()
