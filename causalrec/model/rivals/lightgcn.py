"""LightGCN on cosines: a rival with the same loss and negatives as the causal model."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.graph import unit_rows
from causalrec.model.network import FoldedNetwork
from causalrec.model.rivals.encoder import GraphEncoder
from causalrec.model.rivals.rival import NetworkRecommender


class LightGcnNetwork(FoldedNetwork):
    """User and item embeddings, summed over the layers of the normalised graph, scaled to length one."""

    def __init__(
        self, data: Interactions, settings: ModelSettings, device: torch.device, seed: int = 0
    ) -> None:
        super().__init__()
        self.encoder = GraphEncoder(data, settings, device, seed)

    def begin_epoch(self, epoch: int) -> None:
        """Draws the edges of this epoch."""
        self.encoder.draw(epoch)

    def tables(self) -> tuple[Tensor, Tensor]:
        """Unit states of users and items."""
        users, items, _ = self.encoder.sums()
        return unit_rows(users), unit_rows(items)

    def serving(self) -> tuple[Tensor, Tensor]:
        """The same tables: nothing is adjusted."""
        return self.tables()

    def fold(self) -> Tensor:
        """What an item adds to the state of a new user, (N, d)."""
        return self.encoder.fold() if self.encoder.layers else unit_rows(self.encoder.base()[1])


class LightGcnRecommender(NetworkRecommender):
    """He et al., "LightGCN" (SIGIR 2020), trained by whatever loss the trainer is set to."""

    name = "lightgcn"
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        "model.dim": (64, 128, 256),
        "model.layers": (1, 2, 3),
        "model.rivals.left_out": (0.0, 0.2, 0.4, 0.6),
        "model.rivals.user_affinity": (0.0, 1.0, 2.0, 4.0),
        "model.rivals.item_affinity": (0.0, 1.0, 2.0, 4.0),
        "training.learning_rate": (0.002, 0.005, 0.01),
        "training.temperature": (0.15, 0.2, 0.25, 0.3),
    }
    starts: ClassVar[tuple[Mapping[str, Value], ...]] = (
        {
            "model.dim": 128,
            "model.rivals.left_out": 0.4,
            "model.rivals.user_affinity": 2.0,
            "model.rivals.item_affinity": 2.0,
            "training.learning_rate": 0.01,
        },
    )

    def build(self, data: Interactions) -> LightGcnNetwork:
        """The untrained network."""
        return LightGcnNetwork(data, self.settings, self.trainer.device, self.trainer.seed)
