"""Sparse products and unit rows: values and gradients against their dense definitions."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch.nn.functional import normalize

from causalrec.model.graph import operator, propagate, symmetric, unit_rows

CPU = torch.device("cpu")


def matrix(rows: int = 30, columns: int = 20) -> sp.csr_matrix:
    """Random weights with an empty row and an empty column."""
    rng = np.random.default_rng(0)
    dense = rng.random((rows, columns)) * (rng.random((rows, columns)) < 0.2)
    dense[3], dense[:, 5] = 0, 0
    return sp.csr_matrix(dense.astype(np.float32))


def test_product_and_gradient_equal_the_dense_ones() -> None:
    sparse = matrix()
    dense = torch.from_numpy(sparse.toarray())
    states = torch.randn(20, 4, generator=torch.Generator().manual_seed(1), requires_grad=True)
    product = operator(sparse, CPU) @ states
    assert torch.allclose(product, dense @ states, atol=1e-6)
    assert (product[3] == 0).all()
    wanted = torch.autograd.grad((dense @ states).square().sum(), states)[0]
    assert torch.allclose(torch.autograd.grad(product.square().sum(), states)[0], wanted, atol=1e-5)
    back = operator(sparse, CPU).reverse @ torch.ones(30, 2)
    assert torch.allclose(back, dense.T @ torch.ones(30, 2), atol=1e-6)


def test_an_empty_matrix_gives_zeros() -> None:
    product = operator(sp.csr_matrix(np.zeros((3, 2), dtype=np.float32)), CPU) @ torch.ones(2, 4)
    assert product.shape == (3, 4)
    assert (product == 0).all()


def test_products_stay_exact_where_the_rest_is_halved() -> None:
    states = torch.randn(20, 4, generator=torch.Generator().manual_seed(1))
    exact = operator(matrix(), CPU) @ states
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(operator(matrix(), CPU) @ states, exact)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_do_not_change_a_bit(threads: int) -> None:
    states = torch.randn(20, 64, generator=torch.Generator().manual_seed(1))
    before = torch.get_num_threads()
    first = operator(matrix(), CPU) @ states
    torch.set_num_threads(threads)
    again = operator(matrix(), CPU) @ states
    torch.set_num_threads(before)
    assert torch.equal(first, again)


def test_propagation_by_powers_of_the_adjacency() -> None:
    graph = symmetric(matrix())
    half = graph.toarray()
    whole = np.block([[np.zeros((30, 30)), half], [half.T, np.zeros((20, 20))]])
    states = np.random.default_rng(2).normal(size=(50, 3)).astype(np.float32)
    expected = states + whole @ states + whole @ whole @ states
    parts = torch.from_numpy(states).split([30, 20])  # type: ignore[no-untyped-call]
    users, items, sent = propagate(operator(graph, CPU), parts[0], parts[1], 2)
    assert np.allclose(torch.cat([users, items]).numpy(), expected, atol=1e-5)
    assert np.allclose(sent.numpy(), (states + whole @ states)[30:], atol=1e-5)


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
@pytest.mark.parametrize("used", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_gradient_of_the_propagation(layers: int, used: tuple[int, ...]) -> None:
    sparse = symmetric(matrix())
    half = torch.from_numpy(sparse.toarray())
    generator = torch.Generator().manual_seed(3)
    tables = [torch.randn(n, 3, generator=generator).requires_grad_() for n in (30, 20)]
    weights = [torch.randn(n, 3, generator=generator) for n in (30, 20, 20)]

    users, items = tables
    sums = [users, items, torch.zeros(20, 3)]
    for _ in range(layers):
        sums[2] = sums[2] + items
        users, items = half @ items, half.T @ users
        sums[:2] = [sums[0] + users, sums[1] + items]
    found = propagate(operator(sparse, CPU), tables[0], tables[1], layers)
    for part, wanted in zip(found, sums, strict=True):
        assert torch.allclose(part, wanted, atol=1e-5)
    losses = [sum((parts[n] * weights[n]).square().sum() for n in used) for parts in (sums, found)]
    if not all(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in losses):
        return  # without layers nothing is sent
    gradients = [torch.autograd.grad(loss, tables, allow_unused=True) for loss in losses]  # type: ignore[arg-type]
    for wanted, part in zip(*gradients, strict=True):
        assert (wanted is None) == (part is None)
        assert wanted is None or torch.allclose(part, wanted, atol=1e-4)


def test_unit_rows_and_their_gradient() -> None:
    states = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    states.requires_grad_()
    weights = torch.arange(24.0, dtype=torch.float64).view(6, 4)
    found = torch.autograd.grad((unit_rows(states) * weights).sum(), states)[0]
    wanted = torch.autograd.grad((normalize(states, dim=1) * weights).sum(), states)[0]
    assert torch.allclose(unit_rows(states), normalize(states, dim=1), atol=1e-12)
    assert torch.allclose(found, wanted, atol=1e-12)
    assert (unit_rows(torch.zeros(2, 3)) == 0).all()
