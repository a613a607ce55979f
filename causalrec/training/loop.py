"""The one training loop: seeded, stopped early on validation, resumable after a kill, guarded against NaN."""

from dataclasses import dataclass
from pathlib import Path

import torch

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Progress
from causalrec.model.network import FactorNetwork
from causalrec.training.device import check_memory, choose_device
from causalrec.training.run import TrainingRun


@dataclass(frozen=True)
class LoopTrainer:
    """Adam on shared negatives; implements :class:`causalrec.model.network.Trainer`.

    Attributes:
        folder: where checkpoints (and a batch that gave NaN) go; None keeps none.
    """

    settings: TrainingSettings
    model: ModelSettings
    folder: Path | None = None

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return choose_device(self.settings.device)

    @property
    def seed(self) -> int:
        """Seed of everything random."""
        return self.settings.seed

    @property
    def temperature(self) -> float:
        """What the loss divides scores by."""
        return self.settings.temperature

    def __call__(
        self, network: FactorNetwork, data: Interactions, progress: Progress | None = None
    ) -> FitReport:
        """Trains until validation stops improving.

        Raises:
            TrainingError: no pairs, too little memory, or a loss that is not finite.
        """
        if data.train.shape[1] == 0:
            raise TrainingError("there are no training pairs", do="check the dataset's date and splits")
        check_memory(data, self.model, self.settings, self.device)
        return TrainingRun(self.settings, self.model, self.folder, network, data, progress).train()
