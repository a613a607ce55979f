"""The true mechanisms: what a user would do with an item, and what the shop shows to whom."""

import numpy as np

from causalrec.sources.demo.world import MERIT, Floats, Ints, World

# demand: logit = BASE + taste <theta, a>/sqrt(8) + confounding * demand(C) (1 + BRAND_SENSITIVITY * b_u)
BASE = -1.8  # log-odds of interest in a neutral item
BRAND_SENSITIVITY = 0.3  # how much that demand varies between users
# exposure: the sum of three terms, log popularity, promotion(C) and <theta, a>/sqrt(8)
SHOWN_BY_POPULARITY = 0.6  # weight of log popularity in what is shown
SHOWN_BY_PROMOTION = 0.6  # weight of promotion, which follows the hidden cause, in what is shown
SHOWN_BY_TASTE = 0.4  # weight of personal taste in what is shown
SLATE = 12  # items shown in one session
MAX_PROPENSITY = 0.9  # largest probability with which an item is shown
CART_SHARE = 0.42  # share of interested views that reach the cart
PURCHASE_SHARE = 0.45  # share of carts that are bought

LAST = -1
"""The last day of the shop: the present."""


def true_logit(world: World, users: Ints, items: Ints, day: int = LAST) -> Floats:
    """Log-odds that ``users`` click ``items`` once they look at them; inputs broadcast, output likewise."""
    demand = demand_on(world, day)[world.items.category[items], world.items.brand[items]]
    return content_logit(world, users, items) + _confounding(world, users, demand)


def content_logit(world: World, users: Ints, items: Ints) -> Floats:
    """The part of :func:`true_logit` explained by merit and taste."""
    match = np.einsum("...d,...d->...", world.users.taste[users], world.items.merit[items])
    return np.asarray(BASE + world.knobs.taste * match / np.sqrt(MERIT))


def slopes(world: World, items: Ints, day: int = LAST) -> Floats:
    """(..., MERIT + 1): what one unit of each taste, and of sensitivity, adds to :func:`true_logit`."""
    demand = demand_on(world, day)[world.items.category[items], world.items.brand[items]]
    pull = world.knobs.confounding * BRAND_SENSITIVITY * _bent(world, demand)
    merit = world.knobs.taste / np.sqrt(MERIT) * world.items.merit[items]
    return np.concatenate([merit, pull[..., None]], axis=-1)


def demand_on(world: World, day: int = LAST) -> Floats:
    """Demand (categories, brands) on a day; by default the last one, the present."""
    return np.asarray(world.confounder.demand + world.calendar.drift[day])


def buying_chance(world: World, users: Ints, items: Ints, day: int = LAST) -> Floats:
    """Chance that ``users`` buy ``items`` once they look at them, without any campaign."""
    logit = true_logit(world, users, items, day)
    return np.asarray(sigmoid(logit) * cart_chance(world, items, logit) * PURCHASE_SHARE)


def cart_chance(world: World, items: Ints, logit: Floats, lift: Floats | float = 0.0) -> Floats:
    """Probability of a cart after an intended click, given the log-odds of the click."""
    chance = 2 * CART_SHARE * sigmoid(logit + 0.5)
    return raised(chance, world.items.conversion[items] + lift)


def campaign_lift(world: World, items: Ints, day: int) -> Floats:
    """Log-odds that a hidden campaign adds on that day to showing ``items`` and to buying after a click."""
    return np.asarray(world.calendar.campaign[day, world.items.brand[items]])


def do_effect(world: World, users: Ints, items: Ints, day: int = LAST) -> Floats:
    """mu(u, i) = E_C[sigmoid(logit)] with C drawn anew over items: the effect of the content alone."""
    content = content_logit(world, users, items)
    total = np.zeros_like(content)
    category, brand = world.items.category, world.items.brand
    codes, counts = np.unique(np.stack([category, brand]), axis=1, return_counts=True)
    demand = demand_on(world, day)
    for (c, b), count in zip(codes.T, counts, strict=True):
        shift = _confounding(world, users, demand[c, b])
        total += count * sigmoid(content + shift)
    return np.asarray(total / counts.sum())


def propensities(world: World, users: Ints, day: int, uniform: np.ndarray) -> Floats:
    """Probability that a session of ``users[s]`` on ``day`` shows each item: (sessions, N).

    A biased session shows item i with ``min(cap, slate * softmax(score))``, a ``uniform`` one shows every
    item that is on sale with ``slate / N_on_sale``. Items are drawn independently, so these are exact.
    """
    items = world.items
    on_sale = items.launch_day <= day
    promotion = world.confounder.promotion[items.category, items.brand]
    general = SHOWN_BY_POPULARITY * items.log_pop + SHOWN_BY_PROMOTION * promotion
    general = general + campaign_lift(world, np.arange(items.brand.size), day)
    personal = world.users.taste[users] @ items.merit.T / np.sqrt(MERIT)
    score = np.where(on_sale, general + SHOWN_BY_TASTE * personal, -np.inf)
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    biased = SLATE * weight / weight.sum(axis=1, keepdims=True)
    flat = np.where(on_sale, SLATE / on_sale.sum(), 0.0)
    return np.asarray(np.minimum(np.where(uniform[:, None], flat, biased), MAX_PROPENSITY))


def sigmoid(x: Floats) -> Floats:
    """Logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def raised(chance: Floats | float, lift: Floats) -> Floats:
    """``chance`` with ``lift`` added to its log-odds; exactly ``chance`` if the lift is 0."""
    kept, lift = np.broadcast_arrays(np.asarray(chance, np.float64), lift)
    odds = np.exp(lift) * kept
    return np.where(lift == 0, kept, odds / (odds + 1 - kept))


def _confounding(world: World, users: Ints, demand: Floats) -> Floats:
    pull = 1 + BRAND_SENSITIVITY * world.users.sensitivity[users]
    return np.asarray(world.knobs.confounding * _bent(world, demand) * pull)


def _bent(world: World, demand: Floats) -> Floats:
    return np.asarray(demand + world.knobs.demand_curve * (demand**2 - 1))
