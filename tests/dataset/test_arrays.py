"""Sums of looks: no look is lost, whatever the rows were."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causalrec.dataset.arrays import Looks

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
