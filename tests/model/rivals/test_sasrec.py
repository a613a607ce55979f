"""SASRec reads order: sequences by hand, and a shop where what follows is certain."""

import numpy as np
import pytest
import torch

from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.model.rivals.sequences import SequenceNetwork, Sequences
from causalrec.training.factory import build_recommender
from tests.model.conftest import small_settings

pytestmark = pytest.mark.slow

NONE = np.empty((2, 0), dtype=np.int32)


def test_rows_hold_the_latest_items_by_time() -> None:
    pairs = np.array([[0, 0, 0, 2], [4, 5, 6, 1]], np.int32)
    data = Interactions(3, 7, pairs, NONE, NONE, times=np.array([30, 10, 20, 5]))
    known = Sequences.of(data, seed=0)
    assert known.items.tolist() == [5, 6, 4, 1]
    rows, last = known.rows(np.array([0, 1, 2]), length=2, begin=7)
    assert rows.tolist() == [[7, 6, 4], [7, 7, 7], [7, 1, 7]]
    assert last.tolist() == [2, 0, 1]


def test_without_times_there_is_no_order() -> None:
    pairs = np.array([[0, 0], [0, 1]], np.int32)
    with pytest.raises(TrainingError, match="order of the pairs is unknown"):
        build_recommender(small_settings("sasrec")).fit(Interactions(1, 2, pairs, NONE, NONE))


def test_a_state_sees_nothing_of_what_comes_later() -> None:
    torch.manual_seed(0)
    network = SequenceNetwork(n_items=6, dim=8, length=4, blocks=2, heads=2, dropout=0.2).eval()
    with torch.no_grad():
        one, other = network.states(torch.tensor([[6, 1, 2, 3], [6, 1, 2, 5]]))
    assert torch.allclose(one[:3], other[:3], atol=1e-6)
    assert not torch.allclose(one[3], other[3], atol=1e-3)


def test_with_even_scores_the_loss_is_the_log_of_the_choices() -> None:
    network = SequenceNetwork(n_items=5, dim=4, length=3, blocks=1, heads=1, dropout=0.0).eval()
    with torch.no_grad():
        network.items.weight.zero_()
    loss = network.loss(torch.tensor([[5, 0, 1, 5], [5, 2, 5, 5]]), torch.tensor([3, 4]))
    assert loss.item() == pytest.approx(np.log(3))


def test_what_follows_is_learnt_from_the_order_alone() -> None:
    """Every user walks once round a ring of twelve items from another start and stops after six."""
    users, steps = (part.ravel() for part in np.indices((48, 6)))
    pairs = np.stack([users, (users + steps) % 12]).astype(np.int32)
    data = Interactions(48, 12, pairs, NONE, NONE, times=steps.astype(np.int64))
    sasrec = {"learning_rate": 0.01, "batch": 16, "epochs": 40, "length": 8, "dropout": 0.0}
    model = build_recommender(small_settings("sasrec", {"sasrec": sasrec}))
    model.fit(data)
    scores = model.score(np.arange(12, dtype=np.int32))
    assert (scores.argmax(axis=1) == (np.arange(12) + 6) % 12).all()
    forwards, backwards = model.score_histories([np.array([3, 4, 5]), np.array([5, 4, 3])])
    assert forwards.argmax() == 6
    assert not np.allclose(forwards, backwards, atol=1e-2)
