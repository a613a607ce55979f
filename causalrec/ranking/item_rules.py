"""The shop's rules for each item, aligned with a catalogue."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]
Texts = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float32]


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
class Boosts:
    """What the shop adds to the model's order; float32 (n,) each.

    Attributes:
        added: on the score.
        log_times: logarithm of the factor of the expected response.
        odds: whether scores are log-odds of a response; otherwise exp(score) stands for the expectation.
    """

    added: Floats
    log_times: Floats
    odds: bool = False

    def take(self, rows: npt.NDArray[np.intp]) -> "Boosts":
        """The same for some of the items."""
        return replace(self, added=self.added[rows], log_times=self.log_times[rows])

    @property
    def whole(self) -> Floats:
        """Both; the most that the order of an item can gain."""
        return self.added + self.log_times


@dataclass(frozen=True)
class Capped:
    """The largest shares of some groups of items.

    Attributes:
        codes: (n,) group of each item, -1 outside.
        names: of the groups.
        by: what the groups are, such as ``brand``.
        list_share, night_share: of a list, and of all places of a night; None: any.
    """

    codes: Codes
    names: tuple[str, ...]
    by: str
    list_share: float | None = None
    night_share: float | None = None

    def take(self, rows: npt.NDArray[np.intp]) -> "Capped":
        """The same for some of the items."""
        return replace(self, codes=self.codes[rows])


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
        boosts: None where the model's order stands.
        capped: the largest shares of brands, sellers or categories.
    """

    fresh: Bools
    listed: Bools
    rebuyable: Bools
    category: Codes
    brand: Codes
    pinned: tuple[Reserved, ...] = ()
    promoted: tuple[Reserved, ...] = ()
    boosts: Boosts | None = None
    capped: tuple[Capped, ...] = ()

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
            None if self.boosts is None else self.boosts.take(rows),
            tuple(one.take(rows) for one in self.capped),
        )


def no_rules(n_items: int) -> ItemRules:
    """Known, non-rebuyable items without categories and brands."""
    no, none = np.zeros(n_items, dtype=np.bool_), np.full(n_items, -1, dtype=np.int32)
    return ItemRules(no, ~no, no, none, none)
