"""A sample keeps whole users, and only of validation."""

import numpy as np

from causalrec.dataset.arrays import Interactions
from causalrec.dataset.sample import JUDGED_USERS, sampled

VALID = np.array([[0, 0, 2, 2, 4, 7], [1, 2, 0, 3, 5, 5]], np.int32)
DATA = Interactions(9, 9, VALID[:, :2], VALID, VALID[:, :1])


def test_users_are_kept_whole() -> None:
    kept = sampled(DATA, 2, seed=3).valid
    users = np.unique(kept[0])
    assert users.size == 2
    assert np.array_equal(kept, VALID[:, np.isin(VALID[0], users)])
    assert set(users) == set(np.random.default_rng(3).permutation([0, 2, 4, 7])[:2])
    assert np.array_equal(sampled(DATA, 2, seed=3).valid, kept)
    assert len({tuple(np.unique(sampled(DATA, 2, seed).valid[0])) for seed in range(20)}) > 2
    assert sampled(DATA, 3, seed=3).train is DATA.train
    assert np.unique(sampled(DATA, 3, seed=3).valid[0]).size == 3


def test_few_users_are_all_kept() -> None:
    assert sampled(DATA, 4, seed=3) is DATA
    assert JUDGED_USERS == 5_000
