"""Builds recommenders with their trainers from settings."""

from pathlib import Path

from causalrec.config import Settings
from causalrec.model.base import Recommender
from causalrec.model.factory import (
    ARRAYS,
    FACTS,
    Tools,
    load_recommender,
    recommender_of,
    recommender_recipe,
    save_recommender,
)
from causalrec.training.judge import ValidationJudge
from causalrec.training.loop import LoopTrainer
from causalrec.training.pairwise import PairwiseTrainer

__all__ = [
    "ARRAYS",
    "FACTS",
    "build_recommender",
    "load_recommender",
    "recommender_recipe",
    "save_recommender",
]


def build_recommender(settings: Settings, checkpoints: Path | None = None) -> Recommender:
    """The model that ``settings.model.name`` names, unfitted.

    Args:
        checkpoints: folder for a resumable run; None keeps nothing on disk while training.
    """
    model, training = settings.model, settings.training
    tools = Tools(
        LoopTrainer(training, model, checkpoints),
        PairwiseTrainer(training, model, checkpoints),
        ValidationJudge(training),
    )
    return recommender_of(model, training, tools)
