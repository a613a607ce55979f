"""Recommenders from plug-ins: ``model.name = "plugin:NAME"``."""

from abc import ABC, abstractmethod

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.model.base import Recommender


class PluginRecommender(Recommender, ABC):
    """A :class:`Recommender` that settings can build. What it saves is stored in the package like any other.

    Serving or loading the package requires the plug-in to be installed. A factorised model
    (``serving_tables``) is scored by the same engine as built-in models.
    """

    @abstractmethod
    def __init__(self, model: ModelSettings, training: TrainingSettings) -> None:
        """Unfitted; ``training.seed`` is the seed of everything random."""
