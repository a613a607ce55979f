"""The comparison with what was seen and passed over: draws, the loss, a ranking turned round by exposure."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.training.exposed import PassedOver, exposed_loss
from causalrec.training.factory import build_recommender
from causalrec.training.sampling import PairSampler

PASSED = np.array([[4, 0, 0, 4, 0], [1, 7, 8, 2, 9]], dtype=np.int32)


def test_draws_come_from_the_users_own_items() -> None:
    drawn = PassedOver(PASSED, 6).draw(np.repeat([0, 3, 4], 400), np.random.default_rng(0)).reshape(3, 400)
    assert sorted(set(drawn[0].tolist())) == [7, 8, 9]
    assert set(drawn[1].tolist()) == {-1}  # user 3 passed over nothing
    assert sorted(set(drawn[2].tolist())) == [1, 2]
    assert np.bincount(drawn[0])[7:].min() > 100  # all alike


def test_the_loss_by_hand() -> None:
    users = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    chosen = torch.tensor([[3.0, 0.0], [9.0, 1.0], [5.0, 5.0]])
    passed = torch.tensor([[1.0, 0.0], [9.0, 2.0], [0.0, 0.0]])
    known = torch.tensor([1.0, 1.0, 0.0])
    loss = exposed_loss(users, torch.tensor([0, 1, 1]), chosen, passed, known, 2.0)
    # differences 2 / 2 and -2 / 2; the third pair has no comparison
    expected = (np.log1p(np.exp(-1.0)) + np.log1p(np.exp(1.0))) / 3
    assert float(loss) == pytest.approx(expected)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_ranks_draw_what_one_process_draws(shop: Interactions, ranks: int) -> None:
    data = replace(shop, passed=np.array([[0, 1, 1, 2], [3, 3, 4, 5]], dtype=np.int32))
    whole = list(PairSampler(data, 64, 10, seed=3).epoch(1))
    parts = [list(PairSampler(data, 64, 10, seed=3, part=(rank, ranks)).epoch(1)) for rank in range(ranks)]
    for batch, *mine in zip(whole, *parts, strict=True):
        rows = [np.stack([part.users[part.owners], part.items, part.passed]) for part in mine]
        assert batch.passed is not None
        expected = np.stack([batch.users[batch.owners], batch.items, batch.passed])
        assert sorted(map(tuple, np.hstack(rows).T.tolist())) == sorted(map(tuple, expected.T.tolist()))
        assert all(np.array_equal(batch.negatives, part.negatives) for part in mine)


def test_without_a_log_of_it_nothing_changes(shop: Interactions) -> None:
    plain = next(PairSampler(shop, 64, 10, seed=3).epoch(0))
    assert plain.passed is None


def shown_by_luck(seed: int) -> tuple[Interactions, np.ndarray]:
    """A shop that pushes items of one style to those who like the other: clicks follow exposure, not liking.

    Returns:
        the log with what was passed over, and what users like, bool (U, N).
    """
    rng = np.random.default_rng(seed)
    users, items = 200, 40
    own = np.arange(users)[:, None] % 2 == np.arange(items) % 2
    shown = rng.random((users, items)) < np.where(own, 0.1, 0.9)
    liked = rng.random((users, items)) < np.where(own, 0.7, 0.25)
    pairs, passed = (np.array(found.nonzero(), dtype=np.int32) for found in (shown & liked, shown & ~liked))
    none = np.empty((2, 0), dtype=np.int32)
    return Interactions(users, items, pairs, none, none, passed=passed), own


def test_comparison_inside_what_was_shown_ranks_right(quick: Callable[..., Settings]) -> None:
    data, own = shown_by_luck(0)
    everybody = np.arange(data.n_users, dtype=np.int32)

    def right(weight: float) -> float:
        """Mean lead of liked over other items, in units of the spread of a user's scores."""
        settings = quick("bpr_mf", exposed_weight=weight, epochs_unvalidated=15, learning_rate=0.02)
        recommender = build_recommender(settings)
        recommender.fit(data)
        scores = recommender.score(everybody)
        scores = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
        return float(scores[own].mean() - scores[~own].mean())

    assert right(0.0) < -0.4  # clicks alone: the wrong way round
    assert right(30.0) > 0.1
