"""The true mechanisms: what a user would do with an item, and what the shop shows to whom."""

import numpy as np

from causalrec.sources.demo.world import MERIT, Floats, Ints, World


def true_logit(world: World, users: Ints, items: Ints) -> Floats:
    """Log-odds that ``users`` click ``items`` once they look at them; inputs broadcast, output likewise."""
    demand = world.confounder.demand[world.items.category[items], world.items.brand[items]]
    return content_logit(world, users, items) + _confounding(world, users, demand)


def content_logit(world: World, users: Ints, items: Ints) -> Floats:
    """The part of :func:`true_logit` that merit and taste explain."""
    match = np.einsum("...d,...d->...", world.users.taste[users], world.items.merit[items])
    return np.asarray(world.knobs.base + world.knobs.taste * match / np.sqrt(MERIT))


def do_effect(world: World, users: Ints, items: Ints) -> Floats:
    """mu(u, i) = E_C[sigmoid(logit)] with C drawn anew as items carry it: the effect of the content alone."""
    content = content_logit(world, users, items)
    total = np.zeros_like(content)
    category, brand = world.items.category, world.items.brand
    codes, counts = np.unique(np.stack([category, brand]), axis=1, return_counts=True)
    for (c, b), count in zip(codes.T, counts, strict=True):
        shift = _confounding(world, users, world.confounder.demand[c, b])
        total += count * sigmoid(content + shift)
    return np.asarray(total / counts.sum())


def propensities(world: World, users: Ints, day: int, uniform: np.ndarray) -> Floats:
    """Probability that a session of ``users[s]`` on ``day`` shows each item: (sessions, N).

    A biased session shows item i with ``min(cap, slate * softmax(score))``, a ``uniform`` one shows every
    item that is on sale with ``slate / N_on_sale``. Items are drawn independently, so these are exact.
    """
    knobs, items = world.knobs, world.items
    on_sale = items.launch_day <= day
    promotion = world.confounder.promotion[items.category, items.brand]
    general = knobs.exposure_popularity * items.log_pop + knobs.exposure_promotion * promotion
    personal = world.users.taste[users] @ items.merit.T / np.sqrt(MERIT)
    score = np.where(on_sale, general + knobs.exposure_personal * personal, -np.inf)
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    biased = knobs.slate * weight / weight.sum(axis=1, keepdims=True)
    flat = np.where(on_sale, knobs.slate / on_sale.sum(), 0.0)
    return np.asarray(np.minimum(np.where(uniform[:, None], flat, biased), knobs.max_propensity))


def sigmoid(x: Floats) -> Floats:
    """Logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _confounding(world: World, users: Ints, demand: Floats) -> Floats:
    pull = 1 + world.knobs.brand_sensitivity * world.users.sensitivity[users]
    return np.asarray(world.knobs.confounding * demand * pull)
