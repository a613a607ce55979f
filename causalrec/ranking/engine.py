"""Ranks the catalogue for a batch of users: taste where it is known, popularity where it is not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.config.sections import ScoringSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.blocks import unit_rows
from causalrec.model.read_out import AnyReadOut, ReadOut
from causalrec.ranking.ann import Index
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.fused import FINE, worthwhile
from causalrec.ranking.histories import Histories
from causalrec.ranking.listing import Chance, Lister, Lists
from causalrec.ranking.reasons import Drawn, Texts, explain, nearest_history
from causalrec.ranking.selection import Selector
from causalrec.ranking.slots import Policy, uniforms
from causalrec.ranking.topk import Indices, TopK, dot_pairs

FLOAT = 4
MIB = 1 << 20
Bools = npt.NDArray[np.bool_]


class Fallback(StrEnum):
    """Why a user was not served by the plain path; several are joined by '+'."""

    COLD_USER = "cold_user"
    FOLD_IN = "fold_in"
    SEEN_EVERYTHING = "seen_everything"
    """The user has all that may be listed, and is shown it again."""
    CATALOGUE_EXHAUSTED = "catalogue_exhausted"
    """Fewer rows: there is nothing left that the user does not have yet."""
    CAPS_REACHED = "caps_reached"
    """Fewer rows: what is left is over the caps per category or brand."""


@dataclass(frozen=True)
class Ranked:
    """Recommendations of a batch, ordered by user and rank; arrays (m,).

    ``unadjusted`` is NaN where there is none; ``fallback`` and ``confounders`` are empty there.
    ``propensity`` is the probability with which the policy of the row chose the item for this user.
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
    policies: Texts
    propensity: Floats


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
        index: an approximate index of the catalogue's states; without it the search is exact.
        read_out: from the summed fold-in vectors of a history to a state; default: their direction.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        settings: ScoringSettings,
        *,
        users: UserStates | None = None,
        score: Callable[[Ints], Floats] | None = None,
        score_histories: Callable[[Sequence[Ints]], Floats] | None = None,
        index: Index | None = None,
        read_out: AnyReadOut | None = None,
    ) -> None:
        if (users is None) == (score is None):
            raise ValueError("give user states or a score function, not both")
        self.catalogue, self.settings = catalogue, settings
        self._users, self._score, self._score_histories = users, score, score_histories
        self._units = None if catalogue.states is None else unit_rows(catalogue.states)
        self._lister = Lister.of(catalogue.rules, settings, self._units)
        self._index, self._read_out = index, read_out

    def recommend(
        self,
        user_rows: Ints,
        histories: Histories,
        k: int,
        user_ids: npt.NDArray[np.object_] | None = None,
        seed: str = "",
    ) -> Iterator[Ranked]:
        """Blocks of users in order; ``user_rows`` (B,) are model rows, -1 for users it does not know.

        With ``user_ids`` (B,) the places of exploration and of new items are drawn by a hash of user and
        ``seed``; without, all places are given by taste.
        """
        step = self._block_rows(k)
        for start in range(0, user_rows.size, step):
            stop = min(start + step, user_rows.size)
            ids = None if user_ids is None else user_ids[start:stop]
            chance = None if ids is None else partial(uniforms, ids, seed)
            yield self._block(start, user_rows[start:stop], histories.block(start, stop), k, chance)

    def _block_rows(self, k: int) -> int:
        """Users at once, so that score and similarity blocks stay within the memory bound."""
        width = 0 if self._units is None else self._units.shape[1]
        fused = self._users is not None and worthwhile(self.catalogue.size, k)
        scores = 2 * self.catalogue.size // FINE if fused else 3 * self.catalogue.size
        pool = k * self.settings.pool if self.settings.diversity or self._lister.caps else 0
        per_user = FLOAT * (scores + 2 * width * (self.settings.reason_history + k) + pool * (width + 8))
        bound = self.settings.block_mib * MIB // max(per_user, 1)
        return max(1, min(self.settings.user_block, int(bound)))

    def _block(self, offset: int, rows: Ints, past: Histories, k: int, chance: Chance | None) -> Ranked:
        selector, folded, states = self._selector(rows, past)
        lists = self._lister.lists(selector, self._masked(past), k, chance)
        top, cold = lists.top, selector.cold
        nearest, similarity = self._nearest(top, past)
        codes, texts = explain(
            self.catalogue, nearest, similarity, _drawn(lists, cold), self.settings.min_reason_similarity
        )
        return Ranked(
            users=top.rows + offset,
            ranks=top.ranks,
            items=top.columns,
            scores=top.scores,
            unadjusted=self._unadjusted(states, top, cold),
            reason_codes=codes,
            reason_texts=texts,
            confounders=self.catalogue.confounders[top.columns],
            fallback=_labels(folded, cold, lists)[top.rows],
            policies=lists.policies,
            propensity=lists.propensity,
        )

    def _selector(self, rows: Ints, past: Histories) -> tuple[Selector, Bools, Floats | None]:
        """Scores of the block, the users served by their history alone, and the user states."""
        if self._users is None:
            known = rows >= 0
            folded = ~known & (past.lengths > 0) & (self._score_histories is not None)
            matrix = self._matrix(rows, np.flatnonzero(known | folded), past)
            return Selector(self.catalogue, ~known & ~folded, matrix=matrix), folded, None
        trained = self._users.take(rows)
        has_state: Bools = np.asarray(trained.any(axis=1))
        states = np.where(has_state[:, None], trained, self._folded(~has_state, past, trained.shape[1]))
        served: Bools = np.asarray(states.any(axis=1))
        return (
            Selector(self.catalogue, ~served, states=states, index=self._index),
            served & ~has_state,
            states,
        )

    def _folded(self, new: Bools, past: Histories, width: int) -> Floats:
        """States (B, d) read out of the summed fold-in vectors of the history; zero without one."""
        assert self.catalogue.fold is not None  # noqa: S101 - narrows types
        owners, items = past.pairs()
        mine = new[owners]
        known, place = np.unique(items[mine], return_inverse=True)
        shape = (new.size, known.size)
        ones = np.ones(place.size, dtype=np.float32)
        histories = sp.csr_matrix((ones, (owners[mine], place.ravel())), shape=shape)
        read_out = ReadOut((width,)) if self._read_out is None else self._read_out
        return read_out.of_histories(histories, self.catalogue.fold[known])

    def _matrix(self, rows: Ints, chosen: Indices, past: Histories) -> Floats:
        """Scores (B, N) in catalogue order of the chosen users; -inf for items new to the model."""
        assert self._score is not None  # noqa: S101 - narrows types
        mine, place = rows[chosen], self.catalogue.model_rows
        scores = np.full((rows.size, self.catalogue.size), -np.inf, dtype=np.float32)
        trained = mine >= 0
        if trained.any():
            scores[chosen[trained]] = self._score(mine[trained])[:, place]
        if self._score_histories is not None and not trained.all():
            new = [place[past.of(int(user))] for user in chosen[~trained]]
            scores[chosen[~trained]] = self._score_histories([items[items >= 0] for items in new])[:, place]
        scores[:, place < 0] = -np.inf
        return scores

    def _masked(self, past: Histories) -> Indices:
        """Keys of what the users have, unless it is bought again and again."""
        if not self.settings.exclude_seen:
            return np.empty(0, dtype=np.int64)
        owners, items = past.pairs()
        once = ~self.catalogue.rules.rebuyable[items]
        return np.unique(owners[once] * self.catalogue.size + items[once])

    def _nearest(self, top: TopK, past: Histories) -> tuple[Indices, Floats]:
        if self._units is None:
            return np.full(top.rows.size, -1), np.full(top.rows.size, -1, dtype=np.float32)
        return nearest_history(self._units, top, past, self.settings.reason_history)

    def _unadjusted(self, states: Floats | None, top: TopK, cold: Bools) -> Floats:
        if states is None or self.catalogue.unadjusted is None:
            return np.full(top.rows.size, np.nan, dtype=np.float32)
        values = dot_pairs(states, self.catalogue.unadjusted, top.rows, top.columns)
        return np.where(cold[top.rows], np.float32(np.nan), values)


def _drawn(lists: Lists, cold: Bools) -> Drawn:
    """How each row came into its list."""
    by_taste = lists.policies == Policy.TASTE.value
    return Drawn(
        popular=by_taste & cold[lists.top.rows],
        random=lists.policies == Policy.UNIFORM.value,
        new=lists.policies == Policy.NEW_ITEMS.value,
    )


def _labels(folded: Bools, cold: Bools, lists: Lists) -> Texts:
    """Fallback labels per user, joined by '+'; empty for the plain path."""
    joint: npt.NDArray[np.str_] = np.full(cold.size, "")
    for name, mask in (
        (Fallback.COLD_USER, cold),
        (Fallback.FOLD_IN, folded),
        (Fallback.SEEN_EVERYTHING, lists.seen_again),
        (Fallback.CAPS_REACHED, lists.capped),
        (Fallback.CATALOGUE_EXHAUSTED, lists.short & ~lists.capped),
    ):
        between = np.where(joint != "", "+", "")
        joint = np.where(mask, np.char.add(np.char.add(joint, between), name.value), joint)
    return joint
