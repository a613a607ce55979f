"""The graph encoder of the rivals: LightGCN with the aids that the causal model's encoder has.

Both aids are off unless a setting asks for them: embeddings smoothed over the users and items that behave
alike (:mod:`causalrec.model.affinity`), and a share of the edges left out in every epoch.
"""

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.affinity import MOST, NEIGHBOURS, affinity
from causalrec.model.factors import item_popularity
from causalrec.model.graph import Operator, inverse_root, operator, propagate, symmetric


class GraphEncoder(nn.Module):
    """Embeddings of users and items, and the graph they are propagated through."""

    def __init__(self, data: Interactions, settings: ModelSettings, device: torch.device, seed: int) -> None:
        super().__init__()
        self.layers, self.left_out = settings.layers, settings.rivals.left_out
        self.train_matrix, self.seed, self.place = data.train_matrix(), seed, device
        self.user_embedding = nn.Parameter(torch.randn(data.n_users, settings.dim) * settings.init)
        self.item_embedding = nn.Parameter(torch.randn(data.n_items, settings.dim) * settings.init)
        self.whole = operator(symmetric(self.train_matrix), device)
        self.drawn = self.whole
        self.alike_users = self._alike(self.train_matrix, settings.rivals.user_affinity)
        self.alike_items = self._alike(self.train_matrix.T.tocsr(), settings.rivals.item_affinity)
        scale = torch.from_numpy(inverse_root(item_popularity(data)))
        self.register_buffer("item_scale", scale[:, None], persistent=False)

    def draw(self, epoch: int) -> None:
        """Draws the edges of ``epoch``."""
        if not self.left_out:
            return
        whole = self.train_matrix.tocoo()
        stays = np.random.default_rng([self.seed, epoch]).random(whole.nnz) >= self.left_out
        ones = np.ones(int(stays.sum()), dtype=np.float32)
        part = sp.csr_matrix((ones, (whole.row[stays], whole.col[stays])), shape=whole.shape)
        self.drawn = operator(symmetric(part), self.place)

    @property
    def graph(self) -> Operator:
        """The edges of this epoch while training, all of them otherwise."""
        return self.drawn if self.training else self.whole

    def base(self) -> tuple[Tensor, Tensor]:
        """Embeddings (U, d), (N, d), smoothed where that was asked for."""
        users: Tensor = self.user_embedding
        items: Tensor = self.item_embedding
        if self.alike_users is not None:
            users = users + self.alike_users @ users
        if self.alike_items is not None:
            items = items + self.alike_items @ items
        return users, items

    def sums(self) -> tuple[Tensor, Tensor, Tensor]:
        """Sums over layers of users (U, d) and items (N, d), and what a user receives from an item (N, d)."""
        return propagate(self.graph, *self.base(), self.layers)

    def fold(self) -> Tensor:
        """What an item adds to the state of a new user, (N, d); their edges are weighted by degree."""
        sent = self.sums()[2]
        return sent * self.get_buffer("item_scale")

    def _alike(self, matrix: sp.csr_matrix, weight: float) -> Operator | None:
        if not weight:
            return None
        graph = affinity(matrix, NEIGHBOURS, MOST)
        return operator(weight * graph, self.place) if graph.nnz else None
