"""Scores of registered versions and baselines, in the numbering of one dataset."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.load import Dataset
from causalrec.errors import TrainingError
from causalrec.metrics.ranking import Score
from causalrec.registry.package import ModelPackage

BASELINES = ("popularity", "ease")


def baselines(settings: Settings, data: Interactions) -> Mapping[str, Score]:
    """The fitted baselines; EASE is left out if the catalogue is too large for it, or for the free memory."""
    from causalrec.model.rivals.items.ease import closed_form_bytes
    from causalrec.training.factory import build_recommender
    from causalrec.training.free_memory import available_bytes

    fitted: dict[str, Score] = {}
    for name in BASELINES:
        if name == "ease" and closed_form_bytes(data.n_items) > available_bytes():
            continue
        model = settings.model.model_copy(update={"name": name})
        recommender = build_recommender(settings.model_copy(update={"model": model}))
        try:
            recommender.fit(data)
        except TrainingError:
            if name == "popularity":
                raise
            continue
        fitted[name] = recommender.score
    return fitted


def score_on(package: ModelPackage, dataset: Dataset) -> Score:
    """Scores of a version in the numbering of ``dataset``, which may be newer than the version.

    Users it does not know are folded in by their training history; unknown items have no prediction (-inf),
    so they come last.
    """
    model = package.judged()
    if package.manifest["dataset_id"] == dataset.dataset_id:
        return model.score
    rows = package.rows_of(dataset.user_ids)
    items = pd.Index(package.item_ids).get_indexer(pd.Index(dataset.item_ids))
    known = items >= 0
    histories = dataset.data.train_matrix()

    def score(users: Ints) -> Floats:
        own = np.empty((users.size, package.item_ids.size), dtype=np.float32)
        trained = rows[users] >= 0
        if trained.any():
            own[trained] = model.score(rows[users[trained]])
        if not trained.all():
            past = [histories.indices[slice(*histories.indptr[user : user + 2])] for user in users[~trained]]
            own[~trained] = model.score_histories([_renumbered(items, mine) for mine in past])
        scores = np.full((users.size, dataset.item_ids.size), -np.inf, dtype=np.float32)
        scores[:, known] = own[:, items[known]]
        return scores

    return score


def _renumbered(items: npt.NDArray[np.int64], mine: Ints) -> Ints:
    theirs = items[mine]
    return theirs[theirs >= 0].astype(np.int32)
