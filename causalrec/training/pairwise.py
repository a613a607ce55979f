"""The training loop for networks with the loss of their own paper."""

from dataclasses import dataclass

import torch
from torch import Tensor

from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Progress
from causalrec.model.network import FactorNetwork
from causalrec.model.rivals.pairs import PairBatch, PairNetwork
from causalrec.training.device import check_memory
from causalrec.training.loop import LoopTrainer
from causalrec.training.losses import one_negative_each
from causalrec.training.run import EpochRun
from causalrec.training.sampling import Batch, PairSampler


@dataclass(frozen=True)
class PairwiseTrainer(LoopTrainer):
    """Like :class:`LoopTrainer` except for the loss: one negative per pair, computed by the network."""

    def __call__(
        self, network: FactorNetwork, data: Interactions, progress: Progress | None = None
    ) -> FitReport:
        """Trains until validation stops improving.

        Raises:
            TrainingError: a network without its own loss, no pairs, too little memory, or a loss that is not
                finite.
        """
        if data.train.shape[1] == 0:
            raise TrainingError("there are no training pairs", do="check the dataset's date and splits")
        check_memory(data, self.model, self.settings, self.device)
        return _PairRun(self.settings, self.model, self.folder, network, data, progress).train()


class _PairRun(EpochRun):
    """One call of the trainer. As many negatives are drawn as a batch has pairs."""

    def sampled(self, negatives: int) -> PairSampler:
        """One negative for each pair of a batch."""
        return super().sampled(self.settings.batch)

    def loss(self, batch: Batch) -> Tensor:
        """The loss of the network."""
        if not isinstance(self.network, PairNetwork):
            raise TrainingError(
                f"{type(self.network).__name__} has no pairwise loss", do="use the LoopTrainer"
            )
        return self.network.pair_loss(pair_batch(batch, self.device))


def pair_batch(batch: Batch, device: torch.device) -> PairBatch:
    """Pair b takes negative b of the shared draw (again from the first where there are fewer)."""
    owners, clash = torch.from_numpy(batch.owners), torch.from_numpy(batch.clash)
    turn = torch.from_numpy(batch.turn)
    taken, kept = one_negative_each(owners, turn, batch.negatives.size, batch.users.size, clash)
    users, items, negatives = (
        torch.from_numpy(part).long() for part in (batch.users, batch.items, batch.negatives)
    )
    parts = (users[owners], items, negatives[taken], kept)
    return PairBatch(*(part.to(device) for part in parts))
