"""What lists would be worth if their items were shown, estimated from logged outcomes and propensities."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats, Interactions, Ints, pair_keys, unique_pairs
from causalrec.metrics.debiased import effective_sample_size, liked_outcomes, snips_hit_rate
from causalrec.metrics.doubly_robust import list_value
from causalrec.metrics.off_policy import Value, snips
from causalrec.metrics.ranked import RankedUsers
from causalrec.metrics.ranking import Score, masked_scores
from causalrec.metrics.topk import top_k

Doubles = npt.NDArray[np.float64]

SHRINK = 10.0  # pairs by which an item's mean is drawn to the mean of all


class OthersMeans:
    """Outcome model: an item's mean outcome among *other* users, so that no outcome predicts itself.

    Args:
        log: float32 (3, n) user, item, outcome, each pair once.
    """

    def __init__(self, log: Floats, n_users: int, n_items: int) -> None:
        places = (log[0].astype(np.int64), log[1].astype(np.int64))
        outcomes = log[2].astype(np.float64)
        shape = (n_users, n_items)
        self.seen = sp.csr_matrix((np.ones(outcomes.size), places), shape=shape)
        self.liked = sp.csr_matrix((outcomes, places), shape=shape)
        self.overall = float(outcomes.mean()) if outcomes.size else 0.0
        self.counts = np.bincount(places[1], minlength=n_items).astype(np.float64)
        self.sums = np.bincount(places[1], outcomes, minlength=n_items)

    def __call__(self, users: Ints, items: Ints) -> Doubles:
        """Means (n,) for ``users`` (n,) and ``items`` (n,)."""
        own, mine = (np.asarray(part[users, items]).ravel() for part in (self.seen, self.liked))
        found = self.sums[items] - mine + SHRINK * self.overall
        return np.asarray(found / (self.counts[items] - own + SHRINK))


@dataclass(frozen=True)
class ExposedLists:
    """What would be listed for the users to whom chance showed something.

    Attributes:
        k: rows of a list that were asked for.
        users: int32 (M,), ascending.
        lists: int32 (M, at most k), best first, -1 for an empty place.
    """

    k: int
    users: Ints
    lists: Ints


def exposed_lists(score: Score, data: Interactions, k: int, batch: int = 1024) -> ExposedLists | None:
    """Lists of the whole catalogue without training items; None without random exposure."""
    log = data.random_exposure
    if log is None or log.shape[1] == 0:
        return None
    users = np.unique(log[0]).astype(np.int32)
    lists = np.empty((users.size, min(k, data.n_items)), dtype=np.int32)
    for rows, scores in masked_scores(score, data, users, batch):
        best = top_k(scores, k, users[rows])
        listed = np.isfinite(np.take_along_axis(scores, best, axis=1))
        lists[rows] = np.where(listed, best, np.int32(-1))
    return ExposedLists(k, users, lists)


def uniform_list_value(listed: ExposedLists | None, data: Interactions) -> dict[str, Doubles]:
    """``dr_liked@k`` per user with random exposure, ascending: doubly robust share of liked items listed.

    Chance showed every pair alike, so that the propensity of each is the share of all pairs that were shown.
    ``dr_support@k`` counts the listed items that chance has shown to the user: where it is 0 the value is the
    outcome model's alone. Empty without random exposure.
    """
    log = data.random_exposure
    if listed is None or log is None:
        return {}
    keys, first = np.unique(
        log[0].astype(np.int64) * data.n_items + log[1].astype(np.int64), return_index=True
    )
    outcomes = liked_outcomes(log[2])[first].astype(np.float32)
    once = np.stack([*np.divmod(keys, data.n_items), outcomes]).astype(np.float32)
    users, lists = listed.users, listed.lists
    chance = np.full(keys.size, keys.size / (users.size * data.n_items))
    model = OthersMeans(once, data.n_users, data.n_items)
    value = list_value(lists, users, once, chance, model, data.n_items, clip=0.0)
    listed_keys = users.astype(np.int64)[:, None] * data.n_items + lists
    support = (np.isin(listed_keys, keys) & (lists >= 0)).sum(axis=1).astype(np.float64)
    return {f"dr_liked@{listed.k}": np.nan_to_num(value), f"dr_support@{listed.k}": support}


def uniform_policy_value(listed: ExposedLists | None, data: Interactions) -> dict[str, Value]:
    """``snips_liked@k``: response to a look at a random row of each user's list.

    A round is a pair that chance showed; every item that is not in the user's history counts as equally
    likely. The new policy shows each of the ``k`` listed items with the same chance. Rounds of a user are one
    cluster. Empty without random exposure, and where chance showed no listed item.

    A pair that chance showed never trains, even if the user chose it elsewhere too, so pairs that people like
    are more frequent here than among all that a list may hold. The mean weight shows by how much (1: not at
    all); plain IPS would be too large by that factor and is not reported. Models can be compared, for the
    log is the same for all.
    """
    log = data.random_exposure
    if listed is None or log is None:
        return {}
    history = unique_pairs(data.train)
    # a list leaves out what the user has
    fresh = ~np.isin(pair_keys(log[:2].astype(np.int32)), pair_keys(history))
    owners, items = log[:2, fresh].astype(np.int64)
    own = listed.lists[np.searchsorted(listed.users, owners)]
    others = data.n_items - np.bincount(history[0], minlength=data.n_users)[owners]
    hit = (own == items[:, None]).any(axis=1)
    weights = np.where(hit, others / np.maximum((own >= 0).sum(axis=1), 1), 0.0)
    if not weights.any():
        return {}
    rewards = liked_outcomes(log[2])[fresh].astype(np.float64)
    return {f"snips_liked@{listed.k}": snips(rewards, weights, owners)}


def snips_metrics(ranked: RankedUsers, held_out: Ints, propensity: Floats, n_items: int) -> dict[str, float]:
    """``snips_hit@K``: share of held-out pairs that the lists would hold, had all been shown alike.

    ``snips_ess``: how many equally weighted pairs its weights are worth.

    Args:
        held_out: int32 (2, n). propensity: float32 (U, N), the logged chance that a pair was shown.
    """
    rate = snips_hit_rate(ranked.lists, ranked.users, held_out, propensity, n_items)
    weighted = effective_sample_size(propensity[held_out[0], held_out[1]].astype(np.float64))
    return {f"snips_hit@{ranked.lists.shape[1]}": rate, "snips_ess": weighted}
