"""The temporal split on a handful of dated pairs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from causalrec.dataset.arrays import Interactions
from causalrec.dataset.temporal import has_days, temporal
from causalrec.errors import DatasetError


@pytest.fixture
def data() -> Interactions:
    train = np.array([[0, 0, 1, 2], [0, 1, 1, 2]], np.int32)
    valid = np.array([[0, 1], [2, 0]], np.int32)
    return Interactions(3, 3, train, valid, np.array([[1], [2]], np.int32))


def written(folder: Path, days: str) -> Path:
    (folder / "purchase_days.csv").write_text("user,item,first_day\n" + days, encoding="utf-8")
    return folder


def test_the_latest_pairs_are_judged(data: Interactions, tmp_path: Path) -> None:
    folder = written(tmp_path, "0,0,5\n0,1,1\n1,1,2\n2,2,6\n0,2,3\n1,0,4\n")
    assert has_days(folder)
    split = temporal(data, folder)
    assert split.valid.T.tolist() == [[0, 0]]  # (2, 2) is as late, but user 2 has no past
    assert sorted(map(tuple, split.train.T.tolist())) == [(0, 1), (0, 2), (1, 0), (1, 1)]
    assert split.test.shape == (2, 0)
    assert split.times is not None
    assert dict(zip(map(tuple, split.train.T.tolist()), split.times.tolist(), strict=True)) == {
        (0, 1): 1, (0, 2): 3, (1, 0): 4, (1, 1): 2,
    }  # fmt: skip


def test_a_day_is_not_divided(data: Interactions, tmp_path: Path) -> None:
    folder = written(tmp_path, "0,0,5\n0,1,1\n1,1,2\n2,2,1\n0,2,5\n1,0,5\n")
    assert temporal(data, folder).valid.shape[1] == 3


def test_a_pair_without_a_day_is_an_error(data: Interactions, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has no day"):
        temporal(data, written(tmp_path, "0,0,5\n"))


def test_a_bundle_of_one_day_has_no_past(data: Interactions, tmp_path: Path) -> None:
    days = "".join(f"{user},{item},1\n" for user, item in [(0, 0), (0, 1), (1, 1), (2, 2), (0, 2), (1, 0)])
    with pytest.raises(DatasetError, match="same day"):
        temporal(data, written(tmp_path, days))


def test_without_validation_pairs_the_latest_one_is_judged(data: Interactions, tmp_path: Path) -> None:
    folder = written(tmp_path, "0,0,5\n0,1,1\n1,1,2\n2,2,6\n0,2,3\n1,0,4\n")
    none = replace(data, train=np.concatenate([data.train, data.valid], axis=1), valid=data.valid[:, :0])
    assert sorted(temporal(none, folder).times.tolist()) == [1, 2, 3, 4, 5]  # type: ignore[union-attr]
    assert temporal(none, folder).valid.shape[1] == 0  # its user has no past
