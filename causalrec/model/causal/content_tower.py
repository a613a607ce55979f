"""From content to item states by one hidden layer: what the sum of linear projections cannot say.

An item whose state comes from content alone cannot be popular or rare in it, and cannot learn its accidents
by heart; that is what ``content.ids`` = false is for.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from causalrec.dataset.arrays import Floats
from causalrec.model.content import Content, Whitening


class ContentTower(nn.Module):
    """W2 tanh(W1 x + b1) + b2 for columns x (n, p); zero for an item without any content."""

    def __init__(self, width: int, hidden: int, dim: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, hidden)
        self.out = nn.Linear(hidden, dim)

    def forward(self, columns: Tensor) -> Tensor:
        """States (n, d)."""
        states: Tensor = self.out(torch.tanh(self.hidden(columns)))
        return states * (columns != 0).any(dim=1, keepdim=True)


def tower_columns(content: Content, whitenings: Mapping[str, Whitening]) -> Floats:
    """Standardised columns of all modalities side by side, rebuilt from their principal components, (n, p).

    Not the components themselves: Adam takes steps of one length in every coordinate, so along axes of very
    unequal variance it would hardly learn from the smaller ones, where the finer differences are.
    """
    parts = [np.zeros((content.vectors.shape[0], 0), dtype=np.float32)]
    for name in sorted(content.white):
        spread = content.spread[name]
        parts.append((content.white[name] * spread) @ (whitenings[name].basis * spread).T)
    return np.concatenate(parts, axis=1).astype(np.float32)
