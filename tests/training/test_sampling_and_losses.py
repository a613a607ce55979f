"""Batches cover every pair once, negatives avoid training items only, losses equal their formulas."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from causalrec.dataset.arrays import Interactions
from causalrec.training import losses
from causalrec.training.losses import bpr, sampled_softmax
from causalrec.training.sampling import PairSampler


def test_an_epoch_is_every_pair_once(shop: Interactions) -> None:
    batches = list(PairSampler(shop, 64, 10, seed=3).epoch(0))
    pairs = np.concatenate([np.stack([batch.users[batch.owners], batch.items]) for batch in batches], axis=1)
    assert sorted(map(tuple, pairs.T.tolist())) == sorted(map(tuple, shop.train.T.tolist()))
    assert [batch.items.size for batch in batches] == [64, 64, 64, 64, 4]
    assert all(np.unique(batch.users).size == batch.users.size for batch in batches)
    assert all((np.diff(batch.owners) >= 0).all() for batch in batches)


def test_epochs_differ_and_are_reproducible(shop: Interactions) -> None:
    first, again, other = (next(PairSampler(shop, 64, 10, seed=3).epoch(n)) for n in (0, 0, 1))
    assert np.array_equal(first.users, again.users)
    assert np.array_equal(first.items, again.items)
    assert np.array_equal(first.negatives, again.negatives)
    assert not np.array_equal(first.items, other.items)


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
        pairs = [np.stack([part.users[part.owners], part.items]) for part in mine]
        assert sorted(map(tuple, np.hstack(pairs).T.tolist())) == sorted(
            zip(batch.users[batch.owners].tolist(), batch.items.tolist(), strict=True)
        )


def test_more_negatives_than_items_means_all_items(shop: Interactions) -> None:
    batch = next(PairSampler(shop, 8, 999, seed=0).epoch(0))
    assert sorted(batch.negatives.tolist()) == list(range(30))


class Drawn(NamedTuple):
    """Random arguments of a loss."""

    users: Tensor
    owners: Tensor
    positives: Tensor
    negatives: Tensor
    clash: Tensor

    @property
    def states(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.users, self.positives, self.negatives

    def with_states(self, change: Callable[[Tensor], Tensor]) -> "Drawn":
        users, positives, negatives = (change(part) for part in self.states)
        return Drawn(users, self.owners, positives, negatives, self.clash)


def drawn(users: int, pairs: int, negatives: int, share: float) -> Drawn:
    generator = torch.Generator().manual_seed(0)

    def table(size: int) -> Tensor:
        return torch.randn(size, 3, dtype=torch.float64, generator=generator).requires_grad_()

    clash = (torch.rand(users, negatives, generator=generator) < share).nonzero().T
    owners = torch.randint(0, max(users, 1), (pairs,), generator=generator).sort().values
    return Drawn(table(users), owners, table(pairs), table(negatives), clash)


def plain_softmax(asked: Drawn, temperature: float) -> Tensor:
    """The definition, with all scores in one table."""
    left_out = torch.zeros(asked.users.shape[0], asked.negatives.shape[0], dtype=torch.bool)
    left_out[asked.clash[0], asked.clash[1]] = True
    rows = asked.users[asked.owners]
    scores = (rows @ asked.negatives.T / temperature).masked_fill(left_out[asked.owners], -torch.inf)
    top = (rows * asked.positives).sum(dim=1) / temperature
    return (torch.logsumexp(torch.cat([top[:, None], scores], dim=1), dim=1) - top).mean()


@pytest.mark.parametrize("cells", [7, 10, 1_000])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("users", [4, 40])
def test_softmax_and_its_gradient_equal_the_definition(
    cells: int, share: float, users: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "CACHED_CELLS", cells)  # blocks of one user, of two, of all
    asked = drawn(users, 25, 5, share)
    loss, expected = sampled_softmax(*asked, 0.2), plain_softmax(asked, 0.2)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-12)
    wanted = torch.autograd.grad(3 * expected, asked.states)
    for found, gradient in zip(torch.autograd.grad(3 * loss, asked.states), wanted, strict=True):
        assert torch.allclose(found, gradient, atol=1e-12)


def test_large_scores_do_not_overflow() -> None:
    wide = drawn(4, 9, 3, 0.3).with_states(lambda part: (1e4 * part).float().detach().requires_grad_())
    loss = sampled_softmax(*wide, 0.1)
    assert torch.isfinite(loss)
    assert all(torch.isfinite(part).all() for part in torch.autograd.grad(loss, wide.states))


def test_half_precision_is_close() -> None:
    unit = drawn(20, 50, 20, 0.1).with_states(lambda part: normalize(part.detach(), dim=1))
    halved = sampled_softmax(*unit.with_states(Tensor.bfloat16), 0.2)
    assert halved.dtype == torch.float32
    assert halved.item() == pytest.approx(sampled_softmax(*unit, 0.2).item(), rel=5e-3)


def test_no_rows_cost_nothing() -> None:
    nothing = drawn(0, 0, 4, 0.0)
    for loss in (sampled_softmax, bpr):
        value = loss(*nothing, 0.2)
        assert value.item() == 0.0
        assert (torch.autograd.grad(value, nothing.negatives)[0] == 0).all()


def test_a_user_who_clashes_everywhere_costs_nothing() -> None:
    asked = drawn(1, 2, 2, 1.0)
    for loss in (sampled_softmax, bpr):
        value = loss(*asked, 0.2)
        assert value.item() == 0.0
        assert all((gradient == 0).all() for gradient in torch.autograd.grad(value, asked.states))


def test_bpr_equals_its_formula() -> None:
    users, items = torch.eye(3)[:2], torch.tensor([[0.5, 0, 0], [0.7, 0, 0], [0, 0.3, 0]])
    negatives, clash = torch.tensor([[0.1, 0.9, 0], [0.4, 0.2, 0]]), torch.tensor([[1], [0]])
    loss = bpr(users, torch.tensor([0, 0, 1]), items, negatives, clash, 0.5)
    # the third pair takes negative 0 again, which is one of its user's items
    gaps = np.array([0.5 - 0.1, 0.7 - 0.4]) / 0.5
    assert loss.item() == pytest.approx(np.log1p(np.exp(-gaps)).mean(), abs=1e-6)
