"""What the shop delivers about its products: a snapshot on the first day, changes later."""

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from causalrec.errors import ReasonCode
from causalrec.sources.demo import names
from causalrec.sources.demo.abroad import sold_where
from causalrec.sources.demo.faults import BROKEN_ROWS, mix, plant_products
from causalrec.sources.demo.offers import SELLERS, Offers, offers_of, stock_on, tags_of
from causalrec.sources.demo.roles import Roles, choose_roles
from causalrec.sources.demo.texts import write_description, write_title
from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES
from causalrec.sources.demo.world import CATALOGUE, DELIVERY, Floats, Ints, World, stream

REPRICE_SHARE = 0.08  # share of items whose price changes on a day
SECOND_PICTURE_SHARE = 0.1  # share of items with a second picture

AWKWARD_TITLE = '=HYPERLINK("x") <b>Sale</b> 🧦 مرحبا'
AWKWARD_TEXT = "<script>alert('no')</script> \u202ereversed\u202c & 100 % кашемир — déjà vu 👩‍👧‍👦"
FORBIDDEN = "../../etc/passwd"


@dataclass(frozen=True)
class Delivery:
    """Lines of one file, and how many of them must be rejected per reason."""

    lines: list[str]
    planted: Counter[str]


def price_table(world: World) -> Floats:
    """Price of each item on each day: (days, N). Special items keep theirs."""
    rng = stream(world.source.seed, CATALOGUE, 1)
    prices = np.tile(world.items.price, (world.source.days, 1))
    normal = np.setdiff1d(np.arange(world.source.items), choose_roles(world).all)
    count = max(1, round(REPRICE_SHARE * world.source.items))
    for day in range(1, world.source.days):
        chosen = rng.choice(normal, min(count, len(normal)), replace=False)
        factor = np.ones(world.source.items)
        factor[chosen] = np.exp(rng.choice([-0.2, -0.1, 0.05, 0.12], len(chosen)))
        changed = np.maximum(np.round(prices[day - 1] * factor) - 0.05, 0.95)
        prices[day:] = np.where(factor == 1, prices[day - 1], changed)
    return prices


def product_delivery(world: World, prices: Floats, day: int) -> Delivery:
    """Rows that arrive on ``day``: the snapshot on the first day, then new and repriced items."""
    launch = world.items.launch_day
    fresh = launch == day
    repriced = (launch < day) & (prices[day] != prices[day - 1]) if day else np.zeros_like(fresh)
    roles = choose_roles(world)
    offers = offers_of(world)
    stock = stock_on(world, offers, day)
    rows = [
        _row(world, roles, prices, day, int(item)) | _offer(world, offers, prices, stock, day, int(item))
        for item in np.flatnonzero(fresh | repriced)
    ]
    rng = stream(world.source.seed, DELIVERY, day, 1)
    broken, planted = plant_products(rows, world.day(day), BROKEN_ROWS, rng)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    return Delivery(mix(lines, broken, rng), planted)


def _offer(world: World, offers: Offers, prices: Floats, stock: Ints, day: int, item: int) -> dict[str, Any]:
    """What merchandising can go by."""
    return {
        "seller": SELLERS[offers.seller[item]],
        "margin": round(float(offers.margin_share[item] * prices[day, item]), 2),
        "stock": int(stock[item]),
        "tags": tags_of(world, offers, prices, stock, day, item),
        **sold_where(world, prices, day, item),
    }


def image_refs(world: World, roles: Roles, item: int) -> list[str]:
    """References of an item's pictures as the shop writes them."""
    if item == roles.without_image:
        return []
    if roles.broken.get(item) == ReasonCode.IMAGE_FORBIDDEN:
        return [FORBIDDEN]
    rng = stream(world.source.seed, CATALOGUE, item, 2)
    second = item not in roles.broken and rng.random() < SECOND_PICTURE_SHARE
    return [names.image_ref(item, view) for view in range(2 if second else 1)]


def _row(world: World, roles: Roles, prices: Floats, day: int, item: int) -> dict[str, Any]:
    at = dt.datetime.combine(world.day(day), dt.time(3), dt.UTC) + dt.timedelta(seconds=item % 3_600)
    title, description = write_title(world, item), write_description(world, item)
    if item == roles.awkward:
        title, description = AWKWARD_TITLE, f"{AWKWARD_TEXT} {description}"
    row = {
        "item_id": names.item_id(item),
        "title": title,
        "description": description,
        "brand": BRANDS[world.items.brand[item]].name,
        "category": CATEGORIES[world.items.category[item]].path,
        "price": round(float(prices[day, item]), 2),
        "image_refs": image_refs(world, roles, item),
        "updated_at": at.isoformat().replace("+00:00", "Z"),
    }
    return {key: row[key] for key in row if item != roles.without_text or key not in ("title", "description")}
