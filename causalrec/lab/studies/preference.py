"""Preference from content, with exposure and demand as terms of their own.

    score(u, i) = <e_u, f(x_i)> + exposure_i [+ w_k + b_u w'_k]

x_i is the item's content, f a network of one hidden layer, exposure_i a given log exposure, k the item's
group. All terms are there in training, for they are what makes the log; the question decides which are read
out: exposure is dropped for what would be liked if it were shown, the terms of the group too for what would
be liked if the group were redrawn (the additive back-door: Zhang et al., SIGIR 2021).

Items have no free embedding: what content says of an item is not popular or rare, and it cannot learn an
item's accidents by heart. User states have a Gaussian prior and free length: once exposure is a term of its
own, the rest must not be louder than the evidence for it, and rows of length one cannot be quiet.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.model.network import FactorNetwork

PACE = 25.0  # of a group's terms: their steps are so much longer than those of a state


@dataclass(frozen=True)
class NetworkSize:
    """Width of the states, hidden units of f, and ridge on users (in training pairs)."""

    dim: int = 16
    hidden: int = 64
    ridge: float = 30.0
    init: float = 0.1


class PreferenceNetwork(FactorNetwork):
    """See the module. Columns of the tables: preference (dim), exposure (1), group (2).

    Args:
        content: float32 (N, p), see :func:`content_table`. exposure: float32 (N,).
        groups: int32 (N,) from 0, or None. scale: temperature of the loss, which divides the products.
    """

    def __init__(
        self,
        data: Interactions,
        content: Floats,
        exposure: Floats,
        groups: Ints | None,
        scale: float,
        shape: NetworkSize = NetworkSize(),
    ) -> None:
        super().__init__()
        self.scale, self.ridge, self.pairs = scale, shape.ridge, max(data.train.shape[1], 1)
        self.user_embedding = nn.Parameter(torch.randn(data.n_users, shape.dim) * shape.init)
        hidden = nn.Linear(content.shape[1], shape.hidden)
        self.tower = nn.Sequential(hidden, nn.Tanh(), nn.Linear(shape.hidden, shape.dim))
        count = 0 if groups is None else int(groups.max()) + 1
        self.demand = nn.Parameter(torch.zeros(count, 2))
        self.sensitivity = nn.Parameter(torch.randn(data.n_users if count else 0) * shape.init)
        place = np.zeros(0, np.int64) if groups is None else groups.astype(np.int64)
        self.register_buffer("content", torch.from_numpy(content), persistent=False)
        self.register_buffer("exposure", torch.from_numpy(exposure).float(), persistent=False)
        self.register_buffer("group", torch.from_numpy(place), persistent=False)

    def preference(self) -> tuple[Tensor, Tensor]:
        """e_u (U, dim) and t f(x_i) (N, dim)."""
        return self.user_embedding, self.scale * self.tower(self.get_buffer("content"))

    def shown(self) -> tuple[Tensor, Tensor]:
        """Preference and the terms of the group: what would be liked if it were shown."""
        users, items = self.preference()
        if not self.demand.shape[0]:
            return users, items
        own = torch.stack([torch.ones_like(self.sensitivity), self.sensitivity / PACE], dim=1)
        pulled = self.scale * PACE * self.demand[self.get_buffer("group")]
        return torch.cat([users, own], dim=1), torch.cat([items, pulled], dim=1)

    def tables(self) -> tuple[Tensor, Tensor]:
        """All terms: what the log is expected to hold. Rows have free length."""
        users, items = self.shown()
        exposure = self.scale * self.get_buffer("exposure")[:, None]
        return torch.cat([users, torch.ones_like(users[:, :1])], dim=1), torch.cat([items, exposure], dim=1)

    def serving(self) -> tuple[Tensor, Tensor]:
        """Preference alone, also to choose an epoch by.

        With all terms read out, clicks of the biased log choose the epoch at which exposure is learned, long
        before preference is. See also :func:`causalrec.model.causal.exposure.debiased_validation`.
        """
        return self.preference()

    def penalty(self, users: Tensor, items: Tensor) -> Tensor:
        """The prior of users, and of how they differ in what a group is to them."""
        squares: Tensor = self.user_embedding.square().sum() + self.sensitivity.square().sum()
        return squares.mul(self.ridge / self.pairs)


def content_table(data: Interactions) -> Floats:
    """All modalities side by side, each column with mean 0 and variance 1; a missing row is zero; (N, p)."""
    blocks = [np.zeros((data.n_items, 0), dtype=np.float32)]
    for name in sorted(data.modalities):
        rows = data.modalities[name].astype(np.float32)
        present = ~np.isnan(rows).any(axis=1) & rows.any(axis=1)
        block = np.zeros_like(rows)
        if present.any():
            known = rows[present]
            spread = known.std(axis=0)
            block[present] = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        blocks.append(block)
    return np.concatenate(blocks, axis=1)
