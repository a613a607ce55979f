"""The softmax over exposure and likes: exact on a small batch, and right where clicks mislead."""

import numpy as np
import pytest
import torch

from causalrec.training.exposed import Exposure, exposed_softmax


def test_exact_on_two_rows() -> None:
    users = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    positives, negatives = torch.tensor([[2.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    exposure = Exposure(torch.tensor([0.3, -0.2]), torch.tensor([0.1, 0.5]), torch.tensor(-1.0))
    clash = torch.tensor([[1], [0]])

    def chance(score: float, shown: float) -> float:
        return float(np.exp(shown) / (1 + np.exp(-(score / 0.5 - 1.0))))

    first = [chance(2, 0.3), chance(0, 0.1), chance(1, 0.5)]
    second = [chance(2, -0.2), chance(0, 0.5)]  # the first negative clashes
    expected = -np.mean([np.log(first[0] / sum(first)), np.log(second[0] / sum(second))])
    found = exposed_softmax(users, positives, negatives, clash, 0.5, exposure)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_a_constant_exposure_says_nothing_and_gradients_flow() -> None:
    torch.manual_seed(0)
    users, items = torch.randn(4, 3, requires_grad=True), torch.randn(6, 3)
    intercept = torch.zeros((), requires_grad=True)
    none = torch.zeros((2, 0), dtype=torch.int64)

    def loss(level: float) -> torch.Tensor:
        exposure = Exposure(torch.full((4,), level), torch.full((6,), level), intercept)
        return exposed_softmax(users, items[:4], items, none, 1.0, exposure)

    assert loss(0.0).item() == pytest.approx(loss(2.5).item(), abs=1e-5)
    loss(0.0).backward()  # type: ignore[no-untyped-call]
    assert users.grad is not None
    assert intercept.grad is not None
    assert float(intercept.grad.abs()) > 0


def test_likes_are_recovered_from_clicks_under_biased_exposure() -> None:
    """One user, clicks in proportion to exposure times like: the learned scores order items by like."""
    likes, shown = torch.tensor([0.9, 0.5, 0.2, 0.7]), torch.tensor([0.05, 0.9, 0.9, 0.1])
    clicks = likes * shown / (likes * shown).sum()
    scores = torch.zeros(4, requires_grad=True)
    optimizer = torch.optim.Adam([scores], lr=0.05)
    one, none = torch.ones(4, 1), torch.zeros((2, 0), dtype=torch.int64)
    rows = torch.arange(4).repeat_interleave((clicks * 400).round().long())
    for _ in range(400):
        exposure = Exposure(shown.log()[rows], shown.log(), torch.tensor(0.0))
        items = scores[:, None]
        loss = exposed_softmax(one[:1].expand(rows.numel(), 1), items[rows], items, none, 1.0, exposure)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert scores.detach().argsort(descending=True).tolist() == [0, 3, 1, 2]
    assert clicks.argsort(descending=True).tolist() == [1, 2, 3, 0]  # what was clicked says the opposite
