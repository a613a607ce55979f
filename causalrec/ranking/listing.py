"""Assembles the lists of a block of users: drawn places, then taste under the shop's rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.ranking.item_rules import ItemRules
from causalrec.ranking.masks import Subset, counts, joined
from causalrec.ranking.rerank import NOTHING, Cap, as_matrix, choose
from causalrec.ranking.selection import Selector
from causalrec.ranking.slots import Policy, Slot, SlotItems, draw_free, slots_of
from causalrec.ranking.topk import Indices, TopK, places

ORDER = {Policy.UNIFORM: 0, Policy.PINNED: 1}
ROUNDING = 1e-9  # so that 0.3 of 20 places are 6
WIDER = 4  # growth of the pool if caps leave a list short
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]
Chance = Callable[[str], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Lists:
    """The lists of a block, ordered by user and rank; arrays (m,), and three labels per user (B,).

    ``taken`` are the keys excluded from places by taste: what users have, and what was drawn.
    """

    top: TopK
    policies: Texts
    propensity: Floats
    seen_again: Bools
    short: Bools
    capped: Bools
    taken: Indices


@dataclass(frozen=True)
class Lister:
    """Builds lists under ``settings``; ``units`` (N, d) are unit item states, for diversity."""

    rules: ItemRules
    settings: ScoringSettings
    units: Floats | None
    slots: tuple[Slot, ...] = field(default=())

    @staticmethod
    def of(rules: ItemRules, settings: ScoringSettings, units: Floats | None) -> "Lister":
        """A lister with the places that the settings reserve."""
        return Lister(rules, settings, units, tuple(slots_of(settings, rules.pinned, rules.promoted)))

    @cached_property
    def listed(self) -> Subset:
        """Items that may take personal places."""
        return Subset.where(self.rules.listed)

    @cached_property
    def fresh(self) -> Subset:
        """New items."""
        return Subset.where(self.rules.fresh)

    @cached_property
    def caps(self) -> list[Cap]:
        """The caps of the settings and of the rules file."""
        pairs = (
            (self.rules.category, self.settings.max_per_category),
            (self.rules.brand, self.settings.max_per_brand),
        )
        shares = [(one.codes, one.list_share) for one in self.rules.capped if one.list_share is not None]
        whole = [(codes, int(share * self.settings.k + ROUNDING)) for codes, share in shares]
        return [Cap(codes, most) for codes, most in (*pairs, *whole) if most is not None]

    @property
    def reranked(self) -> bool:
        """Whether caps or diversity choose within the best items."""
        return bool(self.caps) or self.settings.diversity > 0

    @cached_property
    def reserved(self) -> dict[Slot, Subset]:
        """The items that a pinned or promoted place is for."""
        rules = self.rules
        of = {Policy.PINNED: rules.pinned, Policy.PROMOTED: rules.promoted}
        return {
            slot: Subset.where(of[slot.policy][slot.which].items & rules.listed)
            for slot in self.slots
            if slot.policy in of
        }

    def lists(
        self,
        selector: Selector,
        masked: Indices,
        k: int,
        chance: Chance | None,
        hidden: Indices | None = None,
    ) -> Lists:
        """Lists of up to ``k`` items for all users of the block.

        Args:
            masked: keys of what users have and may not get again, and of what is hidden from them.
            hidden: the latter, which not even those get who have everything.
            chance: purpose -> uniform numbers (B,); None fills all places by taste.
        """
        n_users, n_items = selector.cold.size, self.listed.size
        left = self._left(masked, n_users)
        seen_again = left == 0
        masked = masked[~seen_again[masked // max(n_items, 1)]]
        masked = masked if hidden is None else np.union1d(masked, hidden)
        drawn = [] if chance is None else self._draw(selector, masked, chance)
        taken = masked
        for one in drawn:
            taken = joined(taken, one.items, n_items)
        filled = np.sum([one.items >= 0 for one in drawn], axis=0, dtype=np.int64, initial=0)
        filled = np.broadcast_to(filled, (n_users,))
        mine = self._personal(selector, taken, k, drawn)
        mine = _first(mine, k - filled)
        rows = np.bincount(mine.rows, minlength=n_users)
        short = rows + filled < k
        capped = short & (rows < self._left(taken, n_users)) & bool(self.caps)
        top, policies, propensity = _assembled(selector, mine, drawn, n_users)
        return Lists(top, policies, propensity, seen_again & (rows + filled > 0), short, capped, taken)

    def _left(self, masked: Indices, n_users: int) -> Indices:
        size = self.listed.positions.size
        return size - counts(self.listed.masked(masked), n_users, size)

    def _draw(self, selector: Selector, masked: Indices, chance: Chance) -> list[SlotItems]:
        """Exploration comes first: its draw must not depend on what else is shown. Pins come next."""
        drawn: list[SlotItems] = []
        first = sorted(range(len(self.slots)), key=lambda n: ORDER.get(self.slots[n].policy, len(ORDER)))
        uniform = sum(slot.policy == Policy.UNIFORM for slot in self.slots)
        free = self.listed.size - counts(masked, selector.cold.size, self.listed.size)
        for place in first:
            slot = self.slots[place]
            if slot.policy == Policy.UNIFORM:
                items, _ = draw_free(chance(f"{place}"), masked, self.listed.size)
                odds = np.minimum(uniform / np.maximum(free, 1), 1).astype(np.float32)
                drawn.append(SlotItems(slot, items, odds))
            elif slot in self.reserved:
                drawn.append(_best_of(selector, masked, slot, self.reserved[slot]))
            else:
                drawn.append(self._new_item(selector, masked, chance, place))
            masked = joined(masked, drawn[-1].items, self.listed.size)
        return drawn

    def _new_item(self, selector: Selector, masked: Indices, chance: Chance, place: int) -> SlotItems:
        """The user's best new item, or with probability ``new_item_uniform`` any."""
        n_users = selector.cold.size
        inside = self.fresh.masked(masked)
        anyone, free = draw_free(chance(f"{place}"), inside, self.fresh.positions.size)
        anyone = np.where(anyone >= 0, self.fresh.positions[anyone] if self.fresh.positions.size else -1, -1)
        best = np.full(n_users, -1)
        liked = Subset.where(self.rules.fresh & self.rules.listed)
        warm = np.flatnonzero(~selector.cold)
        top = selector.best(warm, masked, 1, liked)
        best[warm[top.rows]] = top.columns
        share = np.where(best >= 0, self.settings.new_item_uniform, 1.0)
        items = np.where(chance(f"{place} coin") < share, anyone, best)
        odds = share / np.maximum(free, 1) + np.where(items == best, 1 - share, 0)
        return SlotItems(self.slots[place], items, odds.astype(np.float32))

    def _personal(self, selector: Selector, taken: Indices, k: int, drawn: list[SlotItems]) -> TopK:
        users = np.arange(selector.cold.size)
        if not self.reranked:
            return selector.best(users, taken, k, self.listed)
        there = np.stack([one.items for one in drawn], axis=1) if drawn else None
        parts, pool = [], k * self.settings.pool
        while users.size:
            found = selector.best(users, taken, pool, self.listed)
            items, scores = as_matrix(found, users.size)
            elsewhere = None if there is None else there[users]
            picks = choose(items, scores, k, self.caps, self.units, self.settings.diversity, elsewhere)
            count = (picks != NOTHING).sum(axis=1)
            more = (count < k) & ((items != NOTHING).sum(axis=1) >= pool)  # caps apply, and the pool was full
            parts.append(_chosen(users, items, scores, picks, ~more))
            users, pool = users[more], pool * WIDER
        return _ordered(parts)


def _best_of(selector: Selector, masked: Indices, slot: Slot, items: Subset) -> SlotItems:
    """The best of the items for each user who may get one of them."""
    everyone = np.arange(selector.cold.size)
    found = np.full(everyone.size, -1)
    top = selector.best(everyone, masked, 1, items)
    found[top.rows] = top.columns
    return SlotItems(slot, found, np.ones(everyone.size, dtype=np.float32))


def _chosen(users: Indices, items: Indices, scores: Floats, picks: Indices, done: Bools) -> TopK:
    rows, steps = np.nonzero((picks != NOTHING) & done[:, None])
    slots = picks[rows, steps]
    return TopK(users[rows], items[rows, slots], steps + 1, scores[rows, slots])


def _ordered(parts: list[TopK]) -> TopK:
    rows, columns, ranks = (
        np.concatenate([np.empty(0, np.int64), *(getattr(part, name) for part in parts)])
        for name in ("rows", "columns", "ranks")
    )
    scores = np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)])
    order = np.lexsort((ranks, rows))
    return TopK(rows[order], columns[order], ranks[order], scores[order])


def _first(top: TopK, most: Indices) -> TopK:
    """At most ``most`` (B,) rows of each user."""
    keep = top.ranks <= most[top.rows]
    return TopK(top.rows[keep], top.columns[keep], top.ranks[keep], top.scores[keep])


def _assembled(
    selector: Selector, mine: TopK, drawn: list[SlotItems], n_users: int
) -> tuple[TopK, Texts, Floats]:
    """Personal rows move back by one for every filled place before them; gaps at the end are closed."""
    place = mine.ranks.astype(np.float64)
    rows, columns, at = [mine.rows], [mine.columns], [place]
    policies = [np.full(mine.rows.size, Policy.TASTE.value, dtype=object)]
    odds = [np.ones(mine.rows.size, dtype=np.float32)]
    scores = [mine.scores]
    for one in sorted(drawn, key=lambda one: one.slot.rank):
        users = np.flatnonzero(one.items >= 0)
        has = one.items[mine.rows] >= 0
        place += has & (place >= one.slot.rank)
        rows.append(users)
        columns.append(one.items[users])
        at.append(np.full(users.size, float(one.slot.rank)))
        policies.append(np.full(users.size, one.slot.policy.value, dtype=object))
        odds.append(one.propensity[users])
        scores.append(selector.scores_of(users, one.items[users]))
    row = np.concatenate(rows)
    order = np.lexsort((np.concatenate(at), row))
    row = row[order]
    top = TopK(row, np.concatenate(columns)[order], places(row, n_users), np.concatenate(scores)[order])
    return top, np.concatenate(policies)[order].astype(str), np.concatenate(odds)[order]
