"""A model: the main directions of the matrix of users and items."""

import time
from collections.abc import Sequence

import numpy as np
from scipy.sparse.linalg import svds

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.model.base import FitReport, Progress, SavedModel, history_matrix
from causalrec.model.plugin import PluginRecommender


class SvdRecommender(PluginRecommender):
    """score(u, i) = <history of u projected on ``model.dim`` directions, direction of i>."""

    name = "plugin:example"

    def __init__(self, model: ModelSettings, training: TrainingSettings) -> None:
        self._dim, self._seed = model.dim, training.seed
        self._items: Floats = np.zeros((0, 0), np.float32)
        self._users: Floats = np.zeros((0, 0), np.float32)

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Closed form."""
        began = time.perf_counter()
        matrix = data.train_matrix().astype(np.float64)
        size = min(self._dim, min(matrix.shape) - 1)
        _, _, right = svds(matrix, k=size, rng=np.random.default_rng(self._seed))
        self._items = np.ascontiguousarray(right.T.astype(np.float32))
        self._users = (matrix @ self._items).astype(np.float32)
        seconds = time.perf_counter() - began
        if progress is not None:
            progress(1, {"seconds": seconds})
        return FitReport(1, 1, seconds, seconds)

    def score(self, users: Ints) -> Floats:
        """(n, N)."""
        return np.asarray(self._users[users] @ self._items.T)

    def score_histories(self, histories: Sequence[Ints]) -> Floats:
        """(n, N)."""
        known = history_matrix(histories, len(self._items))
        return np.asarray(known @ self._items @ self._items.T, np.float32)

    def saved(self) -> SavedModel:
        """Both tables."""
        return SavedModel({"users": self._users, "items": self._items}, {})

    def restore(self, saved: SavedModel) -> None:
        """Both tables."""
        self._users, self._items = saved.arrays["users"], saved.arrays["items"]
