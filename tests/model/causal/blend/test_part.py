"""A part turned to a standard deviation of one."""

import numpy as np
import pytest
import scipy.sparse as sp

from causalrec.model.causal.blend.part import spread_of_scores, standardised


@pytest.fixture
def tables() -> tuple[np.ndarray, np.ndarray, sp.csr_matrix]:
    rng = np.random.default_rng(3)
    items, fold = rng.normal(size=(2, 30, 4)).astype(np.float32)
    histories = sp.csr_matrix((rng.random((12, 30)) < 0.3).astype(np.float32))
    return items, fold, histories


def standard(scores: np.ndarray) -> np.ndarray:
    centred = scores - scores.mean(axis=1, keepdims=True)
    return np.asarray(centred / centred.std(axis=1, keepdims=True))


def test_scores_are_those_of_the_part_with_a_standard_deviation_of_one(
    tables: tuple[np.ndarray, np.ndarray, sp.csr_matrix],
) -> None:
    items, fold, histories = tables
    part = standardised(items, fold, histories, columns=4)
    scores = part.users @ part.items.T
    assert scores.std(axis=1) == pytest.approx(1, abs=1e-4)
    assert standard(scores) == pytest.approx(standard((histories @ fold) @ items.T), abs=1e-3)
    assert spread_of_scores(part.users, part.items) == pytest.approx(1, abs=1e-4)


def test_own_states_of_users_replace_the_sums(
    tables: tuple[np.ndarray, np.ndarray, sp.csr_matrix],
) -> None:
    items, fold, histories = tables
    users = np.random.default_rng(4).normal(size=(12, 4)).astype(np.float32)
    part = standardised(items, fold, histories, columns=4, users=users)
    assert standard(part.users @ part.items.T) == pytest.approx(standard(users @ items.T), abs=1e-3)
    new = histories @ part.fold
    assert standard(new @ part.items.T) == pytest.approx(standard((histories @ fold) @ items.T), abs=1e-3)


def test_columns_without_meaning_for_any_user_go_first() -> None:
    items = np.random.default_rng(5).normal(size=(40, 3)).astype(np.float32)
    fold = np.zeros((40, 3), dtype=np.float32)
    fold[:, 0] = 1.0  # all users like the same thing
    histories = sp.csr_matrix(np.eye(40, dtype=np.float32)[:6])
    part = standardised(items, fold, histories, columns=1)
    assert part.items.shape == (40, 1)
    assert standard(part.users @ part.items.T) == pytest.approx(
        standard((histories @ fold) @ items.T), abs=1e-3
    )


def test_items_that_are_all_alike_have_no_columns() -> None:
    same = np.ones((5, 2), dtype=np.float32)
    part = standardised(same, same, sp.csr_matrix(np.eye(5, dtype=np.float32)), columns=2)
    assert part.users.shape == (5, 0)
    assert spread_of_scores(same, same) == 0
