"""What a model is worth once exposure bias is taken out: uniform exposure, and logged propensities."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.metrics.off_policy import effective_size
from causalrec.metrics.ranking import Score

Doubles = npt.NDArray[np.float64]

LIKED = 4  # ratings from here on count as liked; a 0/1 outcome is used directly
CLIP = 0.01  # smallest propensity; lower ones are clipped


@dataclass(frozen=True)
class Exposed:
    """Model scores of the pairs that uniform exposure showed, grouped by user.

    Attributes:
        users: int32 (n,), ascending.
        scores: float64 (n,).
        liked: bool (n,).
    """

    users: Ints
    scores: Doubles
    liked: npt.NDArray[np.bool_]


def exposed_per_user(exposed: Exposed | None, k: int) -> dict[str, Doubles]:
    """``random_ndcg@k`` and ``random_auc`` per user with a value, users ascending: float64 (M,) each.

    Only shown pairs are ranked, so the exposure policy of the log plays no part. Users who liked none of them
    (NDCG), or all or none (AUC), have no value and are left out. Empty if there is no such log.

    Which users have a value depends only on the outcomes, so values of two models can be paired. A metric
    without any value is left out.
    """
    if exposed is None:
        return {}
    found = {f"random_ndcg@{k}": _ndcg(exposed, k), "random_auc": _auc(exposed)}
    return {name: values for name, values in found.items() if values.size}


def exposed_scores(score: Score, data: Interactions, batch: int = 1024) -> Exposed | None:
    """Scores of all randomly exposed pairs; None without any."""
    if data.random_exposure is None or data.random_exposure.shape[1] == 0:
        return None
    users, items = data.random_exposure[:2].astype(np.int32)
    outcome = data.random_exposure[2]
    order = np.lexsort((items, users))
    users, items, outcome = users[order], items[order], outcome[order]
    liked = liked_outcomes(outcome)
    scores = np.empty(users.size, dtype=np.float64)
    distinct, place = np.unique(users, return_inverse=True)
    for start in range(0, distinct.size, batch):
        rows = slice(*np.searchsorted(place, [start, start + batch]))
        scores[rows] = score(distinct[start : start + batch])[place[rows] - start, items[rows]]
    return Exposed(users, scores, liked)


def liked_outcomes(outcomes: Floats) -> npt.NDArray[np.bool_]:
    """Which of ``outcomes`` (n,), ratings of 1 to 5 or clicks of 0 and 1, count as liked."""
    return outcomes >= LIKED if outcomes.size and outcomes.max() > 1 else outcomes > 0


def _ndcg(exposed: Exposed, k: int) -> Doubles:
    """Per user with a liked pair.

    Tied scores share the mean gain of their ranks, so that order does not matter.
    """
    order = np.lexsort((-exposed.scores, exposed.users))
    users, scores, liked = exposed.users[order], exposed.scores[order], exposed.liked[order]
    fresh = np.flatnonzero(np.diff(users, prepend=-1))
    owner = np.cumsum(np.diff(users, prepend=-1) != 0) - 1
    place = np.arange(users.size) - fresh[owner]
    discount = np.where(place < k, 1 / np.log2(place + 2), 0.0)
    tie = np.cumsum((np.diff(scores, prepend=np.nan) != 0) | (place == 0)) - 1
    shared = (np.bincount(tie, discount) / np.bincount(tie))[tie]
    gained = np.bincount(owner, shared * liked)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    wanted = np.bincount(owner, liked)
    some = wanted > 0
    return np.asarray(gained[some] / ideal[np.minimum(wanted[some], k).astype(int)])


def _auc(exposed: Exposed) -> Doubles:
    """Per user the probability that a liked pair scores above one not liked (Mann-Whitney.

    Ties count half).
    """
    from scipy.stats import rankdata  # takes a second to import, and only evaluations need it

    _, owner = np.unique(exposed.users, return_inverse=True)
    apart = owner + rankdata(exposed.scores) / (exposed.scores.size + 1)  # users one after another
    ranks = rankdata(apart)
    first = np.concatenate([[0], np.cumsum(np.bincount(owner))[:-1]])
    inside = ranks - first[owner]
    liked = np.bincount(owner, exposed.liked)
    rest = np.bincount(owner) - liked
    both = (liked > 0) & (rest > 0)
    wins = np.bincount(owner, inside * exposed.liked) - liked * (liked + 1) / 2
    return np.asarray(wins[both] / (liked[both] * rest[both]))


def snips(values: Doubles, propensities: Doubles, clip: float = CLIP) -> float:
    """Self-normalised inverse propensity estimate of the mean of ``values`` (n,) under uniform exposure.

    ``propensities`` (n,) are the logged probabilities with which each observed pair was shown, clipped from
    below (Swaminathan and Joachims 2015). The bias of clipping is the price of a bounded variance.
    """
    weights = 1.0 / np.maximum(propensities, clip)
    return float(weights @ values / weights.sum())


def effective_sample_size(propensities: Doubles, clip: float = CLIP) -> float:
    """(sum w)^2 / sum w^2 of the inverse propensity weights: the equivalent number of equal weights."""
    return effective_size(1.0 / np.maximum(propensities, clip))


def snips_hit_rate(
    lists: Ints, users: Ints, pairs: Ints, propensity: Floats, n_items: int, clip: float = CLIP
) -> float:
    """SNIPS estimate of how often a held-out positive would be listed if all items were shown equally often.

    Args:
        lists: int32 (M, k) recommended items per user of ``users`` (M,), -1 for an empty place.
        pairs: int32 (2, n) held-out positives.
        propensity: float32 (U, N) exposure propensities, or (N,) by item.
    """
    keys = (users.astype(np.int64)[:, None] * n_items + lists)[lists >= 0]
    hit = np.isin(pairs[0].astype(np.int64) * n_items + pairs[1], keys).astype(np.float64)
    shown = propensity[pairs[1]] if propensity.ndim == 1 else propensity[pairs[0], pairs[1]]
    return snips(hit, shown.astype(np.float64), clip)
