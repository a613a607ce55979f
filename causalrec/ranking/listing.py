"""Assembles the lists of a block of users: drawn places, then taste under the shop's rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.ranking.item_rules import ItemRules
from causalrec.ranking.lists import Begun, Bools, Lists, Texts, assembled, chosen_rows, first_rows, in_order
from causalrec.ranking.masks import Subset, counts, joined
from causalrec.ranking.rerank import NOTHING, Cap, as_matrix, choose
from causalrec.ranking.selection import Selector
from causalrec.ranking.slots import Policy, Slot, SlotItems, draw_free, slots_of
from causalrec.ranking.topk import Indices, TopK

ORDER = {Policy.UNIFORM: 0, Policy.PINNED: 1}
ROUNDING = 1e-9  # so that 0.3 of 20 places are 6
WIDER = 4  # growth of the pool if caps leave a list short
Chance = Callable[[str], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Lister:
    """Builds lists under ``settings``; ``units`` (N, d) are unit item states, for diversity."""

    rules: ItemRules
    settings: ScoringSettings
    units: Floats | None
    slots: tuple[Slot, ...] = field(default=())
    more_caps: tuple[Cap, ...] = ()

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
        """The caps of the settings and of the rules file, and ``more_caps``."""
        pairs = (
            (self.rules.category, self.settings.max_per_category),
            (self.rules.brand, self.settings.max_per_brand),
        )
        shares = [(one.codes, one.list_share) for one in self.rules.capped if one.list_share is not None]
        whole = [(codes, int(share * self.settings.k + ROUNDING)) for codes, share in shares]
        own = [Cap(codes, most) for codes, most in (*pairs, *whole) if most is not None]
        return [*own, *self.more_caps]

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
        begun = self.begun(selector, masked, chance, hidden)
        mine = first_rows(self._personal(selector, begun.taken, k, begun.drawn), k - begun.filled)
        return self.ended(selector, begun, mine, k, np.full(mine.rows.size, Policy.TASTE.value, dtype=object))

    def begun(
        self,
        selector: Selector,
        masked: Indices,
        chance: Chance | None,
        hidden: Indices | None,
        everything: Bools | None = None,
    ) -> Begun:
        """The lists before taste fills them; see :meth:`lists`.

        Args:
            everything: (B,) users who are shown again what they have; None: those to whom nothing else is
                left.
        """
        n_users, n_items = selector.cold.size, self.listed.size
        again = self.left(masked, n_users) == 0 if everything is None else everything
        masked = masked[~again[masked // max(n_items, 1)]]
        masked = masked if hidden is None else np.union1d(masked, hidden)
        drawn = [] if chance is None else self._draw(selector, masked, chance)
        taken = masked
        for one in drawn:
            taken = joined(taken, one.items, n_items)
        filled = np.sum([one.items >= 0 for one in drawn], axis=0, dtype=np.int64, initial=0)
        return Begun(taken, drawn, np.broadcast_to(filled, (n_users,)), again)

    def ended(self, selector: Selector, begun: Begun, mine: TopK, k: int, policies: Texts) -> Lists:
        """Whole lists from what was drawn and what taste chose, ``policies`` (m,) of whose rows are given."""
        n_users, filled = selector.cold.size, begun.filled
        rows = np.bincount(mine.rows, minlength=n_users)
        short = rows + filled < k
        capped = short & (rows < self.left(begun.taken, n_users)) & bool(self.caps)
        top, named, propensity = assembled(selector, mine, begun.drawn, n_users, policies)
        again = begun.again & (rows + filled > 0)
        return Lists(top, named, propensity, again, short, capped, begun.taken)

    def ranking(self, selector: Selector, users: Indices, taken: Indices, size: int) -> Indices:
        """The first ``size`` items (B, <= size) of each of ``users``, best first, -1 at the end.

        Diversity counts; caps do not, since they are rules of whole lists.
        """
        items, scores = as_matrix(selector.best(users, taken, size, self.listed), users.size)
        if self.settings.diversity == 0 or items.size == 0:
            return items
        picks = choose(items, scores, items.shape[1], (), self.units, self.settings.diversity)
        found: Indices = np.take_along_axis(items, np.maximum(picks, 0), axis=1)
        return np.where(picks == NOTHING, NOTHING, found)

    def left(self, masked: Indices, n_users: int) -> Indices:
        """How many items (B,) may take a personal place of each user."""
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
            parts.append(chosen_rows(users, items, scores, picks, ~more))
            users, pool = users[more], pool * WIDER
        return in_order(parts)


def _best_of(selector: Selector, masked: Indices, slot: Slot, items: Subset) -> SlotItems:
    """The best of the items for each user who may get one of them."""
    everyone = np.arange(selector.cold.size)
    found = np.full(everyone.size, -1)
    top = selector.best(everyone, masked, 1, items)
    found[top.rows] = top.columns
    return SlotItems(slot, found, np.ones(everyone.size, dtype=np.float32))
