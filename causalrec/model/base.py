"""The interface of every recommender, from popularity to the causal model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.config.bench import Value
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.ties import numbered, tie_breakers
from causalrec.model.worth import ModuleWorth


class Progress(Protocol):
    """Receives one call per epoch (or per step of a closed form): name -> value."""

    def __call__(self, epoch: int, metrics: dict[str, float]) -> None: ...


@dataclass(frozen=True)
class FitReport:
    """The result of a fit: epochs run, best validation value, curve, cost."""

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
        raw_users, raw_items: float32 (U, r) and (N, r) of a raw model of the same data, which adjusts for
            nothing: score_raw(u, i) = <raw_users[u], raw_items[i]>. None if no raw model was fitted.
        content_users, content_items: float32 (U, c) and (N, c) whose product is the content effect, without
            demand for brand and category. None if the model does not separate it.
        exposure: float32 (N,), what an item's score gains from being shown often if lists are to follow what
            will be chosen anyway: <users[u], items[i]> + exposure[i]. None if that was not learnt.
    """

    users: Floats
    items: Floats
    items_unadjusted: Floats
    popularity: Floats
    coarse: Ints
    fine: Ints
    gate: Floats
    code_names: tuple[str, ...] = ()
    raw_users: Floats | None = None
    raw_items: Floats | None = None
    content_users: Floats | None = None
    content_items: Floats | None = None
    exposure: Floats | None = None

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The tables by name, without those that the model does not have."""
        found = {name: getattr(self, name) for name in TABLES}
        return {name: array for name, array in found.items() if array is not None}

    @staticmethod
    def of(arrays: Mapping[str, npt.NDArray[Any] | None], code_names: Sequence[str]) -> "ServingTables":
        """The inverse of :meth:`arrays`; other names in ``arrays`` are ignored.

        Raises:
            KeyError: a table that every factorised model has is missing.
        """
        found: dict[str, Any] = {name: arrays[name] for name in TABLES if name not in OPTIONAL}
        found |= {name: arrays.get(name) for name in OPTIONAL}
        return ServingTables(**found, code_names=tuple(code_names))


# absent from older saved models
OPTIONAL = ("raw_users", "raw_items", "content_users", "content_items", "exposure")
TABLES = tuple(column.name for column in fields(ServingTables) if column.name != "code_names")


@dataclass(frozen=True)
class SavedModel:
    """A fitted model as named arrays (safetensors) and facts (JSON); nothing else is ever stored."""

    arrays: dict[str, npt.NDArray[Any]]
    facts: dict[str, Any]


class Judge(Protocol):
    """Quality of scores on ``data.valid``; higher is better. Used by models that choose between settings."""

    def __call__(self, score: Callable[[Ints], Floats], data: Interactions) -> float: ...


class Recommender(ABC):
    """Fit on training pairs, score every item for any user.

    Scores are only comparable within one user. Results must not depend on the numbering of ids.
    """

    name: str
    # setting -> values that tuning tries
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = MappingProxyType({})
    # settings that did well on other data; tuning tries them early
    starts: ClassVar[tuple[Mapping[str, Value], ...]] = ()
    recipe: Mapping[str, Any] = MappingProxyType({})  # the settings it was built with, as JSON; saved with it
    worth: tuple[ModuleWorth, ...] = ()  # the measured gain of each causal module; saved with it

    def search_space(self, data: Interactions) -> Mapping[str, tuple[Value, ...]]:
        """What tuning tries on ``data``: ``space``, unless the kind of data decides what is fitted."""
        return self.space

    @abstractmethod
    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Learn from ``data.train`` (and select on ``data.valid``); never reads ``data.test``."""

    @abstractmethod
    def score(self, users: Ints) -> Floats:
        """Scores (len(users), N) of all items; higher is better; finite."""

    @abstractmethod
    def score_histories(self, histories: Sequence[Ints]) -> Floats:
        """Scores (len(histories), N) for new users, each given as a list of known item ids; no retraining."""

    @abstractmethod
    def saved(self) -> SavedModel:
        """Everything that :meth:`restore` needs to score again."""

    @abstractmethod
    def restore(self, saved: SavedModel) -> None:
        """The inverse of :meth:`saved`."""

    def serving_tables(self) -> ServingTables | None:
        """The factorised form, or None if the model has none (EASE, item-kNN)."""
        return None

    def recommend(
        self, users: Ints, k: int, seen: "npt.NDArray[np.bool_] | None" = None
    ) -> tuple[Ints, Floats]:
        """Top ``k`` items and scores per user, best first, ties broken by a hash of user and item.

        ``seen`` (len(users), N) marks pairs to leave out; they come last with score -inf.
        """
        return best_first(self.score(users), users, k, seen)


def best_first(
    scores: Floats, users: Ints, k: int, seen: "npt.NDArray[np.bool_] | None" = None
) -> tuple[Ints, Floats]:
    """Column ids and values of the ``k`` largest scores of ``users``.

    Ties in random order, seen ones last.
    """
    scores = scores.copy()
    if seen is not None:
        scores[seen] = -np.inf
    k = min(k, scores.shape[1])
    chance = tie_breakers(users[:, None].astype(np.uint64), numbered(scores.shape[1]))
    order = np.lexsort((chance, -scores))[:, :k].astype(np.int32)
    return order, np.take_along_axis(scores, order, axis=1)


def history_matrix(histories: Sequence[Ints], n_items: int) -> sp.csr_matrix:
    """Binary float32 CSR (len(histories), N); an item listed twice counts once."""
    indptr = np.concatenate([[0], np.cumsum([len(items) for items in histories])]).astype(np.int64)
    indices = np.concatenate([np.asarray(items, np.int64) for items in histories] or [np.empty(0, np.int64)])
    ones = np.ones(indices.size, dtype=np.float32)
    matrix = sp.csr_matrix((ones, indices, indptr), shape=(len(histories), n_items))
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix
