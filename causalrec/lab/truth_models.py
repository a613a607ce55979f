"""Models to compare with a known truth: a registered one with what it carries along, or trained ones."""

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.dataset.load import Dataset
from causalrec.lab.truth import Scores, raw_scores, scores_of
from causalrec.lab.variants import Variant
from causalrec.registry.judge import score_on
from causalrec.registry.package import ModelPackage
from causalrec.training.factory import build_recommender

RAW = "raw"


def registered(package: ModelPackage, dataset: Dataset, label: str) -> dict[str, Scores]:
    """The raw model of a package, where it carries one, and the model itself under ``label``.

    A package of an older dataset answers both questions with its scores, renumbered.
    """
    if package.manifest["dataset_id"] != dataset.dataset_id:
        score = score_on(package, dataset)
        return {label: Scores(score, score)}
    model = package.recommender()
    raw = raw_scores(model)
    return ({RAW: raw} if raw else {}) | {label: scores_of(model)}


def trained(variant: Variant, settings: Settings, data: Interactions) -> Scores:
    """A model of the study, fitted to ``data`` with the model and training settings of the shop."""
    model = variant.settings(settings.model)
    recommender = build_recommender(settings.model_copy(update={"model": model}))
    recommender.fit(data)
    return scores_of(recommender)
