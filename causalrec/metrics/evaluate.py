"""Everything measured about one fitted model, as rows of the ``evaluations`` table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Interactions
from causalrec.metrics.beyond import catalogue_metrics
from causalrec.metrics.bootstrap import interval
from causalrec.metrics.calibration import Calibration, calibration
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.metrics.logged import exposed_lists, uniform_list_value, uniform_policy_value
from causalrec.metrics.off_policy import Value
from causalrec.metrics.ranked import RankedUsers
from causalrec.metrics.ranking import Score, Split, rank_per_user
from causalrec.metrics.slices import slice_metrics

Doubles = npt.NDArray[np.float64]

KS = (10, 20)
RANDOM_K = 5


@dataclass(frozen=True)
class MetricRow:
    """One value: ``metric`` without its cut-off, ``k`` 0 if it has none, and the interval if known."""

    split: str
    metric: str
    k: int
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def name(self) -> str:
        """The metric with its cut-off, such as ``ndcg@20``."""
        return full_name(self.metric, self.k)


@dataclass(frozen=True)
class Evaluation:
    """The rows, and the data behind them.

    Attributes:
        exposed: ``random_ndcg@k``, ``random_auc``, ``dr_liked@k`` and ``dr_support@k`` per user with a value;
            empty without random exposure.
        curve: reliability on random exposure, or None.
    """

    rows: tuple[MetricRow, ...]
    ranked: RankedUsers
    exposed: dict[str, Doubles] = field(default_factory=dict)
    curve: Calibration | None = None

    def value(self, name: str) -> float:
        """The value of ``name`` such as ``ndcg@20``."""
        metric, k = name_parts(name)
        return next(row.value for row in self.rows if (row.metric, row.k) == (metric, k))

    def per_user(self, name: str) -> Doubles:
        """Per-user values of a metric such as ``ndcg@20``, float64 (M,), in ascending order of user."""
        return self.paired[name]

    @property
    def paired(self) -> dict[str, Doubles]:
        """Every metric with values per user, for paired tests."""
        return self.ranked.metrics | self.exposed


def evaluate_all(
    score: Score, data: Interactions, split: Split, ks: Sequence[int] = KS, batch: int = 1024
) -> Evaluation:
    """Ranking metrics with bootstrap intervals, catalogue, slice, calibration and random-exposure metrics.

    ``score`` is :meth:`Recommender.score` or any function like it. Random exposure is evaluated only with the
    test split: like the test set, it is used once.
    """
    ranked = rank_per_user(score, data, split, ks, batch)
    rows = [_with_interval(split, name, values) for name, values in ranked.metrics.items()]
    plain: dict[str, float] = {}
    for k in ks:
        plain |= catalogue_metrics(ranked.users, ranked.lists[:, :k], data, k)
    plain |= slice_metrics(ranked, data, split, max(ks))
    exposed = exposed_scores(score, data, batch) if split == "test" else None
    per_user = exposed_per_user(exposed, RANDOM_K)
    if exposed is not None:
        listed = exposed_lists(score, data, RANDOM_K, batch)
        per_user |= uniform_list_value(listed, data)
        plain["random_users"] = float(per_user.get(f"random_ndcg@{RANDOM_K}", np.empty(0)).size)
        rows += _values(split, uniform_policy_value(listed))
    rows += [_with_interval(split, name, values) for name, values in per_user.items()]
    curve = None if exposed is None else calibration(exposed.users, exposed.scores, exposed.liked)
    plain |= _calibration_metrics("random_", curve) | _calibration_metrics("", list_calibration(ranked))
    rows += [MetricRow(split, *name_parts(name), value) for name, value in plain.items()]
    return Evaluation(tuple(rows), ranked, per_user, curve)


def _values(split: str, found: dict[str, Value]) -> list[MetricRow]:
    """Off-policy values with their intervals; ``ess_liked``: the effective number of looks behind them;
    ``weight_liked``: their mean weight, 1 if everything a list may contain was shown with equal
        probability."""
    rows = [
        MetricRow(split, *name_parts(name), one.estimate, one.low, one.high) for name, one in found.items()
    ]
    for one in found.values():
        rows.append(MetricRow(split, "ess_liked", RANDOM_K, one.effective))
        rows.append(MetricRow(split, "weight_liked", RANDOM_K, one.mean_weight))
    return rows


def list_calibration(ranked: RankedUsers) -> Calibration | None:
    """Reliability of listed items: of those with probability p, is a share p held out?"""
    listed = ranked.lists >= 0
    users = np.broadcast_to(ranked.users[:, None], listed.shape)[listed]
    return calibration(users, ranked.scores[listed].astype(np.float64), ranked.hits[listed])


def _calibration_metrics(prefix: str, found: Calibration | None) -> dict[str, float]:
    return {} if found is None else {f"{prefix}ece": found.ece, f"{prefix}brier": found.brier}


def _with_interval(split: str, name: str, values: Doubles) -> MetricRow:
    found = interval(values)
    return MetricRow(split, *name_parts(name), found.value, found.low, found.high)


def name_parts(name: str) -> tuple[str, int]:
    """A metric such as ``ndcg@20`` without its cut-off, and that, 0 if it has none."""
    metric, _, k = name.partition("@")
    return metric, int(k or 0)


def full_name(metric: str, k: int) -> str:
    """The inverse of :func:`name_parts`."""
    return f"{metric}@{k}" if k else metric
