"""LightGCN in the form of its paper: dot products, BPR, L2 on the layer-0 embeddings."""

import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.factors import item_popularity
from causalrec.model.graph import inverse_root, operator, propagate, symmetric
from causalrec.model.rivals.pairs import PairBatch, PairNetwork
from causalrec.model.rivals.rival import PairRecommender


class GraphPairNetwork(PairNetwork):
    """Mean over layers 0..L of the propagated embeddings."""

    def __init__(
        self, data: Interactions, settings: ModelSettings, device: torch.device, *, unit: bool
    ) -> None:
        super().__init__(settings, unit=unit)
        self.user_embedding = nn.Parameter(torch.randn(data.n_users, settings.dim) * settings.init)
        self.item_embedding = nn.Parameter(torch.randn(data.n_items, settings.dim) * settings.init)
        self.graph = operator(symmetric(data.train_matrix()), device)
        scale = torch.from_numpy(inverse_root(item_popularity(data)))
        self.register_buffer("item_scale", scale[:, None], persistent=False)

    def states(self) -> tuple[Tensor, Tensor]:
        """The propagated tables."""
        users, items, _ = propagate(
            self.graph, self.user_embedding, self.item_embedding, self.settings.layers
        )
        return users / (self.settings.layers + 1), items / (self.settings.layers + 1)

    def decayed(self, batch: PairBatch) -> list[Tensor]:
        """Layer 0 of user, positive and negative."""
        items = self.item_embedding
        return [self.user_embedding[batch.users], items[batch.items], items[batch.negatives]]

    def fold(self) -> Tensor:
        """What the graph sends to a user without an own embedding."""
        if not self.settings.layers:
            return self.tables()[1]
        sent = propagate(self.graph, self.user_embedding, self.item_embedding, self.settings.layers)[2]
        return sent * self.get_buffer("item_scale")


class LightGcnBprRecommender(PairRecommender):
    """He et al., "LightGCN" (SIGIR 2020)."""

    name = "lightgcn"

    def build(self, data: Interactions) -> GraphPairNetwork:
        """The untrained network."""
        return GraphPairNetwork(data, self.settings, self.trainer.device, unit=self.cosines)
