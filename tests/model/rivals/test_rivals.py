"""The rivals' own parts on cases small enough to compute by hand."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from causalrec.config import Settings
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.content import fit_content, read_content
from causalrec.model.rivals.freedom import FreedomNetwork, item_graph, prune_edges
from causalrec.model.rivals.ips import IpsMfNetwork, inverse_weights, pair_propensity
from causalrec.model.rivals.mf import MfNetwork
from causalrec.model.rivals.pairs import PairBatch
from causalrec.model.rivals.pd import PdNetwork
from causalrec.model.rivals.rival import ridge_fold
from causalrec.model.rivals.vbpr import VbprNetwork
from causalrec.training.factory import build_recommender

CPU = torch.device("cpu")
NONE = np.empty((2, 0), dtype=np.int32)
PAIRS = np.array([[0, 1, 1, 2], [0, 0, 1, 2]], dtype=np.int32)


def tiny(**fields: object) -> Interactions:
    """3 users, 4 items; item 0 is bought twice, item 3 never."""
    return replace(Interactions(3, 4, PAIRS, NONE, NONE), **fields)  # type: ignore[arg-type]


def settings(**rivals: object) -> ModelSettings:
    return ModelSettings.model_validate({"dim": 4, "rivals": rivals})


def batch(kept: tuple[float, float] = (1.0, 1.0)) -> PairBatch:
    """(user 0, item 0) against item 3, (user 1, item 1) against item 2."""
    users, items, negatives = torch.tensor([[0, 1], [0, 1], [3, 2]])
    return PairBatch(users, items, negatives, torch.tensor(kept))


def fill(network: MfNetwork, users: float, items: tuple[float, ...], bias: tuple[float, ...] = ()) -> None:
    """All entries of a user row, and of each item row, are the same number."""
    with torch.no_grad():
        network.user_embedding.fill_(users)
        network.item_embedding.copy_(torch.tensor(items)[:, None].expand(4, 4))
        if network.bias is not None and bias:
            network.bias.copy_(torch.tensor(bias)[:, None])


def log_loss(gap: float) -> float:
    return math.log(1 + math.exp(-gap))


def test_bpr_with_bias_and_penalty_equals_its_formula() -> None:
    network = MfNetwork(tiny(), settings(l2=0.5), unit=False)
    fill(network, 0.5, (1.0, 0.5, 0.0, -0.5), (0.1, 0.0, 0.2, 0.0))
    gaps = (4 * 0.5 * 1.5 + 0.1, 4 * 0.5 * 0.5 - 0.2)
    squared = 2 * 4 * 0.25 + 4 * (1.0 + 0.25 + 0.25 + 0.0) + 0.01 + 0.04
    expected = sum(map(log_loss, gaps)) / 2 + 0.5 * 0.5 * squared / 2
    assert network.pair_loss(batch()).item() == pytest.approx(expected, rel=1e-6)


def test_a_negative_that_the_user_bought_has_no_weight() -> None:
    network = MfNetwork(tiny(), settings(l2=0.0, bias=False), unit=False)
    fill(network, 0.5, (1.0, 0.5, 0.0, -0.5))
    assert network.pair_loss(batch((1.0, 0.0))).item() == pytest.approx(log_loss(3.0), rel=1e-6)
    assert network.pair_loss(batch((0.0, 0.0))).item() == 0.0


def test_weights_are_clipped_and_of_mean_one() -> None:
    assert inverse_weights(np.array([0.5, 0.25], np.float32), 10.0).tolist() == pytest.approx([2 / 3, 4 / 3])
    rare = np.array([1.0] * 99 + [1e-6], dtype=np.float32)
    weight = inverse_weights(rare, 10.0)
    assert weight.mean() == pytest.approx(1.0, rel=1e-5)
    assert weight[-1] > 9
    assert inverse_weights(rare, 1.0)[-1] == pytest.approx(1.0 / weight_of_rest(99), rel=1e-3)


def weight_of_rest(count: int) -> float:
    """Mean before the second scaling, where the one rare pair has all the weight and is clipped to one."""
    return (count * 1e-4 + 1) / (count + 1)


def test_propensities_are_the_logged_ones_or_the_popularity() -> None:
    logged = np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32)
    assert pair_propensity(tiny(propensity=logged), 0.5) is logged
    expected = [1.0, 1.0, math.sqrt(0.5), math.sqrt(0.5)]
    assert pair_propensity(tiny(), 0.5).tolist() == pytest.approx(expected)


def test_ips_weights_belong_to_their_pairs() -> None:
    """Pairs in another order than that of their keys."""
    order = np.array([2, 3, 0, 1])
    logged = np.array([1.0, 0.5, 0.25, 0.125], dtype=np.float32)
    data = tiny(train=PAIRS[:, order], propensity=logged[order])
    network = IpsMfNetwork(data, settings(l2=0.0, ips_cap=100.0), unit=False)
    mean = (1 + 2 + 4 + 8) / 4
    assert network.weight(batch()).tolist() == pytest.approx([1 / mean, 4 / mean])
    assert network.weight(batch((1.0, 0.0))).tolist() == pytest.approx([1 / mean, 0.0])


def test_popularity_is_a_factor_while_training_and_absent_from_the_ranking() -> None:
    network = PdNetwork(tiny(), settings(l2=0.0, bias=False, pd_gamma=2.0), unit=False)
    fill(network, 0.5, (1.0, 0.5, 0.0, -0.5))
    # popularity relative to the largest: 2/2, 1/2, 1/2, and 1/2 for the item that nobody bought
    gaps = (3.0 * 1.0 - math.exp(-1) * 0.25, 2.0 * 0.25 - 1.0 * 0.25)
    expected = sum(map(log_loss, gaps)) / 2
    assert network.pair_loss(batch()).item() == pytest.approx(expected, rel=1e-6)
    users, items = network.serving()
    assert (users @ items.T)[0].tolist() == pytest.approx([2.0, 1.0, 0.0, -1.0])


def test_a_missing_modality_adds_nothing_to_vbpr() -> None:
    look = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    look[1] = np.nan
    network = VbprNetwork(tiny(modalities={"image": look}), settings(), unit=False)
    with torch.no_grad():
        network.content_bias.fill_(0.7)
    _, items = network.states()
    plain, bias, projected = items[:, :4], items[:, 4], items[:, 5:]
    assert torch.equal(plain, network.item_embedding)
    assert not projected[1].any()
    assert bias[1] == 0
    assert projected[[0, 2, 3]].any(dim=1).all()
    assert bias[[0, 2, 3]].all()


def test_content_pays_the_penalty_like_an_item_factor() -> None:
    look = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    network = VbprNetwork(tiny(modalities={"image": look}), settings(bias=False, l2=2.0), unit=False)
    content = network.get_buffer("content")
    assert content.abs().sum(dim=1).mean().item() == pytest.approx(1.0)
    users, items = network.states()
    both = torch.cat([users[[0, 1]], items[[0, 1]], items[[3, 2]]])
    gaps = (users[[0, 1]] * (items[[0, 1]] - items[[3, 2]])).sum(dim=1).tolist()
    expected = sum(map(log_loss, gaps)) / 2 + 0.5 * 2.0 * both.square().sum().item() / 2
    assert network.pair_loss(batch()).item() == pytest.approx(expected, rel=1e-5)


def test_cosines_have_neither_bias_nor_length() -> None:
    for kind in (MfNetwork, VbprNetwork):
        users, items = kind(tiny(), settings(), unit=True).tables()
        for table in (users, items):
            assert torch.allclose(table.norm(dim=1), torch.ones(table.shape[0]))


def test_the_graph_rival_under_bpr_is_the_mean_over_layers(small: Callable[..., Settings]) -> None:
    """One user, one item: every layer swaps the two embeddings."""
    data = Interactions(1, 1, np.zeros((2, 1), dtype=np.int32), NONE, NONE)
    model = build_recommender(small("lightgcn", training={"loss": "bpr", "epochs_unvalidated": 1}))
    model.fit(data)
    tables = model.serving_tables()
    assert tables is not None
    torch.manual_seed(7)
    user, item = (torch.randn(1, 16) * 0.1).numpy(), (torch.randn(1, 16) * 0.1).numpy()
    step = 0.02  # of Adam, in every coordinate
    assert np.abs(tables.users - (2 * user + item) / 3).max() < step
    assert np.abs(tables.items - (2 * item + user) / 3).max() < step


def test_pruning_leaves_a_share_and_spares_edges_between_the_rare(toy: Callable[..., Interactions]) -> None:
    users = np.concatenate([np.zeros(400, dtype=np.int32), np.arange(1, 401, dtype=np.int32)])
    items = np.arange(800, dtype=np.int32)
    data = Interactions(401, 800, np.stack([users, items]), NONE, NONE)
    kept = prune_edges(data, 0.75, [7, 0])
    assert kept.shape == (2, 200)
    # chances 1/20 and 1: hardly any edge of the user with 400 edges is left
    assert 2 < (kept[0] == 0).sum() < 40
    assert np.array_equal(kept, prune_edges(data, 0.75, [7, 0]))
    assert not np.array_equal(kept, prune_edges(data, 0.75, [7, 1]))
    assert prune_edges(toy(), 0.0, [7, 0]).shape == toy().train.shape


def test_the_frozen_graph_model_trains_on_the_pruned_and_ranks_on_the_whole_graph(
    toy: Callable[..., Interactions],
) -> None:
    network = FreedomNetwork(toy(), settings(prune=0.5), CPU, 7, unit=False)
    network.eval()
    before = network.tables()[0].clone()
    network.begin_epoch(3)
    assert torch.equal(network.tables()[0], before)
    network.train()
    assert not torch.equal(network.tables()[0], before)


def test_the_item_graph_comes_from_content_or_from_buying_together() -> None:
    near = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], dtype=np.float32)
    data = tiny(modalities={"image": near})
    model = ModelSettings.model_validate({"content": {"neighbours": 1}, "baselines": {"knn_shrink": 0.0}})
    content = read_content(fit_content(data.modalities, 2), data.modalities, 4)
    graph = item_graph(data, content, model)
    assert graph.toarray().argmax(axis=1).tolist() == [1, 0, 3, 2]
    assert graph.sum(axis=1).tolist() == [[1.0]] * 4
    bare = tiny()
    together = item_graph(bare, read_content({}, {}, 4), model).toarray()
    assert np.allclose(together, [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    off = model.model_copy(update={"rivals": model.rivals.model_copy(update={"item_graph": "none"})})
    assert item_graph(data, content, off).nnz == 0


def test_folding_in_solves_the_ridge_problem() -> None:
    items = torch.tensor(np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32))
    history = torch.zeros(9)
    history[[2, 5]] = 1.0
    state = history @ ridge_fold(items, 0.5)
    damping = 0.5 * items.square().sum() / 3
    gradient = items.T @ (items @ state - history) + damping * state
    assert torch.allclose(gradient, torch.zeros(3), atol=1e-5)
    assert torch.equal(ridge_fold(torch.zeros(4, 2), 1.0), torch.zeros(4, 2))
