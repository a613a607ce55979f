"""Batches cover every pair once, negatives avoid training items only, losses equal their formulas."""

import numpy as np
import pytest
import torch

from causalrec.dataset.arrays import Interactions
from causalrec.training import losses
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
        clash = np.zeros((batch.users.size, 10), dtype=np.bool_)
        clash[batch.clash[0], batch.clash[1]] = True
        assert (np.diff(batch.clash[0]) >= 0).all()
        assert np.array_equal(clash, train[batch.users][:, batch.negatives])
        checked += int((held[batch.users][:, batch.negatives] & ~clash).sum())
    assert checked > 0  # held-out positives do appear as negatives


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_share_the_batches_and_their_negatives(shop: Interactions, ranks: int) -> None:
    whole = list(PairSampler(shop, 64, 10, seed=3).epoch(1))
    parts = [list(PairSampler(shop, 64, 10, seed=3, part=(rank, ranks)).epoch(1)) for rank in range(ranks)]
    for batch, *mine in zip(whole, *parts, strict=True):
        assert all(np.array_equal(batch.negatives, part.negatives) for part in mine)
        pairs = [np.stack([part.users, part.items]) for part in mine]
        assert sorted(map(tuple, np.hstack(pairs).T.tolist())) == sorted(
            zip(batch.users.tolist(), batch.items.tolist(), strict=True)
        )


def test_more_negatives_than_items_means_all_items(shop: Interactions) -> None:
    batch = next(PairSampler(shop, 8, 999, seed=0).epoch(0))
    assert sorted(batch.negatives.tolist()) == list(range(30))


def plain_softmax(
    users: torch.Tensor, items: torch.Tensor, negatives: torch.Tensor, clash: torch.Tensor, temperature: float
) -> torch.Tensor:
    """The definition, with all scores in one table."""
    scores = users @ negatives.T / temperature
    scores[clash[0], clash[1]] = -torch.inf
    top = (users * items).sum(dim=1) / temperature
    return (torch.logsumexp(torch.cat([top[:, None], scores], dim=1), dim=1) - top).mean()


States = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def drawn(rows: int, count: int, share: float) -> tuple[States, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)

    def table(size: int) -> torch.Tensor:
        return torch.randn(size, 3, dtype=torch.float64, generator=generator).requires_grad_()

    states = table(rows), table(rows), table(count)
    clash = (torch.rand(rows, count, generator=generator) < share).nonzero().T
    return states, clash


@pytest.mark.parametrize("cells", [7, 10, 1_000])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_softmax_and_its_gradient_equal_the_definition(
    cells: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "CACHED_CELLS", cells)  # blocks of one row, of two, of all
    states, clash = drawn(9, 5, share)
    loss, expected = sampled_softmax(*states, clash, 0.2), plain_softmax(*states, clash, 0.2)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-12)
    wanted = torch.autograd.grad(3 * expected, states)
    for found, gradient in zip(torch.autograd.grad(3 * loss, states), wanted, strict=True):
        assert torch.allclose(found, gradient, atol=1e-12)


def test_large_scores_do_not_overflow() -> None:
    states, clash = drawn(4, 3, 0.0)
    users, items, negatives = ((1e4 * part).float().detach().requires_grad_() for part in states)
    loss = sampled_softmax(users, items, negatives, clash, 0.1)
    assert torch.isfinite(loss)
    assert all(torch.isfinite(part).all() for part in torch.autograd.grad(loss, (users, items, negatives)))


def test_half_precision_is_close() -> None:
    states, clash = drawn(50, 20, 0.1)
    users, items, negatives = (torch.nn.functional.normalize(part.detach(), dim=1) for part in states)
    exact = sampled_softmax(users, items, negatives, clash, 0.2)
    halved = sampled_softmax(users.bfloat16(), items.bfloat16(), negatives.bfloat16(), clash, 0.2)
    assert halved.dtype == torch.float32
    assert halved.item() == pytest.approx(exact.item(), rel=5e-3)


def test_no_rows_cost_nothing() -> None:
    (_, _, negatives), clash = drawn(0, 4, 0.0)
    nobody = torch.zeros(0, 3, dtype=torch.float64, requires_grad=True)
    for loss in (sampled_softmax, bpr):
        value = loss(nobody, nobody, negatives, clash, 0.2)
        assert value.item() == 0.0
        assert (torch.autograd.grad(value, negatives)[0] == 0).all()


def test_a_row_that_clashes_everywhere_costs_nothing() -> None:
    states, clash = drawn(1, 2, 1.0)
    for loss in (sampled_softmax, bpr):
        value = loss(*states, clash, 0.2)
        assert value.item() == 0.0
        assert all((gradient == 0).all() for gradient in torch.autograd.grad(value, states))


def test_bpr_equals_its_formula() -> None:
    users, items = torch.eye(3)[:2], torch.tensor([[0.5, 0, 0], [0, 0.3, 0]])
    negatives = torch.tensor([[0.1, 0.9, 0], [0.4, 0.2, 0]])
    loss = bpr(users, items, negatives, torch.tensor([[0, 1], [1, 1]]), 0.5)
    assert loss.item() == pytest.approx(np.log1p(np.exp(-(0.5 - 0.1) / 0.5)), abs=1e-6)
