"""Recommenders that score a user by summing over the history: history @ weights."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import TrainingError
from causalrec.model.base import Recommender, SavedModel, history_matrix


class HistoryRecommender(Recommender):
    """Keeps the training histories and applies an item-item operator to them."""

    history: sp.csr_matrix | None = None

    @abstractmethod
    def apply(self, history: sp.csr_matrix) -> Floats:
        """Scores (rows, N) of histories (rows, N)."""

    def remember(self, data: Interactions) -> sp.csr_matrix:
        """Stores and returns the binary training matrix."""
        self.history = data.train_matrix()
        self.history.sum_duplicates()
        self.history.data[:] = 1.0
        return self.history

    def known(self) -> sp.csr_matrix:
        """The training histories.

        Raises:
            TrainingError: not fitted.
        """
        if self.history is None:
            raise TrainingError(f"{self.name} is not fitted", do="call fit or load a saved model first")
        return self.history

    def score(self, users: Ints) -> Floats:
        """Scores (len(users), N)."""
        return self.apply(self.known()[users])

    def score_histories(self, histories: Sequence[Ints]) -> Floats:
        """Scores of new users by the same operator."""
        return self.apply(history_matrix(histories, self.known().shape[1]))

    def saved(self) -> SavedModel:
        """The histories; subclasses add their operator."""
        return SavedModel(csr_arrays("history", self.known()), {"shape": list(self.known().shape)})

    def restore(self, saved: SavedModel) -> None:
        """Restores the histories."""
        n_users, n_items = saved.facts["shape"]
        self.history = csr_from("history", saved.arrays, (n_users, n_items))


class NeighbourRecommender(HistoryRecommender):
    """Applies a sparse matrix of near items.

    Attributes:
        similar: (N, N), row by row the items near one item; empty before it is fitted.
    """

    def __init__(self) -> None:
        self.similar: sp.csr_matrix = sp.csr_matrix(np.empty((0, 0), dtype=np.float32))

    def apply(self, history: sp.csr_matrix) -> Floats:
        """History times the neighbour matrix."""
        return np.asarray((history @ self.similar).todense(), dtype=np.float32)

    def saved(self) -> SavedModel:
        """Histories and neighbour lists."""
        base = super().saved()
        return SavedModel({**base.arrays, **csr_arrays("similar", self.similar)}, base.facts)

    def restore(self, saved: SavedModel) -> None:
        """Restores both."""
        super().restore(saved)
        n_items = saved.facts["shape"][1]
        self.similar = csr_from("similar", saved.arrays, (n_items, n_items))


def csr_arrays(name: str, matrix: sp.csr_matrix) -> dict[str, npt.NDArray[Any]]:
    """The three arrays of a CSR matrix under a common prefix."""
    return {
        f"{name}.data": matrix.data,
        f"{name}.indices": matrix.indices.astype(np.int32),
        f"{name}.indptr": matrix.indptr.astype(np.int64),
    }


def csr_from(name: str, arrays: dict[str, npt.NDArray[Any]], shape: tuple[int, int]) -> sp.csr_matrix:
    """The inverse of :func:`csr_arrays`."""
    return sp.csr_matrix(
        (arrays[f"{name}.data"], arrays[f"{name}.indices"], arrays[f"{name}.indptr"]), shape=shape
    )
