"""Lists of two engines in one: each row says which of them chose it, and has that one's reason."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from causalrec.ranking.asked import Asked, Block
from causalrec.ranking.block import Ordered
from causalrec.ranking.draft import RIVAL, Bools, Drafted, draft
from causalrec.ranking.engine import Engine
from causalrec.ranking.item_rules import Texts
from causalrec.ranking.listing import Lister
from causalrec.ranking.lists import Begun
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.rerank import NOTHING
from causalrec.ranking.slots import Policy, uniforms
from causalrec.ranking.topk import TopK

WIDER = 4  # growth of the rankings if caps leave a list short


@dataclass(frozen=True)
class Interleaved:
    """Two engines over the same items in the same order.

    The control says how long lists are and draws the places that taste does not fill. What one of the two may
    not list, the other does not either, and the caps of both hold for the whole list.

    Attributes:
        policy: of the rows that the rival chose; those of the control have its own.
        salt: what the coins depend on, besides user, night and round.
    """

    control: Engine
    rival: Engine
    policy: str
    salt: str

    def __post_init__(self) -> None:
        if not np.array_equal(self.control.catalogue.item_ids, self.rival.catalogue.item_ids):
            raise ValueError("the engines rank different items")

    def ranked(self, asked: Asked, rival_rows: "np.typing.NDArray[np.int32]") -> Iterator[Ranked]:
        """The lists of users in order, a block at a time.

        Args:
            asked: of the control, with ids and a seed.
            rival_rows: (B,) of the users in the rival's model.
        """
        if asked.ids is None or asked.seed is None:
            raise ValueError("a draft needs the ids of users and a seed for its coins")
        step = min(engine.block_rows(asked.k) for engine in (self.control, self.rival))
        keys = self.control.item_keys
        both = zip(asked.blocks(step, keys), replace(asked, rows=rival_rows).blocks(step, keys), strict=True)
        for ours, theirs in both:
            ids = asked.ids[ours.offset : ours.offset + ours.rows.size]
            yield self._merged(ours, theirs, coins(ids, f"{self.salt}/{asked.seed}", asked.k))

    def _merged(self, ours: Block, theirs: Block, toss: Bools) -> Ranked:
        orders = (self.control.ordered(ours), self.rival.ordered(theirs))
        lister = replace(self.control.lister, more_caps=tuple(self.rival.lister.caps))
        begun = self._begun(lister, orders, ours, theirs)
        drafted = self._drafted(lister, orders, begun, ours, toss)
        rows, places = np.nonzero(drafted.items != NOTHING)
        columns = drafted.items[rows, places]
        mine = TopK(rows, columns, places + 1, orders[0].shop.scores_of(rows, columns))
        chose = np.where(drafted.sides[rows, places] == RIVAL, self.policy, Policy.TASTE.value)
        lists = lister.ended(orders[0].shop, begun, mine, ours.k, chose.astype(object))
        policies, taste = lists.policies.astype(object), Policy.TASTE.value
        plain = replace(
            lists, merged=True, policies=np.where(policies == self.policy, taste, policies).astype(str)
        )
        of_control = self.control.explained(ours, orders[0].scored(plain))
        of_rival = self.rival.explained(theirs, orders[1].scored(plain))
        chosen = _chosen(of_control, of_rival, policies == self.policy)
        return replace(chosen, policies=policies.astype(str))

    def _begun(self, lister: Lister, orders: tuple[Ordered, Ordered], ours: Block, theirs: Block) -> Begun:
        masked = np.union1d(self.control.masked(ours), self.rival.masked(theirs))
        left = [one.left(masked, ours.rows.size) for one in (lister, self.rival.lister)]
        everything = np.asarray(np.maximum(*left) == 0)
        return lister.begun(orders[0].shop, masked, ours.chance, ours.hidden, everything)

    def _drafted(
        self, lister: Lister, orders: tuple[Ordered, Ordered], begun: Begun, block: Block, toss: Bools
    ) -> Drafted:
        """Among the first k of each ranking is always one that the list lacks, unless caps forbid it."""
        room = block.k - begun.filled
        there = np.stack([one.items for one in begun.drawn], axis=1) if begun.drawn else None
        size = block.k * max(self.control.settings.pool, self.rival.settings.pool)
        size = size if lister.caps or lister.reranked or self.rival.lister.reranked else block.k
        users, found = np.arange(room.size), Drafted(np.full(toss.shape, NOTHING), np.zeros(toss.shape, int))
        while users.size:
            rankings = (
                lister.ranking(orders[0].shop, users, begun.taken, size),
                self.rival.lister.ranking(orders[1].shop, users, begun.taken, size),
            )
            elsewhere = None if there is None else there[users]
            part = draft(rankings, toss[users], room[users], lister.caps, elsewhere)
            found.items[users], found.sides[users] = part.items, part.sides
            full = np.any([(items != NOTHING).sum(axis=1) >= size for items in rankings], axis=0)
            short = (part.items != NOTHING).sum(axis=1) < room[users]
            users, size = users[full & short], size * WIDER
        return found


def coins(user_ids: Texts, seed: str, rounds: int) -> Bools:
    """(B, rounds) whether the rival chooses first, a hash of user, seed and round."""
    if not rounds:
        return np.zeros((user_ids.size, 0), dtype=np.bool_)
    return np.stack([uniforms(user_ids, seed, f"round {n}") < 1 / 2 for n in range(rounds)], axis=1)


def _chosen(control: Ranked, rival: Ranked, rivals: Bools) -> Ranked:
    """Rows of either, by who chose them."""
    pairs = {
        field.name: (getattr(control, field.name), getattr(rival, field.name)) for field in fields(Ranked)
    }
    return Ranked(**{name: np.where(rivals, theirs, ours) for name, (ours, theirs) in pairs.items()})
