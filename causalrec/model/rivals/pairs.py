"""Networks of rivals whose paper defines the loss: pairwise, on dot products, with an L2 penalty."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, normalize

from causalrec.config.model import ModelSettings
from causalrec.model.network import FoldedNetwork


@dataclass(frozen=True)
class PairBatch:
    """Positive pairs and one negative for each.

    Attributes:
        users, items, negatives: long (B,).
        kept: float (B,), zero where the negative is a training item of the user.
    """

    users: Tensor
    items: Tensor
    negatives: Tensor
    kept: Tensor


class PairNetwork(FoldedNetwork):
    """Raw states, and the loss of the paper on them: BPR (Rendle et al., UAI 2009) unless overridden.

    The same network with ``unit`` gives cosines to the trainer's own loss, so that a loss and a model can be
    compared one at a time.
    """

    def __init__(self, settings: ModelSettings, *, unit: bool) -> None:
        super().__init__()
        self.settings, self.unit = settings, unit

    @abstractmethod
    def states(self) -> tuple[Tensor, Tensor]:
        """User states (U, d) and item states (N, d) while training, of any length."""

    def decayed(self, batch: PairBatch) -> list[Tensor]:
        """The embeddings (B, .) of the batch that pay the L2 penalty."""
        return []

    def link(self, scores: Tensor, items: Tensor) -> Tensor:
        """What the loss sees of the scores (B,) of ``items`` (B,)."""
        return scores

    def weight(self, batch: PairBatch) -> Tensor:
        """Weight of every pair in the loss, (B,)."""
        return batch.kept

    def further(self, batch: PairBatch, users: Tensor) -> Tensor:
        """A further loss, given the user states (U, d)."""
        return torch.zeros((), device=users.device)

    def tables(self) -> tuple[Tensor, Tensor]:
        """The states, of length one where ``unit``."""
        return self.scaled(*self.states())

    def serving(self) -> tuple[Tensor, Tensor]:
        """The same tables; an embedding without a graph is a parameter, hence the detach."""
        users, items = self.tables()
        return users.detach(), items.detach()

    def scaled(self, users: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        """Both tables with rows of length one where ``unit``."""
        return (normalize(users, dim=1), normalize(items, dim=1)) if self.unit else (users, items)

    def pair_loss(self, batch: PairBatch) -> Tensor:
        """-mean log sigmoid(link(s_ui) - link(s_uj)) + l2/2 |embeddings of the batch|^2 / B + further."""
        users, items = self.states()
        chosen = users[batch.users]
        positive = self.link((chosen * items[batch.items]).sum(dim=1), batch.items)
        negative = self.link((chosen * items[batch.negatives]).sum(dim=1), batch.negatives)
        rows = -logsigmoid(positive - negative) * self.weight(batch)
        rank = rows.sum() / batch.kept.sum().clamp(min=1.0)
        squared = sum((part.square().sum() for part in self.decayed(batch)), torch.zeros_like(rank))
        decay = 0.5 * self.settings.rivals.l2 * squared / batch.users.shape[0]
        return rank + decay + self.further(batch, users)


def bpr_rows(chosen: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """-log sigmoid(<u, i> - <u, j>) for states (B, d)."""
    return -logsigmoid((chosen * (positive - negative)).sum(dim=1))
