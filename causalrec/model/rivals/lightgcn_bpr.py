"""LightGCN in the form of its paper: dot products, BPR, L2 on the layer-0 embeddings."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.rivals.encoder import GraphEncoder
from causalrec.model.rivals.pairs import PairBatch, PairNetwork
from causalrec.model.rivals.rival import PairRecommender


class GraphPairNetwork(PairNetwork):
    """Mean over layers 0..L of the propagated embeddings."""

    def __init__(
        self, data: Interactions, settings: ModelSettings, device: torch.device, seed: int, *, unit: bool
    ) -> None:
        super().__init__(settings, unit=unit)
        self.encoder = GraphEncoder(data, settings, device, seed)

    def begin_epoch(self, epoch: int) -> None:
        """Draws the edges of this epoch."""
        self.encoder.draw(epoch)

    def states(self) -> tuple[Tensor, Tensor]:
        """The propagated tables."""
        users, items, _ = self.encoder.sums()
        return users / (self.settings.layers + 1), items / (self.settings.layers + 1)

    def decayed(self, batch: PairBatch) -> list[Tensor]:
        """Layer 0 of user, positive and negative."""
        items = self.encoder.item_embedding
        return [self.encoder.user_embedding[batch.users], items[batch.items], items[batch.negatives]]

    def fold(self) -> Tensor:
        """What the graph sends to a user without an own embedding."""
        return self.encoder.fold() if self.settings.layers else self.tables()[1]


class LightGcnBprRecommender(PairRecommender):
    """He et al., "LightGCN" (SIGIR 2020)."""

    name = "lightgcn"
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        **PairRecommender.space,
        "model.layers": (1, 2, 3),
        "model.rivals.left_out": (0.0, 0.2, 0.4),
        "model.rivals.user_affinity": (0.0, 1.0, 2.0, 4.0),
        "model.rivals.item_affinity": (0.0, 1.0, 2.0, 4.0),
    }

    def build(self, data: Interactions) -> GraphPairNetwork:
        """The untrained network."""
        return GraphPairNetwork(
            data, self.settings, self.trainer.device, self.trainer.seed, unit=self.cosines
        )
