"""The mean over draws of a product of two tables, again as two tables.

Draws are only comparable as products (factors may rotate between draws), and a mean of products is the
product of the factors side by side. QR and a small singular value decomposition compress them to a few
columns whenever there are too many; the smallest part of the sum is dropped.
"""

import torch
from torch import Tensor

from causalrec.dataset.arrays import Floats

PENDING = 96  # columns that may accumulate before compression, besides those that are kept


class AveragedProduct:
    """Sums products <left, right> of draws; at most ``columns`` columns are kept."""

    def __init__(self, columns: int) -> None:
        self.columns, self.count = columns, 0
        self.left: list[Tensor] = []
        self.right: list[Tensor] = []

    def add(self, left: Tensor, right: Tensor) -> None:
        """Adds the product of (U, k) and (N, k)."""
        self.count += 1
        self.left.append(left)
        self.right.append(right)
        if sum(part.shape[1] for part in self.left) > 2 * self.columns + PENDING:
            self._compress(2 * self.columns)

    def tables(self) -> tuple[Floats, Floats]:
        """float32 (U, c) and (N, c), c at most ``columns``, whose product is the mean."""
        self._compress(self.columns)
        left = (self.left[0] / self.count).float().cpu().numpy()
        return left, self.right[0].float().cpu().numpy()

    def _compress(self, columns: int) -> None:
        left, right = compressed(torch.cat(self.left, dim=1), torch.cat(self.right, dim=1), columns)
        self.left, self.right = [left], [right]


def compressed(left: Tensor, right: Tensor, columns: int) -> tuple[Tensor, Tensor]:
    """Tables of at most ``columns`` columns with the product nearest to that of ``left`` and ``right``."""
    q_left, r_left = torch.linalg.qr(left)
    q_right, r_right = torch.linalg.qr(right)
    u, values, vt = torch.linalg.svd(r_left @ r_right.T)
    kept = min(columns, values.numel())
    root = values[:kept].sqrt()
    return q_left @ (u[:, :kept] * root), q_right @ (vt[:kept].T * root)
