"""Sums of looks: no look is lost, whatever the rows were."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalrec.dataset.arrays import Interactions, Looks, pair_keys, unique_pairs, without

LOOK = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1), st.integers(1, 5), st.booleans())


def looks_of(rows: list[tuple[int, int, int, int, bool]]) -> Looks:
    users, items, strata, count = (np.array([row[n] for row in rows], np.int32) for n in range(4))
    known = np.array([row[4] for row in rows], bool)
    return Looks(
        users, items, strata, count, reached=np.stack([count, count // 2]),
        propensity=np.where(known, 0.5, np.nan).astype(np.float32),
        age=np.arange(len(rows), dtype=np.float32),
        depths=("view", "cart"), policy=("a", "b"), position=np.array([1, 2], np.float32),
        uniform=np.zeros(2, bool),
    )  # fmt: skip


@given(st.lists(LOOK, min_size=1, max_size=12))
def test_sums(rows: list[tuple[int, int, int, int, bool]]) -> None:
    looks = looks_of(rows)
    found = looks.summed()
    keys = list(zip(found.users.tolist(), found.items.tolist(), found.strata.tolist(), strict=True))
    assert keys == sorted({row[:3] for row in rows})
    assert found.count.sum() == looks.count.sum()
    assert found.reached.sum(axis=1).tolist() == looks.reached.sum(axis=1).tolist()
    np.testing.assert_allclose((found.age * found.count).sum(), (looks.age * looks.count).sum(), rtol=1e-5)
    for place, key in enumerate(keys):
        known = any(row[4] for row in rows if row[:3] == key)
        assert np.isnan(found.propensity[place]) != known
    first = np.arange(len(rows)) < len(rows) / 2
    halves = looks.take(first).with_later(looks.take(~first))
    assert halves.count.tolist() == found.count.tolist()


def test_nothing_later() -> None:
    looks = looks_of([(0, 0, 0, 1, True)])
    assert looks.with_later(None) is looks


def test_means_are_weighted_by_looks_and_unknown_ones_do_not_count() -> None:
    looks = replace(
        looks_of([(1, 2, 0, 3, True), (0, 1, 1, 1, False), (1, 2, 0, 1, True), (1, 2, 0, 4, False)]),
        propensity=np.array([0.5, np.nan, 1.0, np.nan], np.float32),
        age=np.array([2.0, 7.0, 6.0, 1.0], np.float32),
    )
    found = looks.summed()
    assert (found.users.tolist(), found.items.tolist(), found.strata.tolist()) == ([0, 1], [1, 2], [1, 0])
    assert found.count.tolist() == [1, 8]
    assert found.count.dtype == np.int32
    assert found.reached.tolist() == [[1, 8], [0, 3]]
    assert found.reached.dtype == np.int32
    assert found.age.tolist() == [7.0, 2.0]
    assert found.propensity.tolist() == [pytest.approx(np.nan, nan_ok=True), 0.625]
    assert found.propensity.dtype == np.float32


PAIRS = np.array([[3, 0, 3, 2**31 - 1, 0], [1, 2, 1, 2**31 - 1, 0]], np.int32)


def test_pairs_as_numbers() -> None:
    assert pair_keys(PAIRS).tolist() == [(3 << 32) + 1, 2, (3 << 32) + 1, ((2**31 - 1) << 32) + 2**31 - 1, 0]
    found = unique_pairs(PAIRS)
    assert found.tolist() == [[0, 0, 3, 2**31 - 1], [0, 2, 1, 2**31 - 1]]
    assert found.dtype == np.int32
    assert without(PAIRS, np.array([[3, 0], [1, 1]], np.int32)).tolist() == [
        [0, 2**31 - 1, 0],
        [2, 2**31 - 1, 0],
    ]


def test_the_matrix_of_training_pairs() -> None:
    train = np.array([[0, 1, 1], [2, 0, 1]], np.int32)
    found = Interactions(3, 4, train, train, train).train_matrix()
    assert found.toarray().tolist() == [[0, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert found.dtype == np.float32
