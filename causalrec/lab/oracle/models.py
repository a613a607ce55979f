"""Models to compare with a known truth: a registered one with what it carries along, or trained ones."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.load import Dataset
from causalrec.lab.oracle.truth import Score, Scores, raw_scores, scores_of, with_exposure
from causalrec.lab.studies.variants import Variant
from causalrec.registry.gate.scores import score_on
from causalrec.registry.package import ModelPackage
from causalrec.training.factory import build_recommender

RAW = "raw"
Places = npt.NDArray[np.int64]


def registered(package: ModelPackage, dataset: Dataset, label: str) -> dict[str, Scores]:
    """The raw model of a package, where it carries one, and the model itself under ``label``.

    A package of an older dataset answers every question with its scores, renumbered.
    """
    if package.manifest["dataset_id"] != dataset.dataset_id:
        score = score_on(package, dataset)
        return {label: Scores(score, score)}
    model = package.recommender()
    raw = raw_scores(model)
    return ({RAW: raw} if raw else {}) | {label: scores_of(model)}


def one_module_off(package: ModelPackage, dataset: Dataset) -> dict[str, Scores]:
    """The fits of the training run that differ in one module, and the whole model in as many sweeps.

    All of them kept held-out pairs back. Users that are new in ``dataset`` get the mean state, items that are
    new come last; empty where a package carries no such fits.
    """
    users, items = (
        pd.Index(known).get_indexer(pd.Index(ids.astype(str)))
        for known, ids in ((package.user_ids, dataset.user_ids), (package.item_ids, dataset.item_ids))
    )
    return {
        label: Scores(
            _renumbered(fit.users, fit.items, users, items),
            _renumbered(fit.content_users, fit.content_items, users, items),
            with_exposure(_renumbered(fit.users, fit.items, users, items), fit.exposure[items]),
        )
        for label, fit in package.short_fits().items()
    }


def _renumbered(own: Floats, other: Floats, users: Places, items: Places) -> Score:
    """Scores by tables (U, d) and (N, d) whose rows are at ``users`` and ``items``; -1 for unknown ones."""
    states = np.vstack([own, own.mean(axis=0, keepdims=True)])  # row -1

    def score(block: Ints) -> Floats:
        scores: Floats = states[users[block]] @ other[items].T
        scores[:, items < 0] = -np.inf
        return scores

    return score


def trained(variant: Variant, settings: Settings, data: Interactions) -> Scores:
    """A model of the study, fitted to ``data`` with the model and training settings of the shop."""
    model = variant.settings(settings.model)
    recommender = build_recommender(settings.model_copy(update={"model": model}))
    recommender.fit(data)
    return scores_of(recommender)
