"""What a recommender of another package is made with: ``model.name = "plugin:NAME"``."""

from abc import ABC, abstractmethod

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.model.base import Recommender


class PluginRecommender(Recommender, ABC):
    """A :class:`Recommender` that settings can build. Its snapshot travels in the package like any other's.

    Whoever serves or loads the package needs the plug-in installed. A model that is factorised
    (``serving_tables``) is scored by the same engine as those of this package.
    """

    @abstractmethod
    def __init__(self, model: ModelSettings, training: TrainingSettings) -> None:
        """Unfitted; ``training.seed`` is the seed of everything random."""
