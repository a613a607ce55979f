"""L_cl and L_comp: exact values on states made by hand, and what training on them does."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from causalrec.config import Settings
from causalrec.model.causal import CausalRecommender
from causalrec.model.causal_network import CausalNetwork
from causalrec.model.graph import operator, symmetric
from causalrec.model.prepare import prepare
from causalrec.model.views import ComplementHead, info_nce, some_of
from causalrec.training.loop import LoopTrainer
from tests.model.conftest import Toy

CPU = torch.device("cpu")


def test_equal_orthogonal_views_have_the_loss_of_their_count() -> None:
    views = 3.0 * torch.eye(3)
    expected = np.log(np.exp(1 / 0.5) + 2) - 1 / 0.5
    assert info_nce(views, views, 0.5).item() == pytest.approx(expected, rel=1e-6)


def test_exchanged_views_are_as_bad_as_it_gets() -> None:
    views = torch.eye(2)
    assert info_nce(views, views.flip(0), 0.5).item() == pytest.approx(np.log(1 + np.exp(2.0)), rel=1e-6)


def test_a_row_without_a_view_does_not_count() -> None:
    first, second = torch.eye(3), torch.eye(3)
    second[2] = 0
    assert info_nce(first, second, 0.5) == info_nce(first[:2], second[:2], 0.5)
    lonely = torch.eye(1, requires_grad=True)
    loss = info_nce(lonely, lonely, 0.5)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0 and lonely.grad is not None and not lonely.grad.any()


def test_rows_of_a_batch_are_distinct_and_bounded() -> None:
    torch.manual_seed(1)
    drawn = some_of(torch.tensor([5, 3, 5, 9, 3, 7]), most=3)
    assert drawn.numel() == 3 and set(drawn.tolist()) <= {3, 5, 7, 9}
    assert sorted(some_of(torch.tensor([5, 3, 5])).tolist()) == [3, 5]


def test_thrown_away_edges_that_say_only_popularity_cost_nothing() -> None:
    rest = operator(symmetric(sp.csr_matrix(np.array([[1, 0, 0], [0, 0, 0]], dtype=np.float32))), CPU)
    base = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    head = ComplementHead(2, temperature=1.0)
    users, items = torch.tensor([0, 1]), torch.arange(3)
    odds = torch.tensor([1.0, 0.0, 0.0]).exp()  # cosines of user 0, whose only edge is item 0
    assert head(rest, base, users, items, odds).item() == pytest.approx(0.0, abs=1e-6)
    flat = float(-(torch.full((3,), 1 / 3) * (odds / odds.sum() * 3).log()).sum())
    assert head(rest, base, users, items, torch.ones(3)).item() == pytest.approx(flat, rel=1e-5)
    assert head(rest, base, torch.tensor([1]), items, torch.ones(3)).item() == 0.0


def test_the_head_learns_to_say_popularity() -> None:
    torch.manual_seed(3)
    thrown = np.random.default_rng(3).integers(0, 2, (20, 6)).astype(np.float32)
    rest, base = operator(symmetric(sp.csr_matrix(thrown)), CPU), torch.randn(6, 4)
    head = ComplementHead(4, temperature=0.5)
    popularity, users, items = torch.tensor([9.0, 5, 3, 2, 1, 1]), torch.arange(20), torch.arange(6)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    losses = []
    for _ in range(60):
        loss = head(rest, base, users, items, popularity)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def _fitted(toy: Toy, small: Callable[..., Settings], model: dict[str, object]) -> CausalRecommender:
    settings = small("causal", model)
    trainer = LoopTrainer(settings.training, settings.model)
    recommender = CausalRecommender(settings.model, trainer, lambda score, data: 0.0)
    recommender.fit(toy())
    return recommender


@pytest.mark.parametrize(
    "model",
    [
        {"topology": {"warmup": 2, "refresh_every": 3, "contrast": 0.5}},
        {"topology": {"warmup": 2, "refresh_every": 3, "complement": 0.5}},
        {"content": {"contrast": 0.5}},
    ],
    ids=["graph_contrast", "complement", "modal_contrast"],
)
def test_each_term_changes_the_model_the_same_way_every_time(
    toy: Toy, small: Callable[..., Settings], model: dict[str, object]
) -> None:
    plain, once, again = _fitted(toy, small, {}), _fitted(toy, small, model), _fitted(toy, small, model)
    tables = [fitted.serving_tables().items for fitted in (plain, once, again)]
    assert np.isfinite(tables[1]).all()
    assert not np.allclose(tables[0], tables[1], atol=1e-4)
    assert np.array_equal(tables[1], tables[2])


def test_views_of_a_graph_come_closer_under_the_term(toy: Toy, small: Callable[..., Settings]) -> None:
    data, distance = toy(), []
    for weight in (0.0, 2.0):
        settings = small("causal", {"topology": {"warmup": 2, "refresh_every": 3, "contrast": weight}})
        trainer = LoopTrainer(settings.training, settings.model)
        torch.manual_seed(5)
        network = CausalNetwork(data, prepare(data, settings.model, 5), settings.model, trainer)
        trainer(network, data)
        with torch.no_grad():
            views = network.encode(network.edges.graph), network.encode(network.edges.full)
            distance.append(info_nce(views[0].mediator, views[1].mediator, 0.2).item())
    assert distance[1] < distance[0]
