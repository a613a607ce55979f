"""Ranks the catalogue for a batch of users: by taste if it is known, else by popularity."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.dataset.ties import keys_of
from causalrec.errors import ScoringError
from causalrec.model.blocks import unit_rows
from causalrec.model.read_out import AnyReadOut, ReadOut
from causalrec.ranking.adjustment import ItemEvidence, sentences
from causalrec.ranking.ann import Index
from causalrec.ranking.block import Block, Listed
from causalrec.ranking.boosted import boosted, boosted_selector
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.fused import FINE, worthwhile
from causalrec.ranking.histories import Histories
from causalrec.ranking.listing import Lister, Lists
from causalrec.ranking.places import places_by_score
from causalrec.ranking.ranked import Fallback, Ranked
from causalrec.ranking.reasons import Origins, Texts, explain, nearest_history
from causalrec.ranking.selection import Selector
from causalrec.ranking.slots import Policy, uniforms
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices, TopK
from causalrec.ranking.user_states import UserStates, pair_scores, rows_of

BLOCK_MIB = 64  # memory of one block of scores, in MiB
REASON_HISTORY = 50  # newest history items considered for reasons
MIN_REASON_SIMILARITY = 0.2  # smallest cosine at which a past item is named as a reason

FLOAT = 4
MIB = 1 << 20
SAME = 1e-4  # relative difference between scores computed from different tables
Bools = npt.NDArray[np.bool_]


class Engine:
    """Exact recommendations from flat arrays; needs neither Spark nor torch.

    Args:
        users: trained user states; None for a model that only scores whole rows.
        score: (model user rows) -> (B, N) scores in the model's item numbering; used without ``users``.
        score_histories: (histories in the model's item numbering) -> (B, N) scores of users it does not know.
        index: an approximate index of the states of the :func:`~causalrec.ranking.boosted.boosted`
            catalogue; without it the search is exact.
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
        self._ranked = boosted(catalogue)
        self._evidence = ItemEvidence.of(catalogue)
        self._raw = _with_raw_states(catalogue)
        self._item_keys = keys_of(catalogue.item_ids)

    def recommend(
        self,
        user_rows: Ints,
        histories: Histories,
        k: int,
        user_ids: npt.NDArray[np.object_] | None = None,
        seed: str | None = None,
        hidden: Histories | None = None,
    ) -> Iterator[Ranked]:
        """Blocks of users in order; ``user_rows`` (B,) are model rows, -1 for unknown users.

        ``hidden`` are items that users must not get, in the order of ``histories``.

        Items of equal score are ordered by a hash of user and item; give ``user_ids`` (B,), since rows differ
        between models. With a ``seed`` as well, the places for exploration and new items are drawn by a hash
        of user and seed; without one, all places are filled by taste.
        """
        for block in self._blocks(user_rows, histories, k, user_ids, seed, hidden):
            yield self._explained(block, self._listed(block))

    def listed(
        self,
        user_rows: Ints,
        histories: Histories,
        k: int,
        user_ids: npt.NDArray[np.object_] | None = None,
        seed: str | None = None,
        hidden: Histories | None = None,
    ) -> Iterator[TopK]:
        """The pairs of :meth:`recommend` with their scores, without reasons; rows count over all users."""
        for block in self._blocks(user_rows, histories, k, user_ids, seed, hidden):
            top = self._listed(block).lists.top
            yield replace(top, rows=top.rows + block.offset)

    def with_k(self, k: int) -> "Engine":
        """The same for lists of ``k`` rows, of which reserved places and caps are shares."""
        if k == self.settings.k:
            return self
        made = copy(self)
        made.settings = self.settings.model_copy(update={"k": k})
        made._lister = Lister.of(self.catalogue.rules, made.settings, self._units)
        return made

    def states(self, user_rows: Ints, histories: Histories) -> tuple[Floats, Bools]:
        """States (B, d) that users are ranked by, zero where nothing is known, and who has one by history.

        Raises:
            ScoringError: the model has no states.
        """
        if self._users is None:
            raise no_states()
        trained = self._users.take(user_rows)
        has_state: Bools = np.asarray(trained.any(axis=1))
        states = np.where(has_state[:, None], trained, self._folded(~has_state, histories, trained.shape[1]))
        served: Bools = np.asarray(states.any(axis=1))
        return states, served & ~has_state

    def _blocks(
        self,
        user_rows: Ints,
        histories: Histories,
        k: int,
        user_ids: npt.NDArray[np.object_] | None,
        seed: str | None,
        hidden: Histories | None,
    ) -> Iterator[Block]:
        step = self._block_rows(k)
        for start in range(0, user_rows.size, step):
            stop = min(start + step, user_rows.size)
            ids = None if user_ids is None else user_ids[start:stop]
            chance = None if ids is None or seed is None else partial(uniforms, ids, seed)
            rows = user_rows[start:stop]
            keys = rows.astype(np.uint64) if ids is None else keys_of(ids)
            past = histories.block(start, stop)
            never = self._keys(hidden.block(start, stop)) if hidden is not None else None
            yield Block(start, rows, past, k, chance, Ties(keys, self._item_keys), never)

    def _block_rows(self, k: int) -> int:
        """Users per block, so that score and similarity blocks stay within the memory bound."""
        width = 0 if self._units is None else self._units.shape[1]
        width += 0 if self.catalogue.raw is None else self.catalogue.raw.shape[1]
        fused = self._users is not None and worthwhile(self.catalogue.size, k)
        scores = 2 * self.catalogue.size // FINE if fused else 3 * self.catalogue.size
        pool = k * self.settings.pool if self.settings.diversity or self._lister.caps else 0
        per_user = FLOAT * (scores + 2 * width * (REASON_HISTORY + k) + pool * (width + 8))
        bound = BLOCK_MIB * MIB // max(per_user, 1)
        return max(1, min(self.settings.user_block, int(bound)))

    def _listed(self, block: Block) -> Listed:
        """The lists in the order of the shop, with the scores of the model."""
        selector, folded = self._selector(block.rows, block.past, block.ties)
        masked = self._masked(block.past)
        masked = masked if block.hidden is None else np.union1d(masked, block.hidden)
        order = boosted_selector(selector, self._ranked)
        lists = self._lister.lists(order, masked, block.k, block.chance, block.hidden)
        if order is not selector:
            scores = selector.scores_of(lists.top.rows, lists.top.columns)
            lists = replace(lists, top=replace(lists.top, scores=scores))
        return Listed(selector, folded, lists)

    def _explained(self, block: Block, listed: Listed) -> Ranked:
        selector, lists, rows, past = listed.selector, listed.lists, block.rows, block.past
        top, cold = lists.top, selector.cold
        nearest, similarity = self._nearest(top, past)
        raw, content = self._other_scores(rows, top)
        places, raw_places = self._places(rows, selector, lists, raw, block.k)
        adjustments = self._adjustments(top, raw_places - places, content)
        codes, texts, because = explain(
            self.catalogue,
            nearest,
            similarity,
            _drawn(lists, cold),
            sentences(adjustments, self.catalogue.confounders[top.columns], raw_places > 0),
            MIN_REASON_SIMILARITY,
        )
        return Ranked(
            users=top.rows + block.offset,
            ranks=top.ranks,
            items=top.columns,
            scores=top.scores,
            raw=raw,
            content=content,
            places=places,
            raw_places=raw_places,
            reason_codes=codes,
            reason_texts=texts,
            because=because,
            adjustments=adjustments,
            confounders=self.catalogue.confounders[top.columns],
            fallback=_labels(listed.folded, cold, lists)[top.rows],
            policies=lists.policies,
            propensity=lists.propensity,
        )

    def _selector(self, rows: Ints, past: Histories, ties: Ties) -> tuple[Selector, Bools]:
        """Scores of the block, and the users served only by their history."""
        if self._users is None:
            known = rows >= 0
            folded = ~known & (past.lengths > 0) & (self._score_histories is not None)
            matrix = self._matrix(rows, np.flatnonzero(known | folded), past)
            return Selector(self.catalogue, ~known & ~folded, ties, matrix=matrix), folded
        states, folded = self.states(rows, past)
        cold: Bools = ~np.asarray(states.any(axis=1))
        return Selector(self.catalogue, cold, ties, states=states, index=self._index), folded

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
        """Keys of the items that users have, except those that are bought repeatedly."""
        if not self.settings.exclude_seen:
            return np.empty(0, dtype=np.int64)
        owners, items = past.pairs()
        once = ~self.catalogue.rules.rebuyable[items]
        return np.unique(owners[once] * self.catalogue.size + items[once])

    def _keys(self, of: Histories) -> Indices:
        owners, items = of.pairs()
        return np.unique(owners * self.catalogue.size + items)

    def _nearest(self, top: TopK, past: Histories) -> tuple[Indices, Floats]:
        if self._units is None:
            return np.full(top.rows.size, -1), np.full(top.rows.size, -1, dtype=np.float32)
        return nearest_history(self._units, top, past, REASON_HISTORY)

    def _other_scores(self, rows: Ints, top: TopK) -> tuple[Floats, Floats]:
        """The scores of the listed pairs by the raw model, and their content effects."""
        users = self._users
        if users is None:
            return pair_scores(rows, None, None, top), pair_scores(rows, None, None, top)
        return (
            pair_scores(rows, users.raw, self.catalogue.raw, top),
            pair_scores(rows, users.content, self.catalogue.content, top),
        )

    def _places(
        self, rows: Ints, ours: Selector, lists: Lists, raw_scores: Floats, k: int
    ) -> tuple[Indices, Indices]:
        """Places by score and by the raw model.

        0 without a raw model, and if the search is approximate (an exact one would cost more than the search
        itself).
        """
        table = None if self._users is None else self._users.raw
        if table is None or self._raw is None or self._index is not None or not self.settings.adjusted_places:
            nowhere = np.zeros(lists.top.rows.size, dtype=np.int64)
            return nowhere, nowhere
        states = rows_of(table, rows)
        compared = np.flatnonzero(states.any(axis=1) & ~ours.cold)
        raw = Selector(self._raw, np.zeros(rows.size, dtype=np.bool_), ours.ties, states=states)
        places, raw_places = places_by_score(self._lister, lists, ours, raw, compared, k)
        unknown = np.isnan(raw_scores)
        return np.where(unknown, 0, places), np.where(unknown, 0, raw_places)

    def _adjustments(self, top: TopK, gained: Indices, content: Floats) -> Texts:
        """The adjustment's effect on each row that it moved by at least ``adjusted_places`` places."""
        moved = np.where(np.abs(gained) >= self.settings.adjusted_places, gained, 0)
        return self._evidence.codes(top.columns, moved, np.isclose(content, top.scores, rtol=SAME))


def no_states() -> ScoringError:
    """The error of a model that scores without vectors."""
    return ScoringError(
        "the model has no vectors of users and items",
        do="take a model that has them (causal, lightgcn, ...), or ask for none (export.vectors)",
    )


def _with_raw_states(catalogue: Catalogue) -> Catalogue | None:
    """The catalogue for the raw model; items it does not know score zero."""
    return None if catalogue.raw is None else replace(catalogue, states=np.nan_to_num(catalogue.raw))


def _drawn(lists: Lists, cold: Bools) -> Origins:
    """How each row got into its list."""
    by_taste = lists.policies == Policy.TASTE.value
    return Origins(
        popular=by_taste & cold[lists.top.rows],
        random=lists.policies == Policy.UNIFORM.value,
        new=lists.policies == Policy.NEW_ITEMS.value,
        promoted=np.isin(lists.policies, [Policy.PINNED.value, Policy.PROMOTED.value]),
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
