"""Content-kNN: the items that look and read most like those of the history."""

import time
from itertools import product

import numpy as np
import scipy.sparse as sp

from causalrec.config.rivals import BaselineSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.dataset.sample import JUDGED_USERS, sampled
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Judge, Progress
from causalrec.model.neighbours import nearest
from causalrec.model.rivals.items.content_ease import DIRECTIONS, unit_content
from causalrec.model.rivals.items.itemitem import NeighbourRecommender
from causalrec.model.rivals.popularity import closed_form_report


class ContentKnnRecommender(NeighbourRecommender):
    """score(u, i) = sum over the history of the cosine of whitened content, for the k nearest of each item.

    Validation chooses the modalities (each alone, or all) and k.
    """

    name = "content_knn"

    def __init__(self, settings: BaselineSettings, judge: Judge, seed: int) -> None:
        super().__init__()
        self.settings, self.judge, self.seed = settings, judge, seed

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Builds the neighbour lists of every choice, block by block, and keeps the best.

        Raises:
            TrainingError: no item has content.
        """
        start = time.perf_counter()
        content = unit_content(data, DIRECTIONS)
        if not content:
            raise TrainingError("content-kNN has no content to compare", do="add a modality or another model")
        self.remember(data)
        views = [*content.values()]
        views += [np.concatenate(views, axis=1)] if len(views) > 1 else []
        judged_on = sampled(data, JUDGED_USERS, self.seed)
        options = list(product(views, self.settings.content_neighbours))
        best = -np.inf
        for view, k in options if data.valid.shape[1] else options[-1:]:
            before, self.similar = self.similar, self._lists(view, k)
            value = self.judge(self.score, judged_on) if data.valid.shape[1] else 0.0
            if value > best:
                best = value
            else:
                self.similar = before
        return closed_form_report(time.perf_counter() - start, progress)

    def _lists(self, view: Floats, k: int) -> sp.csr_matrix:
        return nearest(view, view, k, self.settings.row_block, same=True)
