"""EASE: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019), a closed form."""

import time

import numpy as np
import scipy.linalg.lapack
import scipy.sparse as sp

from causalrec.config.rivals import BaselineSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Judge, Progress, SavedModel
from causalrec.model.rivals.items.itemitem import HistoryRecommender
from causalrec.model.rivals.popularity import closed_form_report

MAX_ITEMS = 30_000  # largest catalogue for closed forms over all pairs of items
BLOCK = 1_024  # rows of a triangle that are copied at once


def closed_form_bytes(n_items: int) -> int:
    """Most memory that a fit takes: the Gram matrix, the best weights so far and those being solved for."""
    return 3 * 4 * n_items**2


class EaseRecommender(HistoryRecommender):
    """B = I - P diag(1 / diag(P)), P = (X'X + ridge I)^-1; scores are X B. Dense N x N in float32."""

    name = "ease"

    def __init__(self, settings: BaselineSettings, judge: Judge) -> None:
        self.settings, self.judge = settings, judge
        self.weights: Floats = np.empty((0, 0), dtype=np.float32)
        self.ridge = settings.ease_ridges[0]

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Solves once per penalty and keeps the best on validation; without validation pairs, the first.

        Raises:
            TrainingError: the catalogue has more than :data:`MAX_ITEMS` items.
        """
        if data.n_items > MAX_ITEMS:
            raise TrainingError(
                f"EASE needs a dense {data.n_items} x {data.n_items} matrix; the limit is {MAX_ITEMS} items",
                do="choose another model",
            )
        start = time.perf_counter()
        history = self.remember(data)
        gram = np.asarray((history.T @ history).todense(), dtype=np.float32)
        penalties = self.penalties(gram.diagonal())
        penalties = penalties if data.valid.shape[1] else penalties[:1]
        best = -np.inf
        for penalty in penalties:
            before, self.weights = self.weights, _solve(gram, penalty)
            value = self.judge(self.score, data) if len(penalties) > 1 else 0.0
            if value > best:
                best, self.ridge = value, float(penalty.min())
            else:
                self.weights = before
        return closed_form_report(time.perf_counter() - start, progress)

    def penalties(self, counts: Floats) -> list[Floats]:
        """What is added to the diagonal of the Gram matrix, (N,) each; ``counts`` (N,) is that diagonal."""
        return [np.full_like(counts, ridge) for ridge in self.settings.ease_ridges]

    def apply(self, history: sp.csr_matrix) -> Floats:
        """History times the learned item-item weights."""
        return np.asarray(history @ self.weights, dtype=np.float32)

    def saved(self) -> SavedModel:
        """Histories and weights."""
        base = super().saved()
        return SavedModel({**base.arrays, "weights": self.weights}, {**base.facts, "ridge": self.ridge})

    def restore(self, saved: SavedModel) -> None:
        """Restores both."""
        super().restore(saved)
        self.weights = saved.arrays["weights"]
        self.ridge = float(saved.facts["ridge"])


def _solve(gram: Floats, penalty: Floats) -> Floats:
    """Zero-diagonal weights (N, N) of one penalty (N,); the inverse is made in the memory of the result."""
    regular = gram.copy(order="F")
    regular[np.diag_indices_from(regular)] += penalty
    factor, indefinite = scipy.linalg.lapack.spotrf(regular, lower=1, clean=0, overwrite_a=1)
    inverse, singular = scipy.linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    if indefinite or singular:
        raise TrainingError("the Gram matrix with its ridge is not positive definite", do="raise the ridges")
    weights: Floats = inverse.T  # in C order, with the upper triangle
    for start in range(0, weights.shape[0], BLOCK):
        rows = slice(start, start + BLOCK)
        weights[rows, rows] = np.triu(weights[rows, rows]) + np.triu(weights[rows, rows], 1).T
        weights[rows.stop :, rows] = weights[rows, rows.stop :].T
    weights /= -np.diag(weights).copy()
    weights[np.diag_indices_from(weights)] = 0.0
    return weights
