"""Ranking metrics against numbers worked out by hand, and the invariances of the protocol."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import DatasetError, TrainingError
from causalrec.metrics.ranking import rank_metrics, rank_per_user

SCORES = np.array(
    [
        [9, 8, 7, 6, 5],  # user 0: item 0 is in training
        [1, 2, 3, 4, 5],
        [5, 4, 3, 2, 1],  # user 2: item 0 is in training
        [0, 0, 0, 0, 0],  # user 3: nothing held out
    ],
    dtype=np.float32,
)


def pairs(*columns: tuple[int, int]) -> Ints:
    return np.array(columns, dtype=np.int32).reshape(-1, 2).T


def scorer(scores: Floats) -> Callable[[Ints], Floats]:
    return lambda users: scores[users]


def small() -> Interactions:
    return Interactions(
        n_users=4,
        n_items=5,
        train=pairs((0, 0), (1, 4), (2, 0), (3, 1)),
        valid=pairs((0, 1)),
        test=pairs((0, 2), (0, 4), (1, 0), (2, 2)),
    )


def test_hand_computed() -> None:
    ranked = rank_per_user(scorer(SCORES), small(), "test", ks=(1, 2, 3))
    assert ranked.users.tolist() == [0, 1, 2]
    assert ranked.relevant.tolist() == [2, 1, 1]
    assert ranked.lists.tolist() == [[1, 2, 3], [3, 2, 1], [1, 2, 3]]
    assert ranked.metrics["recall@2"].tolist() == [0.5, 0.0, 1.0]
    second = 1 / np.log2(3)
    assert ranked.metrics["ndcg@2"] == pytest.approx([second / (1 + second), 0.0, second])
    assert ranked.metrics["ndcg@1"].tolist() == [0.0, 0.0, 0.0]
    assert ranked.metrics["mrr@3"].tolist() == [0.5, 0.0, 0.5]
    assert ranked.metrics["hit@2"].tolist() == [1.0, 0.0, 1.0]


def test_averages_and_catalogue() -> None:
    metrics = rank_metrics(scorer(SCORES), small(), "test", ks=(2,))
    assert metrics["recall@2"] == pytest.approx(0.5)
    assert metrics["coverage@2"] == pytest.approx(3 / 5)  # items 1, 2, 3
    # exposures 0, 2, 3, 1, 0 over five items, sorted 0 0 1 2 3 with weights -4 -2 0 2 4
    assert metrics["gini@2"] == pytest.approx(16 / (5 * 6))
    # popularity: items 0, 1, 4 have 2, 1, 1 training pairs; only item 1 appears in the lists
    of_lists = np.mean([np.log(2) / 2, 0.0, np.log(2) / 2])
    of_histories = np.mean([np.log(3), np.log(2), np.log(3)])
    assert metrics["popularity_lift@2"] == pytest.approx(of_lists / of_histories - 1)


def test_ideal_is_over_the_smaller_of_relevant_and_k() -> None:
    data = Interactions(1, 4, pairs((0, 3)), pairs((0, 0), (0, 1), (0, 2)), pairs())
    perfect = np.array([[4, 3, 2, 1]], dtype=np.float32)
    assert rank_metrics(scorer(perfect), data, "valid", ks=(2,))["ndcg@2"] == pytest.approx(1.0)


def test_users_without_predictions_stay_in_the_average() -> None:
    scores = SCORES.copy()
    scores[1:] = -np.inf
    metrics = rank_metrics(scorer(scores), small(), "test", ks=(2,))
    assert metrics["recall@2"] == pytest.approx(0.5 / 3)
    assert metrics["coverage@2"] == pytest.approx(2 / 5)


def test_k_above_the_catalogue() -> None:
    metrics = rank_metrics(scorer(SCORES), small(), "test", ks=(50,))
    assert metrics["recall@50"] == 1.0


def test_empty_split_and_bad_scores_are_refused() -> None:
    data = Interactions(1, 2, pairs((0, 0)), pairs((0, 1)), pairs())
    with pytest.raises(DatasetError, match="test split has no pairs"):
        rank_metrics(scorer(np.zeros((1, 2), np.float32)), data, "test")
    with pytest.raises(TrainingError, match="NaN"):
        rank_metrics(scorer(np.full((1, 2), np.nan, np.float32)), data, "valid")
    with pytest.raises(TrainingError, match="shape"):
        rank_metrics(scorer(np.zeros((1, 3), np.float32)), data, "valid")


@st.composite
def problems(draw: st.DrawFn) -> tuple[Interactions, Floats, np.random.Generator]:
    """Random interactions with scores that have no ties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_users, n_items = draw(st.integers(1, 12)), draw(st.integers(2, 15))
    part = rng.integers(0, 4, size=(n_users, n_items))
    part[0, 0] = 1
    train, valid, test = (np.stack(np.nonzero(part == value)).astype(np.int32) for value in (0, 1, 2))
    scores = rng.permutation(n_users * n_items).reshape(n_users, n_items).astype(np.float32)
    return Interactions(n_users, n_items, train, valid, test), scores, rng


def reference(data: Interactions, scores: Floats, k: int) -> dict[str, float]:
    """The definitions, written as loops over users and positions."""
    recall, ndcg, mrr = [], [], []
    for user in range(data.n_users):
        relevant = set(data.valid[1][data.valid[0] == user].tolist())
        if not relevant:
            continue
        seen = set(data.train[1][data.train[0] == user].tolist())
        order = sorted(set(range(data.n_items)) - seen, key=lambda item: (-scores[user, item], item))[:k]
        positions = [place for place, item in enumerate(order, start=1) if item in relevant]
        recall.append(len(positions) / len(relevant))
        ideal = sum(1 / np.log2(place + 1) for place in range(1, min(len(relevant), k) + 1))
        ndcg.append(sum(1 / np.log2(place + 1) for place in positions) / ideal)
        mrr.append(1 / positions[0] if positions else 0.0)
    names = (f"recall@{k}", f"ndcg@{k}", f"mrr@{k}")
    return dict(zip(names, map(float, map(np.mean, (recall, ndcg, mrr))), strict=True))


@given(problems(), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_equals_the_definition(problem: tuple[Interactions, Floats, np.random.Generator], k: int) -> None:
    data, scores, _ = problem
    metrics = rank_metrics(scorer(scores), data, "valid", ks=(k,))
    for name, value in reference(data, scores, k).items():
        assert metrics[name] == pytest.approx(value)


@given(problems(), st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_invariances(problem: tuple[Interactions, Floats, np.random.Generator], batch: int) -> None:
    """Batch size, order of pairs and a renumbering of users and items change nothing."""
    data, scores, rng = problem
    metrics = rank_metrics(scorer(scores), data, "valid", ks=(1, 3))
    user, item = rng.permutation(data.n_users), rng.permutation(data.n_items)

    def renumbered(part: Ints) -> Ints:
        shuffled = part[:, rng.permutation(part.shape[1])]
        return np.stack([user[shuffled[0]], item[shuffled[1]]]).astype(np.int32)

    moved = np.empty_like(scores)
    moved[user[:, None], item[None, :]] = scores
    train, valid, test = map(renumbered, (data.train, data.valid, data.test))
    other = Interactions(data.n_users, data.n_items, train, valid, test)
    assert rank_metrics(scorer(moved), other, "valid", ks=(1, 3), batch=batch) == pytest.approx(metrics)


def test_a_model_without_an_opinion_is_measured_at_chance() -> None:
    """Whatever the catalogue lists first: here the items that everybody chose."""
    users, items, k = 3_000, 40, 10
    chosen = np.stack([np.arange(users), np.arange(users) % 4]).astype(np.int32)
    data = Interactions(users, items, pairs((0, 39)), chosen, pairs())
    found = rank_metrics(lambda ids: np.zeros((ids.size, items), np.float32), data, "valid", ks=(k,))
    error = np.sqrt(k / items * (1 - k / items) / users)
    assert found[f"recall@{k}"] == pytest.approx(k / items, abs=4 * error)
    by_place = np.mean([1 / np.log2(place + 2) if place < k else 0 for place in range(items)])
    assert found[f"ndcg@{k}"] == pytest.approx(by_place, abs=4 * error)
