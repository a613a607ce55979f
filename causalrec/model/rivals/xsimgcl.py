"""XSimGCL: a graph encoder whose layers carry noise, and a contrast between two of its layers."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.graph import unit_rows
from causalrec.model.rivals.lightgcn import LightGcnNetwork, LightGcnRecommender

TEMPERATURE = 0.2  # temperature of the contrast of XSimGCL


class XSimGclNetwork(LightGcnNetwork):
    """Mean of layers 1..L, each moved by noise of length ``noise`` in its own orthant while training.

    The contrast (InfoNCE) pulls the last state of a user or an item to its own first layer and away from
    that of the others in the batch.
    """

    def __init__(self, data: Interactions, settings: ModelSettings, device: torch.device, seed: int) -> None:
        super().__init__(data, settings, device, seed)
        self.rivals = settings.rivals
        self.first: tuple[Tensor, Tensor] | None = None
        self.last: tuple[Tensor, Tensor] | None = None

    def tables(self) -> tuple[Tensor, Tensor]:
        """Unit states; both ends of the contrast are kept for :meth:`penalty`."""
        users, items = self.encoder.base()
        graph, layers = self.encoder.graph, max(self.encoder.layers, 1)
        sums = torch.zeros_like(users), torch.zeros_like(items)
        for layer in range(layers):
            users, items = self._moved(graph @ items), self._moved(graph.reverse @ users)
            sums = sums[0] + users, sums[1] + items
            if layer == 0:
                self.first = users, items
        self.last = sums
        return unit_rows(sums[0]), unit_rows(sums[1])

    def penalty(self, users: Tensor, items: Tensor) -> Tensor:
        """The contrast over the distinct users and items of the batch."""
        if self.first is None or self.last is None:
            return super().penalty(users, items)
        loss = torch.zeros((), device=items.device)
        for ids, first, last in zip((users, items), self.first, self.last, strict=True):
            rows = ids.unique()  # type: ignore[no-untyped-call]
            loss = loss + info_nce(last[rows], first[rows], TEMPERATURE)
        self.first = self.last = None  # of this batch: nothing of its graph is held on to
        return self.rivals.contrast * loss

    def fold(self) -> Tensor:
        """What an item sends to a new user: its states of layers 0..L-1."""
        users, items = self.encoder.base()
        graph, sent = self.encoder.graph, items
        for _ in range(max(self.encoder.layers, 1) - 1):
            users, items = graph @ items, graph.reverse @ users
            sent = sent + items
        return sent * self.encoder.get_buffer("item_scale")

    def _moved(self, states: Tensor) -> Tensor:
        if not self.training:
            return states
        noise = normalize(torch.rand_like(states), dim=1)
        return states + torch.sign(states) * noise * self.rivals.noise


def info_nce(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Mean of -log softmax of cosines (n, n) on the diagonal: row i of ``one`` should find row i of
    ``other``."""
    cosines = normalize(one, dim=1) @ normalize(other, dim=1).T
    return cross_entropy(cosines / temperature, torch.arange(one.shape[0], device=one.device))


class XSimGclRecommender(LightGcnRecommender):
    """Yu et al., "XSimGCL: towards extremely simple graph contrastive learning for recommendation" (TKDE
    2023), with the loss of the trainer in place of BPR."""

    name = "xsimgcl"
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        **LightGcnRecommender.space,
        "model.rivals.noise": (0.05, 0.1, 0.2),
        "model.rivals.contrast": (0.01, 0.03, 0.1, 0.3),
    }

    def build(self, data: Interactions) -> XSimGclNetwork:
        """The untrained network."""
        return XSimGclNetwork(data, self.settings, self.trainer.device, self.trainer.seed)
