"""Random-exposure metrics and propensity estimates against hand-computed values."""

import numpy as np
import pytest

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.metrics.debiased import (
    effective_sample_size,
    exposed_per_user,
    exposed_scores,
    snips,
    snips_hit_rate,
)

NONE = np.empty((2, 0), np.int32)
SCORES = np.array([[4, 3, 2, 1], [1, 1, 1, 1], [9, 8, 7, 6]], dtype=np.float32)


def data(exposure: list[list[int]] | None) -> Interactions:
    shown = None if exposure is None else np.array(exposure, dtype=np.float32)
    return Interactions(3, 4, NONE, NONE, NONE, random_exposure=shown)


def score(users: Ints) -> Floats:
    return SCORES[users]


def random_exposure_metrics(data: Interactions, k: int = 5, batch: int = 1024) -> dict[str, float]:
    found = exposed_per_user(exposed_scores(score, data, batch), k)
    return {name: float(values.mean()) for name, values in found.items()}


def test_hand_computed() -> None:
    # user 0: items 3 (liked), 0, 1; user 1: items 0, 1 (liked), all tied; user 2: nothing liked
    shown = [[0, 0, 0, 1, 1, 2], [3, 0, 1, 1, 0, 2], [1, 0, 0, 1, 0, 0]]
    metrics = random_exposure_metrics(data(shown), k=2)
    # user 0's liked item is third: no gain at 2; user 1's shares places 1 and 2
    tied = (1 + 1 / np.log2(3)) / 2
    assert metrics["random_ndcg@2"] == pytest.approx((0 + tied) / 2)
    assert metrics["random_auc"] == pytest.approx((0.0 + 0.5) / 2)
    deeper = random_exposure_metrics(data(shown), k=3)
    assert deeper["random_ndcg@3"] == pytest.approx((0.5 + tied) / 2)


def test_ratings_are_liked_from_four() -> None:
    shown = [[0, 0, 2, 2], [0, 3, 0, 1], [4, 3, 5, 1]]
    metrics = random_exposure_metrics(data(shown), k=5)
    assert metrics == {"random_ndcg@5": pytest.approx(1.0), "random_auc": pytest.approx(1.0)}


def test_order_batch_and_absence() -> None:
    rng = np.random.default_rng(0)
    keys = rng.permutation(12)
    shown = np.stack([keys // 4, keys % 4, keys % 3 == 0]).astype(np.float32)
    exposed = Interactions(3, 4, NONE, NONE, NONE, random_exposure=shown)
    shuffled = Interactions(3, 4, NONE, NONE, NONE, random_exposure=shown[:, rng.permutation(12)])
    first = random_exposure_metrics(exposed, batch=1)
    assert first == pytest.approx(random_exposure_metrics(shuffled, batch=100))
    assert random_exposure_metrics(data(None)) == {}
    assert random_exposure_metrics(data([[0], [1], [0]])) == {}


def test_auc_equals_the_pairwise_count() -> None:
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 6, size=(4, 30)).astype(np.float32)
    liked = rng.random((4, 30)) < 0.3
    user, item = np.divmod(np.arange(120), 30)
    shown = np.stack([user, item, liked.ravel()]).astype(np.float32)
    exposed = Interactions(4, 30, NONE, NONE, NONE, random_exposure=shown)
    gaps = [scores[u][liked[u]][:, None] - scores[u][~liked[u]][None, :] for u in range(4)]
    expected = np.mean([((gap > 0) + 0.5 * (gap == 0)).mean() for gap in gaps])
    found = exposed_per_user(exposed_scores(lambda users: scores[users], exposed), 5)
    assert found["random_auc"].mean() == pytest.approx(expected)


def test_snips() -> None:
    values, propensities = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.25, 0.25])
    assert snips(values, propensities) == pytest.approx((2 + 4) / (2 + 4 + 4))
    assert snips(values, np.array([0.5, 0.0, 0.5]), clip=0.1) == pytest.approx(4 / 14)
    assert effective_sample_size(np.full(7, 0.2)) == pytest.approx(7)
    assert effective_sample_size(propensities) == pytest.approx(100 / 36)


def test_snips_undoes_the_exposure_bias() -> None:
    """Where worth drives exposure the plain mean is wrong; the weighted one finds the uniform mean."""
    rng = np.random.default_rng(6)
    worth = rng.random(2_000)
    shown = rng.random((50, 2_000)) < worth * 0.9 + 0.05
    values = np.broadcast_to(worth, shown.shape)[shown]
    propensities = np.broadcast_to(worth * 0.9 + 0.05, shown.shape)[shown]
    assert values.mean() > worth.mean() + 0.1
    assert snips(values, propensities) == pytest.approx(worth.mean(), abs=0.01)


def test_snips_hit_rate() -> None:
    lists = np.array([[0, 1], [2, -1]], dtype=np.int32)
    pairs = np.array([[4, 4, 6], [1, 2, 2]], dtype=np.int32)
    users = np.array([4, 6], dtype=np.int32)
    by_item = np.array([1.0, 0.5, 0.25], dtype=np.float32)
    assert snips_hit_rate(lists, users, pairs, by_item, 3) == pytest.approx((2 + 4) / (2 + 4 + 4))
