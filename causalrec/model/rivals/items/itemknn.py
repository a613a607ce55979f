"""Item-kNN on co-occurrence: shrunk cosine, the k nearest items per item."""

import time

import numpy as np
import scipy.sparse as sp

from causalrec.config.rivals import BaselineSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.model.base import FitReport, Progress
from causalrec.model.rivals.items.itemitem import NeighbourRecommender
from causalrec.model.rivals.popularity import closed_form_report


class ItemKnnRecommender(NeighbourRecommender):
    """score(u, i) = sum over the history of c_ij / (sqrt(c_i c_j) + shrink), j kept if i is near it."""

    name = "item_knn"

    def __init__(self, settings: BaselineSettings) -> None:
        super().__init__()
        self.settings = settings

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Builds the neighbour lists block by block; nothing of size N x N is held."""
        start = time.perf_counter()
        history = self.remember(data)
        columns = history.T.tocsr()
        root = np.sqrt(np.maximum(np.asarray(history.sum(axis=0)).ravel(), 1.0)).astype(np.float32)
        step = self.settings.row_block
        blocks = [
            self._nearest(columns[first : first + step] @ history, first, root)
            for first in range(0, data.n_items, step)
        ]
        self.similar = sp.vstack(blocks, format="csr", dtype=np.float32)
        return closed_form_report(time.perf_counter() - start, progress)

    def _nearest(self, counts: sp.csr_matrix, first: int, root: Floats) -> sp.csr_matrix:
        pairs = counts.tocoo()
        rows, columns = pairs.row, pairs.col
        values = pairs.data / (root[rows + first] * root[columns] + self.settings.knn_shrink)
        other = columns != rows + first
        rows, columns, values = rows[other], columns[other], values[other]
        order = np.lexsort((columns, -values, rows))
        rows, columns, values = rows[order], columns[order], values[order]
        place = np.arange(rows.size) - np.searchsorted(rows, rows)
        near = place < self.settings.knn_neighbours
        return sp.csr_matrix((values[near], (rows[near], columns[near])), shape=counts.shape)
