"""The bipartite user-item graph as two CSR halves, and linear propagation through it.

Half the non-zeros of the usual (U+N) x (U+N) adjacency: user and item halves are multiplied
separately, and the gradient of one half is the product with the other.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch
from torch import Tensor

from causalrec.dataset.arrays import Floats
from causalrec.model.sparse import Operator, operator, product

__all__ = ["Operator", "inverse_root", "operator", "propagate", "symmetric", "unit_rows"]

LEAST_LENGTH = 1e-12


def symmetric(weighted: sp.csr_matrix) -> sp.csr_matrix:
    """D_u^-1/2 W D_i^-1/2 of a non-negative (U, N) matrix; isolated nodes keep zero rows."""
    users = inverse_root(np.asarray(weighted.sum(axis=1)).ravel())
    items = inverse_root(np.asarray(weighted.sum(axis=0)).ravel())
    return sp.csr_matrix(sp.diags(users) @ weighted @ sp.diags(items), dtype=np.float32)


def inverse_root(degree: npt.NDArray[Any]) -> Floats:
    """degree^-1/2, zero where the degree is zero."""
    root = np.sqrt(np.where(degree > 0, degree, 1.0))
    return np.where(degree > 0, 1.0 / root, 0.0).astype(np.float32)


def propagate(graph: Operator, users: Tensor, items: Tensor, layers: int) -> tuple[Tensor, Tensor, Tensor]:
    """LightGCN (He et al., SIGIR 2020): the sum over layers 0..L of D^-1/2 A D^-1/2 applied repeatedly.

    Returns:
        user states (U, d), item states (N, d), and the item sum over layers 0..L-1 (N, d), which is what a
        user without their own embedding receives from an item.
    """
    sums = _Propagate.apply(graph.matrix, graph.transpose, users, items, layers)  # type: ignore[no-untyped-call]
    return sums[0], sums[1], sums[2]


class _Propagate(torch.autograd.Function):
    """All layers at once, summed up in place. The gradient goes the same way back, by Horner's rule."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        matrix: Tensor,
        transpose: Tensor,
        users: Tensor,
        items: Tensor,
        layers: int,
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.matrix, ctx.transpose, ctx.layers = matrix, transpose, layers
        ctx.set_materialize_grads(False)
        user_sum, item_sum = users.clone(), items.clone()
        sent = torch.zeros_like(items) if layers == 0 else item_sum
        for layer in range(layers):
            users, items = product(matrix, items), product(transpose, users)
            if layer == layers - 1:
                sent = item_sum.clone()
            user_sum += users
            item_sum += items
        return user_sum, item_sum, sent

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        of_users, of_items, of_sent = grads
        users, items = of_users, of_items
        below_items = of_items if of_sent is None else of_sent if of_items is None else of_items + of_sent
        for _ in range(ctx.layers):
            below = _plus(of_users, None if items is None else product(ctx.matrix, items.contiguous()))
            back = None if users is None else product(ctx.transpose, users.contiguous())
            users, items = below, _plus(below_items, back)
        return None, None, users, items, None


def _plus(constant: Tensor | None, fresh: Tensor | None) -> Tensor | None:
    """The sum, made in place of ``fresh``; None is zero."""
    if constant is None or fresh is None:
        return fresh if constant is None else constant
    return fresh.add_(constant)


def unit_rows(states: Tensor) -> Tensor:
    """Rows of (n, d) scaled to length one, a zero row stays zero: ``normalize`` with half the traffic."""
    scaled: Tensor = _Unit.apply(states)  # type: ignore[no-untyped-call]
    return scaled


class _Unit(torch.autograd.Function):
    """y = x / |x|: dx = (dy - y <dy, y>) / |x|."""

    @staticmethod
    def forward(ctx: Any, states: Tensor) -> Tensor:  # noqa: ANN401
        length = torch.linalg.vector_norm(states, dim=1, keepdim=True).clamp_(min=LEAST_LENGTH)
        scaled: Tensor = states / length
        ctx.save_for_backward(scaled, length)
        return scaled

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:  # noqa: ANN401
        scaled, length = ctx.saved_tensors
        along = (grads[0] * scaled).sum(dim=1, keepdim=True)
        gradient: Tensor = torch.addcmul(grads[0], scaled, along, value=-1).div_(length)
        return gradient
