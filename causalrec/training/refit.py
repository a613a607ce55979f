"""The fit that serves: on all pairs and all looks, after the evaluation of a fit without held-out ones."""

from dataclasses import replace

import numpy as np

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions, unique_pairs
from causalrec.model.base import Progress, Recommender
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.causal.response.resumed import Resumed
from causalrec.model.factors import FactorRecommender
from causalrec.training.factory import build_recommender

REFITTED = "causal"  # the only model that is fitted again on everything after its evaluation


def refitted(
    settings: Settings,
    data: Interactions,
    judged: Recommender,
    epochs: int,
    progress: Progress | None = None,
    resumes: Resumed | None = None,
) -> Recommender:
    """A new model with the same settings, fitted on everything; ``judged`` itself if no refit is needed.

    Args:
        epochs: the best number for ``judged`` on validation; there is no validation here.
        resumes: where to begin instead of where ``judged`` ended.
    """
    if not settings.training.refit or settings.model.name != REFITTED:
        return judged
    training = settings.training.model_copy(update={"epochs_unvalidated": max(epochs, 1)})
    served = build_recommender(settings.model_copy(update={"training": training}))
    if isinstance(served, CausalRecommender) and isinstance(judged, CausalRecommender):
        served.choice, served.exposure_weight = judged.choice, judged.exposure_weight
        response = settings.model.response
        served.resumes = resumes or judged.continued(min(response.refit_sweeps, response.sweeps))
    served.fit(everything(data), progress=progress)
    served.recipe, served.worth = judged.recipe, judged.worth
    if isinstance(served, FactorRecommender) and served.tables is not None:
        # popularity, and reasons based on it, remain those of the training pairs in the manifest
        counts = np.bincount(data.train[1], minlength=data.n_items).astype(np.float32)
        served.tables = replace(served.tables, popularity=counts)
    return served


def everything(data: Interactions) -> Interactions:
    """``data`` with held-out pairs and later looks as training data, and random exposure like any other."""
    parts = [data.train, data.valid, data.test]
    pairs = unique_pairs(np.concatenate(parts, axis=1))
    none = np.empty((2, 0), dtype=np.int32)
    looks = data.looks
    if looks is not None:
        looks = looks.with_later(data.later_looks)
        looks = replace(looks, uniform=np.zeros_like(looks.uniform))
    return replace(
        data, train=pairs, valid=none, test=none, looks=looks, later_looks=None,
        weights=None, propensity=None, times=None,
    )  # fmt: skip
