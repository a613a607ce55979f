"""The training loop: seeded, early stopping on validation, resumable after a kill, guarded against NaN."""

from dataclasses import dataclass
from pathlib import Path

import torch

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions, Looks
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Progress
from causalrec.model.network import FactorNetwork
from causalrec.training.device import check_memory, choose_device, refuse_too_large
from causalrec.training.response_memory import response_bytes
from causalrec.training.run import EpochRun


@dataclass(frozen=True)
class LoopTrainer:
    """Adam on shared negatives; implements :class:`causalrec.model.network.Trainer`.

    Attributes:
        folder: folder for checkpoints (and a batch that gave NaN); None keeps none.
    """

    settings: TrainingSettings
    model: ModelSettings
    folder: Path | None = None

    @property
    def device(self) -> torch.device:
        """Device of the network."""
        return choose_device(self.settings.device)

    @property
    def seed(self) -> int:
        """Seed of everything random."""
        return self.settings.seed

    @property
    def temperature(self) -> float:
        """Divisor of the scores in the loss."""
        return self.settings.temperature

    def require_memory(self, data: Interactions, looks: Looks) -> None:
        """Compares the response model's memory needs with what is free.

        Raises:
            TrainingError: too little memory.
        """
        do = "lower model.response.columns, set dataset.history_days, or use a larger machine"
        need = response_bytes(data, looks, self.model.response)
        refuse_too_large(need, self.settings, self.device, do)

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
        return EpochRun(self.settings, self.model, self.folder, network, data, progress).train()
