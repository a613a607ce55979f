"""Refuters of a version: the same model fitted on changed data, judged on validation."""

from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.metrics.ranking import Score, rank_per_user
from causalrec.model.base import Recommender
from causalrec.training.refuters import REFUTERS

if TYPE_CHECKING:
    from mlflow import MlflowClient

PREFIX = "refuter_"
DIVERGED = 1e9  # the change recorded if the refuter's fit diverged


def run_refuters(
    settings: Settings, data: Interactions, recommender: Recommender, epochs: int
) -> dict[str, float]:
    """Relative change of the validation metric per refuter; empty for models without a causal claim.

    ``epochs`` is the number that the model itself took, so that a fit with nothing to learn cannot search
    longer.
    """
    from causalrec.training.factory import build_recommender

    if settings.model.name != "causal" or not data.valid.shape[1]:
        return {}
    before = _judged(settings, recommender.score, data)
    found: dict[str, float] = {}
    for name in settings.gate.refuters:
        training = settings.training.model_copy(update={"epochs": max(epochs, 1)})
        other = build_recommender(settings.model_copy(update={"training": training}))
        try:
            other.fit(REFUTERS[name](data, settings.training.seed))
        except TrainingError:
            found[name] = DIVERGED
            continue
        found[name] = _judged(settings, other.score, data) / before - 1 if before > 0 else 0.0
    return found


def refuted(client: "MlflowClient", run_id: str) -> dict[str, float]:
    """The results of :func:`run_refuters`, as recorded by the run of a version."""
    metrics = client.get_run(run_id).data.metrics
    return {name.removeprefix(PREFIX): value for name, value in metrics.items() if name.startswith(PREFIX)}


def _judged(settings: Settings, score: Score, data: Interactions) -> float:
    metric, _, k = settings.gate.metric.partition("@")
    ranked = rank_per_user(score, data, "valid", (int(k or 20),))
    return float(ranked.metrics[f"{metric}@{k}"].mean())
