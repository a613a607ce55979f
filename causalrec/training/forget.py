"""Makes a model without erased users or items from the one that knew them.

The response model continues from the old fit, without the rows and looks of what was erased, and redraws
everything for a few sweeps: each draw is conditional on the remaining data, so that the influence of what was
erased fades as the chain mixes. Closed-form models are solved again, which is exact and takes no longer than
the first time; so are all others without a state to continue from.

Cao and Yang, Towards making systems forget with machine unlearning (IEEE S&P 2015): sufficient statistics
without the erased data; Nguyen, Low and Jaillet, Variational Bayesian unlearning (NeurIPS 2020).
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
    """The result of forgetting.

    Attributes:
        judged, served: as from a training run.
        repaired: whether they continue from the old models; otherwise they are fits from scratch.
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
    *,
    repair: bool = True,
) -> Forgotten:
    """Models with the same settings, without the influence of users and items that are not in ``data``.

    Args:
        data: the remaining data.
        judged, served: the old models.
        rows: for the users and the items of ``data``, their row in the old models; -1 if they have none.
        repair: begin where the old models ended, if they allow it; False fits from scratch.
    """
    chosen = settings_of(settings, judged.recipe)
    begin, served_begin = (_begin(model, rows) if repair else None for model in (judged, served))
    new = build_recommender(chosen)
    if isinstance(new, CausalRecommender):
        new.resumes = begin
    report = new.fit(data, progress=progress)
    new.recipe, new.worth = judged.recipe, judged.worth
    if served_begin is not None and isinstance(new, CausalRecommender):
        served_begin = new.beginning(served_begin)
    again = refitted(chosen, data, new, report.best_epoch, resumes=served_begin)
    return Forgotten(new, again, report, begin is not None)


def settings_of(settings: Settings, recipe: Mapping[str, Any]) -> Settings:
    """``settings`` with those of a saved model, regardless of the shop's present defaults."""
    model = ModelSettings.model_validate(known(ModelSettings, recipe["model"]))
    training = TrainingSettings.model_validate(known(TrainingSettings, recipe["training"]))
    return settings.model_copy(update={"model": model, "training": training})


def _begin(model: Recommender, rows: tuple[Ints, Ints]) -> Resumed | None:
    return model.resumable(*rows) if isinstance(model, CausalRecommender) else None
