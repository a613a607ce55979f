"""A second market for the shop: who lives there, what is sold there, and what things are called.

Nothing else in the shop depends on it; without ``source.demo.markets`` it says nothing.
"""

import numpy as np
import pyarrow as pa

from causalrec.sources.demo.vocabulary import BRANDS
from causalrec.sources.demo.world import OFFERS, Floats, Ints, World, stream

HOME, ABROAD = "DE", "AT"
ABROAD_SHARE = 0.3  # of the users
HOME_ONLY, BOTH = 0.25, 0.15  # shares of the items that name one market and two; the others name none
DEARER = 1.08  # price abroad over that at home, of items that name both
GERMAN = (
    "T-Shirt", "Kleid", "Turnschuh", "Rucksack", "Tragetasche", "Becher",
    "Tischlampe", "Kissen", "Stuhl", "Kappe", "Armbanduhr", "Übertopf",
)  # fmt: skip
"""Name of a product of each category."""


def markets_of_users(world: World, users: Ints) -> pa.Array:
    """Market of each of ``users``."""
    abroad = stream(world.source.seed, OFFERS, 2).random(world.source.users) < ABROAD_SHARE
    return pa.array(np.where(abroad[users], ABROAD, HOME))


def sold_where(world: World, prices: Floats, day: int, item: int) -> dict[str, list[str]]:
    """``offers`` and ``titles`` of an item on ``day``; empty without markets.

    Args:
        prices: (days, N).
    """
    if not world.knobs.markets:
        return {}
    title = f"de:{BRANDS[world.items.brand[item]].name} {GERMAN[world.items.category[item]]}"
    chance = float(stream(world.source.seed, OFFERS, 3, item).random())
    if chance < HOME_ONLY:
        return {"offers": [HOME], "titles": [title]}
    if chance < HOME_ONLY + BOTH:
        abroad = f"{ABROAD}:{DEARER * prices[day, item]:.2f} EUR"
        return {"offers": [HOME, abroad], "titles": [title]}
    return {"titles": [title]}
