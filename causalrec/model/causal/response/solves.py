"""One small linear system per user or item, all of them at once in blocks.

With Polya-Gamma weights the log-likelihood of a logit is quadratic (Polson, Scott and Windle, JASA 2013), so
that, given the other side, each state has a Gaussian posterior, as in alternating least squares for implicit
feedback (Hu, Koren and Volinsky, ICDM 2008).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from causalrec.model.causal.response.rows import SidePairs

Noise = Callable[[tuple[int, ...]], Tensor]
SMALL = 1e-4  # logits below which the weight is its limit, 1/4


def polya_gamma_mean(logits: Tensor) -> Tensor:
    """E[omega] of PG(1, logit): tanh(logit / 2) / (2 logit)."""
    near = logits.abs() < SMALL
    safe = torch.where(near, torch.ones_like(logits), logits)
    return torch.where(near, torch.full_like(logits, 0.25), torch.tanh(safe / 2) / (2 * safe))


def draw_states(
    side: SidePairs,
    features: Tensor,
    weight: Tensor,
    target: Tensor,
    prior: tuple[Tensor, Tensor],
    noise: Noise,
    block: int,
) -> tuple[Tensor, Tensor]:
    """Means (n, k) of the posteriors N(H^-1 h, H^-1) of all rows of ``side``, and a draw (n, k) from each.

    H = diag(precision) + sum_j weight_j f_j f_j' and h = precision * mean + sum_j target_j f_j, with j the
    pairs of the row.

    Args:
        features: (other side, k). weight, target: (m,) per pair.
        prior: precision (k,) and mean (n, k).
        noise: standard normal draws of a shape.
        block: rows solved at once.
    """
    precision, mean = prior
    width = features.shape[1]
    upper = torch.triu_indices(width, width, device=features.device)
    products = features[:, upper[0]] * features[:, upper[1]]
    ordered_weight, ordered_target = weight[side.order], target[side.order]
    means = torch.empty(len(side), width, dtype=features.dtype, device=features.device)
    drawn = torch.empty_like(means)
    for first in range(0, len(side), block):
        last = min(first + block, len(side))
        rows = _Rows(side, first, last)
        systems = torch.diag(precision).expand(last - first, width, width).clone()
        summed = rows.times(ordered_weight, products)
        systems[:, upper[0], upper[1]] += summed
        off = upper[0] != upper[1]
        systems[:, upper[1][off], upper[0][off]] += summed[:, off]
        right = rows.times(ordered_target, features) + precision * mean[first:last]
        means[first:last], drawn[first:last] = gaussian_draw(systems, right, noise)
    return means, drawn


def gaussian_draw(systems: Tensor, right: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
    """Mean (n, k) of N(H^-1 h, H^-1) and a draw (n, k), for systems (n, k, k) and right-hand sides (n, k)."""
    factor = torch.linalg.cholesky(systems)
    mean = torch.cholesky_solve(right.unsqueeze(-1), factor)
    spread = torch.linalg.solve_triangular(factor.mT, noise(tuple(right.shape)).unsqueeze(-1), upper=True)
    return mean.squeeze(-1), (mean + spread).squeeze(-1)


class _Rows:
    """Rows ``first`` to ``last`` of a side as a sparse matrix whose values are given later."""

    def __init__(self, side: SidePairs, first: int, last: int) -> None:
        begin, end = int(side.start[first]), int(side.start[last])
        self.pairs = slice(begin, end)
        self.start = side.start[first : last + 1] - begin
        self.other = side.other[begin:end]

    def times(self, values: Tensor, table: Tensor) -> Tensor:
        """The product (rows, k) of the matrix with ``values`` and ``table`` (columns, k)."""
        weights = values[self.pairs]
        return embedding_bag(
            self.other, table, self.start, mode="sum", per_sample_weights=weights, include_last_offset=True
        )
