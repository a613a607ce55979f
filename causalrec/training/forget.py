"""A model without erased users or items, made from the one that knew them.

The response model begins where the old fit ended, without the rows of the erased and without their looks,
and draws everything anew for a few sweeps: each draw is conditional on what remains, so that what the old
state owed to the erased fades as the chain mixes. Models in closed form are solved again, which is exact and
takes no longer than the first time; so is everything else that keeps no state to begin with.

Cao and Yang, Towards making systems forget with machine unlearning (IEEE S&P 2015): sufficient statistics
without the erased; Nguyen, Low and Jaillet, Variational Bayesian unlearning (NeurIPS 2020).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from causalrec.config import Settings
from causalrec.config.known import known
from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.model.base import FitReport, Progress, Recommender
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.causal.response.resumed import Resumed
from causalrec.training.factory import build_recommender
from causalrec.training.refit import refitted


@dataclass(frozen=True)
class Forgotten:
    """What forgetting made.

    Attributes:
        judged, served: as a training makes them.
        repaired: whether they began where the old ones ended; else they are fits from scratch.
    """

    judged: Recommender
    served: Recommender
    report: FitReport
    repaired: bool


def forget(
    settings: Settings,
    data: Interactions,
    judged: Recommender,
    served: Recommender,
    rows: tuple[Ints, Ints],
    progress: Progress | None = None,
) -> Forgotten:
    """Models of the same settings that owe nothing to users and items that are not in ``data``.

    Args:
        data: what is left.
        judged, served: the models that knew more.
        rows: for the users and the items of ``data``, their row in the old models; -1 where they have none.
    """
    chosen = settings_of(settings, judged.recipe)
    begin, served_begin = (_begin(model, rows) for model in (judged, served))
    new = build_recommender(chosen)
    if isinstance(new, CausalRecommender):
        new.resumes = begin
    report = new.fit(data, progress=progress)
    new.recipe, new.worth = judged.recipe, judged.worth
    again = refitted(chosen, data, new, report.best_epoch, resumes=served_begin)
    return Forgotten(new, again, report, begin is not None)


def settings_of(settings: Settings, recipe: Mapping[str, Any]) -> Settings:
    """``settings`` with those of a saved model, whatever the shop trains by default today."""
    model = ModelSettings.model_validate(known(ModelSettings, recipe["model"]))
    training = TrainingSettings.model_validate(known(TrainingSettings, recipe["training"]))
    return settings.model_copy(update={"model": model, "training": training})


def _begin(model: Recommender, rows: tuple[Ints, Ints]) -> Resumed | None:
    return model.resumable(*rows) if isinstance(model, CausalRecommender) else None
