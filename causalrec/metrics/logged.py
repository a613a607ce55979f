"""The value of lists if their items were shown, estimated from logged outcomes and propensities."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats, Interactions, Ints, pair_keys, unique_pairs, without
from causalrec.metrics.debiased import effective_sample_size, liked_outcomes, snips_hit_rate
from causalrec.metrics.doubly_robust import list_value
from causalrec.metrics.off_policy import Value, snips
from causalrec.metrics.ranked import RankedUsers
from causalrec.metrics.ranking import Score, masked_scores
from causalrec.metrics.topk import top_k

Doubles = npt.NDArray[np.float64]

SHRINK = 10.0  # prior pairs that shrink an item's mean towards the overall mean


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


def history(data: Interactions) -> Ints:
    """int32 (2, n): pairs that the user chose where chance did not show them, whatever their split.

    This is what a published list leaves out, and chance has no say in it: which of the remaining items
    of a user were shown at random is a fair draw of them. Training pairs alone would not do, for those that
    chance showed never train: among the items outside of them, what the user likes was shown more often.
    """
    chosen = np.concatenate([data.train, data.valid, data.test], axis=1)
    if data.random_exposure is None or data.chosen_elsewhere is None:
        return unique_pairs(chosen)
    exposed = data.random_exposure[:2].astype(np.int32)
    return unique_pairs(np.concatenate([without(chosen, exposed), data.chosen_elsewhere], axis=1))


@dataclass(frozen=True)
class ExposedLists:
    """What would be listed for the users to whom chance showed something new to them.

    Attributes:
        k: requested length of a list.
        users: int32 (M,), ascending.
        lists: int32 (M, at most k), best first, -1 for an empty place; without the user's history.
        log: float32 (3, n) user, item, liked (0 or 1): pairs outside of the histories, each once, sorted.
        candidates: int64 (M,), items outside of the user's history.
    """

    k: int
    users: Ints
    lists: Ints
    log: Floats
    candidates: npt.NDArray[np.int64]

    def chances(self) -> Doubles:
        """(n,) propensity of each pair of the log: the share of the user's candidates that chance showed.

        Exact given how many were shown to the user, for every candidate was as likely to be among them.
        """
        owner = np.searchsorted(self.users, self.log[0].astype(np.int64))
        shown = np.bincount(owner, minlength=self.users.size)
        return np.asarray(shown[owner] / self.candidates[owner], dtype=np.float64)


def exposed_lists(score: Score, data: Interactions, k: int, batch: int = 1024) -> ExposedLists | None:
    """Lists of the catalogue without the histories; None where chance showed nothing outside of them."""
    if data.random_exposure is None or data.random_exposure.shape[1] == 0:
        return None
    past = history(data)
    log = _log_outside(data.random_exposure, past)
    if log.shape[1] == 0:
        return None
    users = np.unique(log[0]).astype(np.int32)
    candidates = data.n_items - np.bincount(past[0], minlength=data.n_users)[users]
    lists = np.empty((users.size, min(k, data.n_items)), dtype=np.int32)
    for rows, scores in masked_scores(score, replace(data, train=past), users, batch):
        best = top_k(scores, k, users[rows])
        listed = np.isfinite(np.take_along_axis(scores, best, axis=1))
        lists[rows] = np.where(listed, best, np.int32(-1))
    return ExposedLists(k, users, lists, log, candidates)


def _log_outside(log: Floats, past: Ints) -> Floats:
    """``log`` (3, n) as user, item, liked without the pairs of ``past`` (2, m), each pair once, sorted."""
    keys, first = np.unique(pair_keys(log[:2].astype(np.int32)), return_index=True)
    first = first[~np.isin(keys, pair_keys(past))]
    return np.vstack([log[:2, first], liked_outcomes(log[2])[first]]).astype(np.float32)


def uniform_list_value(listed: ExposedLists | None, data: Interactions) -> dict[str, Doubles]:
    """``dr_liked@k`` per user of ``listed``: doubly robust share of liked items listed.

    ``dr_support@k`` counts the listed items that were shown to the user at random: if it is 0, the value is
    that of the outcome model alone. Empty without random exposure.
    """
    if listed is None:
        return {}
    users, lists, log = listed.users, listed.lists, listed.log
    model = OthersMeans(log, data.n_users, data.n_items)
    value = list_value(lists, users, log, listed.chances(), model, data.n_items, clip=0.0)
    keys = log[0].astype(np.int64) * data.n_items + log[1].astype(np.int64)
    listed_keys = users.astype(np.int64)[:, None] * data.n_items + lists
    support = (np.isin(listed_keys, keys) & (lists >= 0)).sum(axis=1).astype(np.float64)
    return {f"dr_liked@{listed.k}": np.nan_to_num(value), f"dr_support@{listed.k}": support}


def uniform_policy_value(listed: ExposedLists | None) -> dict[str, Value]:
    """``snips_liked@k``: response to a look at a random row of each user's list.

    A round is a pair that chance showed; every item outside of the user's history was equally likely. The new
    policy shows each of the ``k`` listed items with the same chance. Rounds of a user are one cluster. Empty
    without random exposure, and where chance showed no listed item.
    """
    if listed is None:
        return {}
    owners, items = listed.log[:2].astype(np.int64)
    owner = np.searchsorted(listed.users, owners)
    own = listed.lists[owner]
    hit = (own == items[:, None]).any(axis=1)
    rows = np.maximum((own >= 0).sum(axis=1), 1)
    weights = np.where(hit, listed.candidates[owner] / rows, 0.0)
    if not weights.any():
        return {}
    return {f"snips_liked@{listed.k}": snips(listed.log[2].astype(np.float64), weights, owners)}


def snips_metrics(ranked: RankedUsers, held_out: Ints, propensity: Floats, n_items: int) -> dict[str, float]:
    """``snips_hit@K``: share of held-out pairs that the lists would contain, had all been shown equally.

    ``snips_ess``: the equivalent number of equally weighted pairs.

    Args:
        held_out: int32 (2, n). propensity: float32 (U, N), the logged probability that a pair was shown.
    """
    rate = snips_hit_rate(ranked.lists, ranked.users, held_out, propensity, n_items)
    weighted = effective_sample_size(propensity[held_out[0], held_out[1]].astype(np.float64))
    return {f"snips_hit@{ranked.lists.shape[1]}": rate, "snips_ess": weighted}
