"""Histories in the order of time, and the transformer that reads them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from causalrec.dataset.arrays import Interactions, Ints
from causalrec.errors import TrainingError

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sequences:
    """The items of every user, first to last: ``items`` (n,), those of user u from ``start[u]`` (U + 1,)."""

    items: Ints
    start: Longs

    @staticmethod
    def of(data: Interactions, seed: int) -> "Sequences":
        """Training pairs by time; pairs of the same time come in a random order, for nobody knows theirs.

        Raises:
            TrainingError: the data have no times.
        """
        if data.times is None or data.times.size != data.train.shape[1]:
            raise TrainingError(
                "the order of the pairs is unknown",
                do="use data with dates: a dataset of the shop, or a temporal split",
            )
        users, items = data.train
        order = np.lexsort((np.random.default_rng(seed).random(users.size), data.times, users))
        start = np.searchsorted(users[order], np.arange(data.n_users + 1))
        return Sequences(items[order], start.astype(np.int64))

    def rows(self, users: npt.NDArray[np.integer], length: int, begin: int) -> tuple[Longs, Longs]:
        """``begin``, then the latest ``length`` items of each user, filled up with ``begin``.

        Returns:
            int64 (B, length + 1), and the place (B,) of each user's last item in it.
        """
        size = self.start[users + 1] - self.start[users]
        taken = np.minimum(size, length)
        owner = np.repeat(np.arange(users.size), taken)
        place = np.arange(owner.size) - np.repeat(np.cumsum(taken) - taken, taken)
        rows = np.full((users.size, length + 1), begin, dtype=np.int64)
        rows[owner, place + 1] = self.items[(self.start[users + 1] - taken)[owner] + place]
        return rows, taken


class SequenceNetwork(nn.Module):
    """Item and position embeddings, then blocks of attention to what came before.

    Args:
        length: most items of a sequence; one more place is for its beginning.
    """

    def __init__(self, n_items: int, dim: int, length: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.n_items, self.length = n_items, length
        self.items = nn.Embedding(n_items + 1, dim)
        self.places = nn.Embedding(length + 1, dim)
        for table in (self.items, self.places):
            nn.init.normal_(table.weight, std=dim**-0.5)
        self.drop = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            dim, heads, 2 * dim, dropout, "gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, blocks, nn.LayerNorm(dim), enable_nested_tensor=False)

    def states(self, rows: Tensor) -> Tensor:
        """(B, L, d): what is expected after each place of ``rows`` (B, L)."""
        width = rows.shape[1]
        embedded = self.drop(self.items(rows) + self.places.weight[:width])
        later = torch.triu(torch.ones(width, width, dtype=torch.bool, device=rows.device), diagonal=1)
        found: Tensor = self.blocks(embedded, mask=later)
        return found

    def loss(self, rows: Tensor, negatives: Tensor) -> Tensor:
        """Mean cross-entropy of every next item among itself and ``negatives`` (K,), which all share."""
        known = rows[:, 1:] != self.n_items
        states, targets = self.states(rows[:, :-1])[known], rows[:, 1:][known]
        others = states @ self.items.weight[negatives].T
        others = others.masked_fill(targets[:, None] == negatives[None], -torch.inf)
        own = (states * self.items.weight[targets]).sum(dim=1, keepdim=True)
        right = torch.zeros(targets.shape[0], dtype=torch.long, device=rows.device)
        return cross_entropy(torch.cat([own, others], dim=1), right)
