"""The model's order with what the shop adds to it.

An item's boost is one more dimension of its state, against a one in every user's state, so that exact,
tiled and approximate search work as they are. A factor of the expected response is not additive in log-odds:
the search then goes by an upper bound, and goes on until nothing outside can be better.
"""

from dataclasses import dataclass, replace

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.item_rules import Boosts
from causalrec.ranking.masks import Subset
from causalrec.ranking.selection import Selector, merged
from causalrec.ranking.topk import Indices, TopK, ranked

WIDER = 4  # growth of the search where its end is not yet below the last chosen value


def boosted(catalogue: Catalogue) -> Catalogue:
    """The catalogue as it is ranked: states with their boost, popularity times its factor."""
    boosts = catalogue.rules.boosts
    if boosts is None:
        return catalogue
    states = catalogue.states
    if states is not None:
        states = np.hstack([states, boosts.whole[:, None]])
    popularity = (catalogue.popularity * np.exp(boosts.whole)).astype(np.float32)
    return replace(catalogue, states=states, popularity=popularity)


def with_one(states: Floats) -> Floats:
    """User states (B, d) beside a one, (B, d + 1): their products with boosted items have the boost."""
    return np.hstack([states, np.ones((states.shape[0], 1), dtype=states.dtype)])


def boosted_selector(selector: Selector, ranked_catalogue: Catalogue) -> Selector:
    """``selector`` in the order of :func:`boosted`; its scores are what items are ordered by."""
    boosts = selector.catalogue.rules.boosts
    if boosts is None:
        return selector
    states = None if selector.states is None else with_one(selector.states)
    matrix = None if selector.matrix is None else selector.matrix + boosts.whole
    found = replace(selector, catalogue=ranked_catalogue, states=states, matrix=matrix)
    if not boosts.odds or not boosts.log_times.any():
        return found
    return _ByExpectation(
        ranked_catalogue, found.cold, found.ties, states, matrix, found.index, log_times=boosts.log_times
    )


@dataclass(frozen=True)
class _ByExpectation(Selector):
    """Orders by log P(response) + log_times; what it inherits orders by the log-odds instead of the log P."""

    log_times: Floats | None = None

    def best(self, users: Indices, masked: Indices, k: int, within: Subset) -> TopK:
        """See :meth:`Selector.best`; scores are the logarithms of expectations.

        log P = log-odds - log(1 + odds) <= log-odds, so an item outside the search is worth at most what the
        last item inside was found by.
        """
        left, depth, parts = np.arange(users.size), k, []
        while left.size and k:
            found = super().best(users[left], masked, depth, within)
            values = self._values(users[left], found)
            ties = self.ties.take(users[left], np.arange(within.size))
            top = ranked(found.rows, found.columns, values, left.size, k, ties)
            more = _open(found, top, left.size, k, depth) & ~self.cold[users[left]]
            done = ~more[top.rows]
            parts.append(TopK(left[top.rows[done]], top.columns[done], top.ranks[done], top.scores[done]))
            left, depth = left[more], depth * WIDER
        return merged(parts)

    def _values(self, users: Indices, found: TopK) -> Floats:
        assert self.log_times is not None  # noqa: S101 - narrows types
        logits = found.scores - self.log_times[found.columns]
        values = found.scores - np.logaddexp(np.float32(0), logits)
        return np.where(self.cold[users[found.rows]], found.scores, values).astype(np.float32)


def _open(found: TopK, top: TopK, n_users: int, k: int, depth: int) -> "np.typing.NDArray[np.bool_]":
    """Users for whom an item beyond the search may still be better than the last of the chosen."""
    bound = np.full(n_users, -np.inf, dtype=np.float32)
    last = found.ranks == depth
    bound[found.rows[last]] = found.scores[last]
    worst = np.full(n_users, -np.inf, dtype=np.float32)
    full = top.ranks == k
    worst[top.rows[full]] = top.scores[full]
    more: np.typing.NDArray[np.bool_] = worst < bound
    return more


def boosts_of(added: Floats, log_times: Floats, odds: bool) -> Boosts | None:
    """None where nothing is boosted, so that lists are searched as without any rule."""
    if not added.any() and not log_times.any():
        return None
    return Boosts(added.astype(np.float32), log_times.astype(np.float32), odds)
