"""Ranks the catalogue for a batch of users: taste where it is known, popularity where it is not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from causalrec.config.sections import ScoringSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.scoring.catalogue import Catalogue
from causalrec.scoring.histories import Histories
from causalrec.scoring.reasons import Texts, explain, nearest_history, unit_rows
from causalrec.scoring.topk import Indices, TopK, top_k

PAIRS_AT_ONCE = 65_536
MIB = 1 << 20
Bools = npt.NDArray[np.bool_]


class Fallback(StrEnum):
    """Why a user was not served by the plain path; several are joined by '+'."""

    COLD_USER = "cold_user"
    FOLD_IN = "fold_in"
    CATALOGUE_EXHAUSTED = "catalogue_exhausted"


@dataclass(frozen=True)
class Ranked:
    """Recommendations of a batch, ordered by user and rank; arrays (m,).

    ``unadjusted`` is NaN where there is none; ``fallback`` and ``confounders`` are empty there.
    """

    users: Indices
    ranks: Indices
    items: Indices
    scores: Floats
    unadjusted: Floats
    reason_codes: Texts
    reason_texts: Texts
    confounders: Texts
    fallback: Texts


@dataclass(frozen=True)
class UserStates:
    """States (U, d) of the users a model was trained on; row -1 asks for no state."""

    table: Floats

    def take(self, rows: Ints) -> Floats:
        """float32 (B, d); zeros for row -1."""
        found = np.asarray(self.table[np.maximum(rows, 0)], dtype=np.float32)
        return np.where((rows >= 0)[:, None], found, np.float32(0))


class Engine:
    """Exact recommendations from flat arrays; needs neither Spark nor torch.

    Args:
        users: trained user states; None for a model that only scores whole rows.
        score: (model user rows) -> (B, N) scores in the model's item numbering; used without ``users``.
        score_histories: (histories in the model's item numbering) -> (B, N) scores of users it does not know.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        settings: ScoringSettings,
        *,
        users: UserStates | None = None,
        score: Callable[[Ints], Floats] | None = None,
        score_histories: Callable[[Sequence[Ints]], Floats] | None = None,
    ) -> None:
        if (users is None) == (score is None):
            raise ValueError("give user states or a score function, not both")
        self.catalogue, self.settings = catalogue, settings
        self._users, self._score, self._score_histories = users, score, score_histories
        self._units = None if catalogue.states is None else unit_rows(catalogue.states)

    def recommend(self, user_rows: Ints, histories: Histories, k: int) -> Iterator[Ranked]:
        """Blocks of users in order; ``user_rows`` (B,) are model rows, -1 for users it does not know."""
        step = self._block_rows(histories)
        for start in range(0, user_rows.size, step):
            stop = min(start + step, user_rows.size)
            yield self._block(start, user_rows[start:stop], histories.block(start, stop), k)

    def _block_rows(self, histories: Histories) -> int:
        """Users at once, so that score and similarity blocks stay within the memory bound."""
        width = 0 if self._units is None else self._units.shape[1]
        per_user = 4 * (
            3 * self.catalogue.size + 2 * width * (self.settings.reason_history + self.settings.k)
        )
        bound = self.settings.block_mib * MIB // max(per_user, 1)
        return max(1, min(self.settings.user_block, int(bound)))

    def _block(self, offset: int, rows: Ints, past: Histories, k: int) -> Ranked:
        known, foldable = self._paths(rows, past)
        cold = ~known & ~foldable
        top = _merge(
            self._by_taste(rows, known, foldable, past, k), self._by_popularity(cold, past, k), rows.size
        )
        popular = cold[top.rows]
        nearest, similarity = self._nearest(top, past)
        codes, texts = explain(
            self.catalogue, nearest, similarity, popular, self.settings.min_reason_similarity
        )
        labels = _labels(foldable & ~known, cold, np.bincount(top.rows, minlength=rows.size) < k)
        return Ranked(
            users=top.rows + offset,
            ranks=top.ranks,
            items=top.columns,
            scores=top.scores,
            unadjusted=self._unadjusted(rows, known, past, top, popular),
            reason_codes=codes,
            reason_texts=texts,
            confounders=self.catalogue.confounders[top.columns],
            fallback=labels[top.rows],
        )

    def _paths(self, rows: Ints, past: Histories) -> tuple[Bools, Bools]:
        """Users with a usable trained state, and users whose history can stand in for one."""
        has_history = past.lengths > 0
        if self._users is None:
            can_fold = has_history & (self._score_histories is not None)
            return rows >= 0, (rows < 0) & can_fold
        known = (rows >= 0) & self._users.take(rows).any(axis=1)
        return known, ~known & has_history

    def _states(self, rows: Ints, known: Bools, past: Histories) -> Floats:
        """User states (B, d): trained, or the direction of the summed fold-in vectors of the history."""
        assert self._users is not None and self.catalogue.fold is not None  # noqa: S101 - narrows types
        trained = self._users.take(rows)
        owners, items = past.pairs()
        new = ~known[owners]
        sums = np.zeros(trained.shape, dtype=np.float64)
        np.add.at(sums, owners[new], self.catalogue.fold[items[new]].astype(np.float64))
        return np.where(known[:, None], trained, unit_rows(sums.astype(np.float32)))

    def _by_taste(self, rows: Ints, known: Bools, foldable: Bools, past: Histories, k: int) -> TopK:
        chosen = np.flatnonzero(known | foldable)
        if self._users is None:
            return _placed(self._dense(rows, chosen, past, k), chosen)
        assert self.catalogue.states is not None  # noqa: S101 - narrows types
        states, items = self._states(rows, known, past)[chosen], self.catalogue.states
        scores = states @ items.T
        self._mask(scores, chosen, past, rows.size)
        # |fl(x.y) - x.y| <= d eps |x||y|; both the threshold and the candidate may be off
        reach = np.linalg.norm(states, axis=1) * np.linalg.norm(items, axis=1).max(initial=0)
        slack = (4 * states.shape[1] * np.finfo(np.float32).eps * reach).astype(np.float32)
        top = top_k(scores, k, slack=slack, rescore=lambda u, i: dot_pairs(states, items, u, i))
        return _placed(top, chosen)

    def _dense(self, rows: Ints, chosen: Indices, past: Histories, k: int) -> TopK:
        assert self._score is not None  # noqa: S101 - narrows types
        mine = rows[chosen]
        scores = np.empty((chosen.size, self.catalogue.size), dtype=np.float32)
        trained = mine >= 0
        if trained.any():
            scores[trained] = self._score(mine[trained])[:, self.catalogue.model_rows]
        if self._score_histories is not None and not trained.all():
            new = [self.catalogue.model_rows[past.of(int(user))] for user in chosen[~trained]]
            scores[~trained] = self._score_histories(new)[:, self.catalogue.model_rows]
        self._mask(scores, chosen, past, rows.size)
        return top_k(scores, k)

    def _by_popularity(self, cold: Bools, past: Histories, k: int) -> TopK:
        chosen = np.flatnonzero(cold)
        scores = np.repeat(self.catalogue.popularity[None, :], chosen.size, axis=0)
        self._mask(scores, chosen, past, cold.size)
        return _placed(top_k(scores, k), chosen)

    def _mask(self, scores: Floats, chosen: Indices, past: Histories, n_users: int) -> None:
        """Seen items to -inf."""
        if not self.settings.exclude_seen:
            return
        place = np.full(n_users, -1, dtype=np.int64)
        place[chosen] = np.arange(chosen.size)
        owners, items = past.pairs()
        mine = place[owners] >= 0
        scores[place[owners[mine]], items[mine]] = -np.inf

    def _nearest(self, top: TopK, past: Histories) -> tuple[Indices, Floats]:
        if self._units is None:
            return np.full(top.rows.size, -1), np.full(top.rows.size, -1, dtype=np.float32)
        return nearest_history(self._units, top, past, self.settings.reason_history)

    def _unadjusted(self, rows: Ints, known: Bools, past: Histories, top: TopK, popular: Bools) -> Floats:
        if self._users is None or self.catalogue.unadjusted is None:
            return np.full(top.rows.size, np.nan, dtype=np.float32)
        states = self._states(rows, known, past)
        values = dot_pairs(states, self.catalogue.unadjusted, top.rows, top.columns)
        return np.where(popular, np.float32(np.nan), values)


def dot_pairs(left: Floats, right: Floats, rows: Indices, columns: Indices) -> Floats:
    """float32 (m,) <left[rows], right[columns]>, summed in float64, a bounded number of pairs at once."""
    out = np.empty(rows.size, dtype=np.float32)
    for start in range(0, rows.size, PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        first, second = left[rows[part]].astype(np.float64), right[columns[part]].astype(np.float64)
        out[part] = (first * second).sum(axis=1)
    return out


def _placed(top: TopK, chosen: Indices) -> TopK:
    return TopK(chosen[top.rows], top.columns, top.ranks, top.scores)


def _merge(first: TopK, second: TopK, n_users: int) -> TopK:
    """Both selections, ordered by user and rank."""
    rows = np.concatenate([first.rows, second.rows])
    ranks = np.concatenate([first.ranks, second.ranks])
    order = np.lexsort((ranks, rows))
    columns = np.concatenate([first.columns, second.columns])[order]
    return TopK(rows[order], columns, ranks[order], np.concatenate([first.scores, second.scores])[order])


def _labels(folded: Bools, cold: Bools, short: Bools) -> Texts:
    """Fallback label per user; empty for the plain path."""
    path = np.where(cold, Fallback.COLD_USER.value, np.where(folded, Fallback.FOLD_IN.value, ""))
    joint = np.where((path != "") & short, "+", "")
    ending = np.where(short, Fallback.CATALOGUE_EXHAUSTED.value, "")
    return np.char.add(np.char.add(path, joint), ending)
