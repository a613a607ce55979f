"""What the shop says about selling its items: seller, margin, stock and tags.

Nothing else in the shop depends on it, and it draws from a stream of its own: events, pictures and truth are
the same with it and without it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.sources.demo.world import OFFERS, Floats, Ints, World, stream

SELLERS = ("Harbour Goods", "Fern & Fox", "Nordlicht", "Casa Marisol")
SELLER_SHARES = (0.5, 0.25, 0.15, 0.1)
MARGINS = (0.12, 0.6)  # lowest and highest share of the price that the shop earns
STOCK = 25.0  # mean units of an item; every item has a level of its own
GIFT_SHARE = 0.15  # of the items
GIFT, SALE, NEW, LAST_PIECES = "gift", "sale", "new", "last pieces"
FEW = 3  # units that are the last pieces
REDUCED = 0.95  # price over that of the first day below which an item is on sale

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Offers:
    """What does not change from day to day; (N,) each.

    Attributes:
        seller: number in :data:`SELLERS`.
        margin_share: of the price.
        level: mean units in stock.
    """

    seller: Ints
    margin_share: Floats
    level: Floats
    gift: npt.NDArray[np.bool_]


def offers_of(world: World) -> Offers:
    """Drawn from the seed of the shop."""
    n, rng = world.source.items, stream(world.source.seed, OFFERS)
    return Offers(
        seller=rng.choice(len(SELLERS), n, p=SELLER_SHARES),
        margin_share=rng.uniform(*MARGINS, n),
        level=rng.gamma(1.0, STOCK, n),
        gift=rng.random(n) < GIFT_SHARE,
    )


def stock_on(world: World, offers: Offers, day: int) -> Ints:
    """Units (N,) that can be delivered on ``day``."""
    return stream(world.source.seed, OFFERS, 1, day).poisson(offers.level)


def tags_of(world: World, offers: Offers, prices: Floats, stock: Ints, day: int, item: int) -> list[str]:
    """The tags of an item on ``day``.

    Args:
        prices: (days, N).
    """
    given = {
        GIFT: offers.gift[item],
        SALE: prices[day, item] < REDUCED * prices[0, item],
        NEW: world.items.launch_day[item] > 0,
        LAST_PIECES: 0 < stock[item] <= FEW,
    }
    return [tag for tag, has in given.items() if has]
