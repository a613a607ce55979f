"""The small parts: whitening, neighbours, propagation, names, front-door."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from causalrec.config.model import FrontdoorSettings
from causalrec.errors import TrainingError
from causalrec.model.causal.frontdoor import FrontdoorAdjustment
from causalrec.model.causal.naming import name_codes
from causalrec.model.content import fit_content, fit_whitening, read_content
from causalrec.model.graph import operator, propagate, symmetric
from causalrec.model.neighbours import nearest

RNG = np.random.default_rng(0)
CPU = torch.device("cpu")


def test_whitened_columns_are_uncorrelated_with_variance_one() -> None:
    values = (RNG.normal(size=(200, 3)) @ RNG.normal(size=(3, 6)) + 5).astype(np.float32)
    whitening = fit_whitening(values, 10)
    assert whitening is not None
    white, there = whitening(values)
    assert there.all()
    assert white.shape[1] == 3  # rank three, whatever the width
    assert np.allclose(white.T @ white / 200, np.eye(3), atol=1e-3)


def test_more_columns_than_rows_are_whitened_alike() -> None:
    """Through the Gram matrix of the rows: what the covariance of the columns would give."""
    values = RNG.normal(size=(12, 40)).astype(np.float32)
    whitening = fit_whitening(values, 40)
    assert whitening is not None
    white, _ = whitening(values)
    assert np.allclose(white.T @ white / 12, np.eye(11), atol=1e-3)  # centred rows have rank eleven
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    largest = np.sort(np.linalg.eigvalsh(standard.T @ standard / 12))[::-1][:11]
    assert whitening.spread == pytest.approx(np.sqrt(largest), rel=1e-3)
    assert fit_whitening(np.ones((3, 9), np.float32), 9) is None


def test_missing_rows_are_zero_and_do_not_move_the_others() -> None:
    values = RNG.normal(size=(30, 4)).astype(np.float32)
    holes = np.concatenate([values, np.full((2, 4), np.nan, np.float32), np.zeros((1, 4), np.float32)])
    full, empty = fit_whitening(values, 4), fit_whitening(holes, 4)
    assert full is not None
    assert empty is not None
    white, there = empty(holes)
    assert there[30:].tolist() == [False] * 3
    assert not white[30:].any()
    assert np.allclose(np.abs(white[:30]), np.abs(full(values)[0]), atol=1e-4)


def test_a_modality_without_any_row_is_left_out() -> None:
    modalities = {"image": np.full((5, 3), np.nan, np.float32), "text": np.eye(5, 3, dtype=np.float32)}
    assert list(fit_content(modalities, 4)) == ["text"]


def test_content_of_another_encoder_is_refused() -> None:
    fitted = fit_content({"image": RNG.normal(size=(9, 4)).astype(np.float32)}, 4)
    with pytest.raises(TrainingError, match="5 columns"):
        read_content(fitted, {"image": np.ones((1, 5), np.float32)}, 1)


def test_neighbours_equal_brute_force_whatever_the_block() -> None:
    vectors = RNG.normal(size=(40, 5)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -1)
    small, large = (nearest(vectors, vectors, 4, block, same=True).toarray() for block in (7, 100))
    assert np.allclose(small, large)
    for row in range(40):
        wanted = set(np.argsort(-cosine[row])[:4][np.sort(-cosine[row])[:4] < 0].tolist())
        assert set(np.flatnonzero(small[row]).tolist()) == wanted
    assert np.allclose(small.sum(axis=1), 1.0, atol=1e-5)


def test_an_item_without_content_has_no_neighbours_and_is_none() -> None:
    vectors = np.array([[0, 0], [1, 0], [1, 0.1]], dtype=np.float32)
    graph = nearest(vectors, vectors, 2, 10, same=True).toarray()
    assert not graph[0].any()
    assert not graph[:, 0].any()
    assert graph[1].tolist() == [0, 0, 1]


def test_propagation_equals_the_dense_adjacency_and_so_does_its_gradient() -> None:
    matrix = sp.csr_matrix((RNG.random((4, 5)) < 0.5).astype(np.float32))
    normal = symmetric(matrix)
    users = torch.randn(4, 3, requires_grad=True)
    items = torch.randn(5, 3, requires_grad=True)
    dense = torch.zeros(9, 9)
    dense[:4, 4:] = torch.from_numpy(normal.toarray())
    dense[4:, :4] = dense[:4, 4:].T
    start = torch.cat([users, items])
    wanted = start + dense @ start + dense @ dense @ start
    found_users, found_items, sent = propagate(operator(normal, CPU), users, items, 2)
    assert torch.allclose(torch.cat([found_users, found_items]), wanted, atol=1e-5)
    assert torch.allclose(sent, items + (dense @ start)[4:], atol=1e-5)
    weight = torch.randn(9, 3)
    expected = torch.autograd.grad((wanted * weight).sum(), (users, items), retain_graph=True)
    actual = torch.autograd.grad((torch.cat([found_users, found_items]) * weight).sum(), (users, items))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(actual, expected, strict=True))


def test_an_isolated_node_stays_finite() -> None:
    matrix = symmetric(sp.csr_matrix(np.array([[0, 0], [0, 1]], dtype=np.float32)))
    assert matrix.toarray().tolist() == [[0, 0], [0, 1]]


def test_codes_are_named_after_what_they_over_represent() -> None:
    coarse = np.array([0] * 6 + [1] * 6 + [-1], dtype=np.int32)
    attributes = {
        "brand": tuple("xy" * 6 + "x"),
        "category": ("shoes",) * 6 + ("coats",) * 5 + ("shoes", "hats"),
    }
    assert name_codes(coarse, 3, attributes) == ("category shoes", "category coats", "style 2")
    assert name_codes(coarse, 2, {}) == ("style 0", "style 1")


def test_the_front_door_starts_as_the_mediator_and_attends_by_share() -> None:
    torch.manual_seed(0)
    part = FrontdoorAdjustment(2, 8, FrontdoorSettings(codes=2))
    mediators = torch.randn(8, 2)
    assert torch.equal(part(mediators), mediators)
    groups = np.array([[1, 0]] * 6 + [[0, 1]] * 2, dtype=np.float32)
    part.refresh(groups, seed=0)
    assert torch.equal(part(mediators), mediators)  # W is zero
    order = part.get_buffer("dictionary")[:, 0].argsort(descending=True)
    assert torch.allclose(part.get_buffer("dictionary")[order], torch.eye(2))
    assert torch.allclose(part.get_buffer("share")[order], torch.tensor([0.7, 0.3]))
    with torch.no_grad():
        part.leave.weight.copy_(torch.eye(2))
        part.value.weight.copy_(torch.eye(2))
        part.query.weight.zero_()
    assert torch.allclose(part(mediators) - mediators, torch.tensor([[0.7, 0.3]]).expand(8, 2), atol=1e-5)
