"""The interface that every recommender keeps, from popularity to the causal model."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints


class Progress(Protocol):
    """Receives one call per epoch (or per step of a closed form): name -> value."""

    def __call__(self, epoch: int, metrics: dict[str, float]) -> None: ...


@dataclass(frozen=True)
class FitReport:
    """What fitting did: the epochs run, the best validation value, the curve, the cost."""

    epochs: int
    best_epoch: int
    seconds: float
    seconds_per_epoch: float
    history: tuple[dict[str, float], ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class ServingTables:
    """A factorised model as flat tables: score(u, i) = <users[u], items[i]>.

    Attributes:
        users: float32 (U, d).
        items: float32 (N, d), after the adjustments.
        items_unadjusted: float32 (N, d), the factual item states (no back-door sum).
        popularity: float32 (N,) training interactions per item (the fallback ranking).
        coarse: int32 (N,) coarse confounder code, -1 without one.
        fine: int32 (N,) fine confounder code, -1 without one.
        gate: float32 (N,) in [0, 1], strength of evidence for confounding.
        code_names: coarse code -> human-readable name.
    """

    users: Floats
    items: Floats
    items_unadjusted: Floats
    popularity: Floats
    coarse: Ints
    fine: Ints
    gate: Floats
    code_names: tuple[str, ...] = ()


class Recommender(ABC):
    """Fit on training pairs, score every item for any user.

    Scores are only comparable within one user. Nothing may depend on the numbering of ids.
    """

    name: str

    @abstractmethod
    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Learn from ``data.train`` (and choose on ``data.valid``); never read ``data.test``."""

    @abstractmethod
    def score(self, users: Ints) -> Floats:
        """Scores (len(users), N) of all items; higher is better; finite."""

    def serving_tables(self) -> ServingTables | None:
        """The factorised form, or None where the model has none (EASE, item-kNN)."""
        return None

    def recommend(self, users: Ints, k: int, seen: "npt.NDArray[np.bool_] | None" = None) -> tuple[Ints, Floats]:
        """Top ``k`` items and scores per user, best first, ties broken by item id.

        ``seen`` (len(users), N) marks pairs to leave out; they come last with score -inf.
        """
        scores = self.score(users).copy()
        if seen is not None:
            scores[seen] = -np.inf
        k = min(k, scores.shape[1])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
        return order, np.take_along_axis(scores, order, axis=1)
