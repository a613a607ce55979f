"""Batches cover every pair once, negatives avoid training items only, losses equal their formulas."""

import numpy as np
import torch

from causalrec.dataset.arrays import Interactions
from causalrec.training.losses import bpr, sampled_softmax
from causalrec.training.sampling import PairSampler


def test_an_epoch_is_every_pair_once(shop: Interactions) -> None:
    batches = list(PairSampler(shop, 64, 10, seed=3).epoch(0))
    pairs = np.concatenate([np.stack([batch.users, batch.items]) for batch in batches], axis=1)
    assert sorted(map(tuple, pairs.T.tolist())) == sorted(map(tuple, shop.train.T.tolist()))
    assert [batch.users.size for batch in batches] == [64, 64, 64, 64, 4]


def test_epochs_differ_and_are_reproducible(shop: Interactions) -> None:
    first, again, other = (next(PairSampler(shop, 64, 10, seed=3).epoch(n)) for n in (0, 0, 1))
    assert np.array_equal(first.users, again.users)
    assert np.array_equal(first.negatives, again.negatives)
    assert not np.array_equal(first.users, other.users)


def test_clashes_are_exactly_the_training_items(shop: Interactions) -> None:
    train = np.asarray(shop.train_matrix().todense()) > 0
    held = np.zeros_like(train)
    held[shop.valid[0], shop.valid[1]] = True
    checked = 0
    for batch in PairSampler(shop, 64, 10, seed=3).epoch(0):
        assert np.unique(batch.negatives).size == 10
        assert np.array_equal(batch.clash, train[batch.users][:, batch.negatives])
        checked += int((held[batch.users][:, batch.negatives] & ~batch.clash).sum())
    assert checked > 0  # held-out positives do appear as negatives


def test_more_negatives_than_items_means_all_items(shop: Interactions) -> None:
    batch = next(PairSampler(shop, 8, 999, seed=0).epoch(0))
    assert sorted(batch.negatives.tolist()) == list(range(30))


def test_softmax_equals_its_formula() -> None:
    positive, negative = torch.tensor([0.5]), torch.tensor([[0.1, 0.9, -0.2]])
    clash = torch.tensor([[False, True, False]])
    scores = np.exp(np.array([0.5, 0.1, -0.2]) / 0.2)
    loss = sampled_softmax(positive, negative, clash, 0.2)
    assert np.isclose(float(loss), -np.log(scores[0] / scores.sum()), atol=1e-6)


def test_a_row_that_clashes_everywhere_costs_nothing() -> None:
    everything = torch.ones(1, 2, dtype=torch.bool)
    positive = torch.tensor([0.5], requires_grad=True)
    for loss in (sampled_softmax, bpr):
        value = loss(positive, torch.zeros(1, 2), everything, 0.2)
        value.backward()  # type: ignore[no-untyped-call]
        assert value.item() == 0.0
        assert torch.isfinite(positive.grad).all()  # type: ignore[arg-type]


def test_bpr_equals_its_formula() -> None:
    positive, negative = torch.tensor([0.5, 0.3]), torch.tensor([[0.1, 0.9], [0.4, 0.2]])
    loss = bpr(positive, negative, torch.tensor([[False, False], [False, True]]), 0.5)
    assert np.isclose(float(loss), np.log1p(np.exp(-(0.5 - 0.1) / 0.5)), atol=1e-6)
