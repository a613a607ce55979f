"""Everything that is measured about one fitted model, as rows of the ``evaluations`` table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Interactions
from causalrec.evaluation.beyond import catalogue_metrics
from causalrec.evaluation.bootstrap import interval
from causalrec.evaluation.debiased import random_exposure_metrics
from causalrec.evaluation.ranking import RankedUsers, Score, Split, rank_per_user
from causalrec.evaluation.slices import slice_metrics

KS = (10, 20)
RANDOM_K = 5


@dataclass(frozen=True)
class MetricRow:
    """One value: ``metric`` without its cut-off, ``k`` 0 where it has none, interval where it is known."""

    split: str
    metric: str
    k: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """The rows, and the per-user values behind them for paired tests: name -> float64 (M,)."""

    rows: tuple[MetricRow, ...]
    ranked: RankedUsers

    def value(self, name: str) -> float:
        """The value of ``name`` such as ``ndcg@20``."""
        metric, k = _parts(name)
        return next(row.value for row in self.rows if (row.metric, row.k) == (metric, k))

    def per_user(self, name: str) -> npt.NDArray[np.float64]:
        """Per-user values of a ranking metric such as ``ndcg@20``, in ascending order of user."""
        return self.ranked.metrics[name]


def evaluate_all(
    score: Score, data: Interactions, split: Split, ks: Sequence[int] = KS, batch: int = 1024
) -> Evaluation:
    """Ranking metrics with bootstrap intervals, catalogue, slice and random-exposure metrics of one model.

    ``score`` is :meth:`Recommender.score` or any function like it. Random exposure is evaluated with the test
    split only: like the test set it is looked at once.
    """
    ranked = rank_per_user(score, data, split, ks, batch)
    rows = [_with_interval(split, name, values) for name, values in ranked.metrics.items()]
    plain: dict[str, float] = {}
    for k in ks:
        plain |= catalogue_metrics(ranked.users, ranked.lists[:, :k], data, k)
    plain |= slice_metrics(ranked, data, split, max(ks))
    if split == "test":
        plain |= random_exposure_metrics(score, data, RANDOM_K, batch)
    rows += [MetricRow(split, *_parts(name), value) for name, value in plain.items()]
    return Evaluation(tuple(rows), ranked)


def _with_interval(split: str, name: str, values: npt.NDArray[np.float64]) -> MetricRow:
    found = interval(values)
    return MetricRow(split, *_parts(name), found.value, found.low, found.high)


def _parts(name: str) -> tuple[str, int]:
    metric, _, k = name.partition("@")
    return metric, int(k or 0)
