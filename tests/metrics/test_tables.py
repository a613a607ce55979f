"""Ranking on a device by torch equals the reference, whatever the batch, the order and the threads."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import DatasetError, TrainingError
from causalrec.metrics.ranking import rank_per_user
from causalrec.metrics.tables import rank_tables, top_columns

Problem = tuple[Interactions, Floats, Floats]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Random interactions with small whole numbers in the tables: many exact ties, no rounding."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_users, n_items = draw(st.integers(1, 12)), draw(st.integers(2, 15))
    part = rng.integers(0, 4, size=(n_users, n_items))
    part[0, 0] = 1
    train, valid, test = (np.stack(np.nonzero(part == value)).astype(np.int32) for value in (0, 1, 2))
    users, items = (rng.integers(-2, 3, size=(n, 2)).astype(np.float32) for n in (n_users, n_items))
    return Interactions(n_users, n_items, train, valid, test), users, items


@given(problems(), st.integers(1, 9), st.integers(1, 20))
@settings(max_examples=80, deadline=None)
def test_equals_the_reference(problem: Problem, batch: int, k: int) -> None:
    data, users, items = problem
    expected = rank_per_user(lambda ids: users[ids] @ items.T, data, "valid", ks=(k,))
    found = rank_tables(torch.from_numpy(users), torch.from_numpy(items), data, "valid", (k,), batch)
    assert np.array_equal(found.lists, expected.lists)
    assert np.array_equal(found.users, expected.users)
    assert np.array_equal(found.relevant, expected.relevant)
    for name, values in expected.metrics.items():
        assert np.array_equal(found.metrics[name], values)
    real = found.lists >= 0
    assert np.array_equal(found.scores[real], expected.scores[real])


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(8, 700), st.integers(2, 400))
@settings(max_examples=120, deadline=None)
def test_top_columns_are_those_of_a_stable_sort(seed: int, k: int, width: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, kinds, size=(5, width)).astype(np.float32)
    scores[rng.random(scores.shape) < rng.choice([0.0, 0.3, 0.999])] = -np.inf
    values, columns = top_columns(torch.from_numpy(scores), k)
    assert np.array_equal(columns.numpy(), np.argsort(-scores, axis=1, kind="stable")[:, :k])
    assert np.array_equal(values.numpy(), np.take_along_axis(scores, columns.numpy(), axis=1))


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_threads_order_and_numbering_change_nothing() -> None:
    rng = np.random.default_rng(1)
    part = rng.integers(0, 6, size=(300, 80))
    train, valid, test = (np.stack(np.nonzero(part == value)).astype(np.int32) for value in (0, 1, 2))
    users, items = (rng.integers(-9, 9, size=(n, 8)).astype(np.float32) for n in (300, 80))
    items[:, 0] += rng.permutation(80) / np.float32(128)  # exact in float32, and hardly any ties
    users[:, 0] = 1.0
    data = Interactions(300, 80, train, valid, test)
    found = []
    for count, batch in ((1, 7), (2, 300), (3, 64)):
        torch.set_num_threads(count)
        ranked = rank_tables(torch.from_numpy(users), torch.from_numpy(items), data, "test", (5, 20), batch)
        found.append(ranked)
    for other in found[1:]:
        assert np.array_equal(other.lists, found[0].lists)
    user, item = rng.permutation(300), rng.permutation(80)

    def moved(pairs: Ints) -> Ints:
        shuffled = pairs[:, rng.permutation(pairs.shape[1])]
        return np.stack([user[shuffled[0]], item[shuffled[1]]]).astype(np.int32)

    there = Interactions(300, 80, moved(train), moved(valid), moved(test))
    moved_users, moved_items = np.empty_like(users), np.empty_like(items)
    moved_users[user], moved_items[item] = users, items
    renumbered = rank_tables(
        torch.from_numpy(moved_users), torch.from_numpy(moved_items), there, "test", (5, 20)
    )
    back = np.argsort(user[found[0].users])
    for name, values in found[0].metrics.items():
        assert renumbered.metrics[name] == pytest.approx(values[back])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_same_lists() -> None:
    rng = np.random.default_rng(2)
    part = rng.integers(0, 6, size=(200, 90))
    train, valid, test = (np.stack(np.nonzero(part == value)).astype(np.int32) for value in (0, 1, 2))
    users, items = (rng.integers(-4, 5, size=(n, 4)).astype(np.float32) for n in (200, 90))
    data = Interactions(200, 90, train, valid, test)
    here = rank_tables(torch.from_numpy(users), torch.from_numpy(items), data, "test", (20,))
    there = rank_tables(torch.from_numpy(users).cuda(), torch.from_numpy(items).cuda(), data, "test", (20,))
    assert np.array_equal(here.lists, there.lists)


def test_empty_split_and_nan_are_refused() -> None:
    pairs = np.array([[0], [1]], dtype=np.int32)
    data = Interactions(1, 3, np.array([[0], [0]], np.int32), pairs, np.empty((2, 0), np.int32))
    items = torch.ones(3, 1)
    with pytest.raises(DatasetError, match="test split has no pairs"):
        rank_tables(torch.ones(1, 1), items, data, "test", (2,))
    items[2] = torch.nan
    with pytest.raises(TrainingError, match="NaN"):
        rank_tables(torch.ones(1, 1), items, data, "valid", (2,))
