"""The shop's rules for each item, aligned with a catalogue."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Reserved:
    """Places for some items: the place ``rank``, or where that is 0 a ``share`` of the list."""

    items: Bools
    rank: int = 0
    share: float = 0

    def take(self, rows: npt.NDArray[np.intp]) -> "Reserved":
        """The same for some of the catalogue."""
        return replace(self, items=self.items[rows])


@dataclass(frozen=True)
class ItemRules:
    """Flat arrays (n,) in the order of the catalogue.

    Attributes:
        fresh: new items, which have their own share of places.
        listed: may take a personal place; a new item about which nothing is known may not.
        rebuyable: may be recommended to a user who has it.
        category: code of the category for caps, -1 without one.
        brand: code of the brand, -1 without one.
        pinned, promoted: places that the shop reserves for items of its choice.
    """

    fresh: Bools
    listed: Bools
    rebuyable: Bools
    category: Codes
    brand: Codes
    pinned: tuple[Reserved, ...] = ()
    promoted: tuple[Reserved, ...] = ()

    def take(self, rows: npt.NDArray[np.intp]) -> "ItemRules":
        """The same for some of the items."""
        return ItemRules(
            self.fresh[rows],
            self.listed[rows],
            self.rebuyable[rows],
            self.category[rows],
            self.brand[rows],
            tuple(one.take(rows) for one in self.pinned),
            tuple(one.take(rows) for one in self.promoted),
        )


def no_rules(n_items: int) -> ItemRules:
    """Known, non-rebuyable items without categories and brands."""
    no, none = np.zeros(n_items, dtype=np.bool_), np.full(n_items, -1, dtype=np.int32)
    return ItemRules(no, ~no, no, none, none)
