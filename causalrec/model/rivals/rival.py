"""What the learned rivals share: fitting a network, and a state for new users."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.base import FitReport, Progress
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables
from causalrec.model.network import FoldedNetwork, Trainer
from causalrec.model.rivals.pairs import PairNetwork


class NetworkRecommender(FactorRecommender):
    """A recommender that ends in the tables of a network."""

    def __init__(self, settings: ModelSettings, trainer: Trainer) -> None:
        self.settings = settings
        self.trainer = trainer

    @abstractmethod
    def build(self, data: Interactions) -> FoldedNetwork:
        """The untrained network."""

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Trains with early stopping on ``data.valid``."""
        torch.manual_seed(self.trainer.seed)
        network = self.build(data).to(self.trainer.device)
        report = self.trainer(network, data, progress)
        with torch.no_grad():
            network.eval()
            users, items = network.serving()
            self.fold = network.fold().cpu().numpy()
        self.tables = plain_tables(users.cpu().numpy(), items.cpu().numpy(), item_popularity(data))
        return report


class PairRecommender(NetworkRecommender):
    """A recommender that ends in the tables of a :class:`PairNetwork`.

    Args:
        unit: cosines instead of dot products; see :class:`causalrec.config.rivals.RivalSettings`.
    """

    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        "model.dim": (64, 128, 256),
        "model.rivals.l2": (0.003, 0.01, 0.03, 0.1, 0.3),
        "training.learning_rate": (0.001, 0.002, 0.005, 0.01),
        "training.temperature": (0.15, 0.2, 0.25, 0.3),
    }

    def __init__(self, settings: ModelSettings, trainer: Trainer, *, unit: bool = False) -> None:
        super().__init__(settings, trainer)
        self.cosines = unit

    @abstractmethod
    def build(self, data: Interactions) -> PairNetwork:
        """The untrained network."""


def ridge_fold(items: Tensor, ridge: float) -> Tensor:
    """Q (Q'Q + lambda I)^-1 for item factors Q (N, d).

    The row sum over a history is the user factor that best fits one on the history and zero elsewhere
    (the user step of implicit ALS, Hu et al. 2008, with all weights one).
    lambda is ``ridge`` times the mean eigenvalue of Q'Q.
    """
    gram = items.T @ items
    scale = gram.diagonal().mean()
    if scale == 0:
        return items
    damped = gram + ridge * scale * torch.eye(gram.shape[0], device=items.device)
    solved: Tensor = torch.linalg.solve(damped, items.T)
    return solved.T
