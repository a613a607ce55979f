"""One day of one block of users: sessions, what is shown, and the responses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.sources.demo.mechanism import (
    PURCHASE_SHARE,
    campaign_lift,
    cart_chance,
    propensities,
    raised,
    sigmoid,
    true_logit,
)
from causalrec.sources.demo.world import EVENTS, Floats, Ints, World, companions, stream

ACCIDENT_SHARE = 0.03  # share of views that happen by accident
ACCIDENT_CART_SHARE = 0.3  # share of accidental views that reach the cart

TYPES = np.array(["impression", "view", "cart", "purchase"])
CELLS = 4_000_000
"""Size of the largest (sessions, items) array at a time."""
DAY_END = 86_400 - 5_400
"""Last second at which a session starts, so that it ends on its day."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Exposures:
    """What was shown: session, user, item, position (from 1), propensity, uniform; all (n,)."""

    session: Ints
    user: Ints
    item: Ints
    position: Ints
    propensity: Floats
    uniform: Bools


@dataclass(frozen=True)
class Activity:
    """Events of a block and day, in order of time within a session.

    Attributes:
        kind: index into ``TYPES`` (n,).
        millisecond: since midnight UTC (n,).
        accident: whether the event belongs to an accidental click (n,).
        session, user, item, position, propensity, uniform: as in :class:`Exposures`.
    """

    kind: Ints
    millisecond: Ints
    accident: Bools
    session: Ints
    user: Ints
    item: Ints
    position: Ints
    propensity: Floats
    uniform: Bools

    def __len__(self) -> int:
        return len(self.kind)


def block_count(world: World) -> int:
    """Number of user blocks per day."""
    return -(-world.source.users // world.knobs.block_users)


def simulate(world: World, day: int, block: int) -> Activity:
    """All events of ``day`` by the users of ``block``; depends on (seed, day, block) only."""
    rng = stream(world.source.seed, EVENTS, day, block)
    users = np.arange(
        block * world.knobs.block_users, min((block + 1) * world.knobs.block_users, world.source.users)
    )
    weekend = 1.25 if world.day(day).weekday() >= 5 else 0.95
    rate = np.where(world.users.join_day[users] <= day, weekend * world.users.activity[users], 0.0)
    owner = np.repeat(users, rng.poisson(rate))
    start = (rng.beta(3.2, 2.0, len(owner)) * DAY_END * 1_000).astype(np.int64)
    shown = _expose(world, day, owner, rng)
    return _act(world, day, shown, start, rng)


def _expose(world: World, day: int, owner: Ints, rng: np.random.Generator) -> Exposures:
    uniform = rng.random(len(owner)) < world.knobs.random_share
    step = max(1, CELLS // world.source.items)
    parts = [
        _expose_some(world, day, owner[at : at + step], uniform[at : at + step], at, rng)
        for at in range(0, max(len(owner), 1), step)
    ]
    session, item, position, propensity = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Exposures(session, owner[session], item, position, propensity, uniform[session])


def _expose_some(
    world: World, day: int, owner: Ints, uniform: Bools, offset: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Floats]:
    chance = propensities(world, owner, day, uniform)
    session, item = np.nonzero(rng.random(chance.shape) < chance)
    propensity = chance[session, item]
    order = np.lexsort((-(np.log(propensity) + rng.gumbel(size=len(item))), session))
    session, item, propensity = session[order], item[order], propensity[order]
    first = np.searchsorted(session, session)  # sessions are sorted: index of the first row of each
    position = np.arange(len(session)) - first + 1
    return session + offset, item, position, propensity


def _act(world: World, day: int, shown: Exposures, start: Ints, rng: np.random.Generator) -> Activity:
    knobs, n = world.knobs, len(shown.item)
    logit, lift = true_logit(world, shown.user, shown.item, day), campaign_lift(world, shown.item, day)
    looked = rng.random(n) < shown.position**-knobs.position_decay
    wanted = looked & (rng.random(n) < sigmoid(logit)) & (rng.random(n) >= ACCIDENT_SHARE / 4)
    slipped = ~wanted & (rng.random(n) < ACCIDENT_SHARE)
    viewed = wanted | slipped
    wanted_cart = cart_chance(world, shown.item, logit, lift)
    carted = viewed & (rng.random(n) < np.where(slipped, ACCIDENT_CART_SHARE, wanted_cart))
    if knobs.companions:
        drawn = looked & _goes_with_basket(world, shown, carted) & (rng.random(n) < knobs.companions)
        viewed, carted = viewed | drawn, carted | drawn
    bought = carted & ~slipped & (rng.random(n) < raised(PURCHASE_SHARE, lift))
    at = start[shown.session] + 700 * shown.position + rng.integers(0, 500, n)
    view_at = at + rng.integers(2_000, 60_000, n)
    cart_at = view_at + rng.integers(5_000, 300_000, n)
    buy_at = cart_at + rng.integers(60_000, 1_800_000, n)
    stages = [(np.ones(n, np.bool_), at), (viewed, view_at), (carted, cart_at), (bought, buy_at)]
    rows = np.concatenate([np.flatnonzero(mask) for mask, _ in stages])
    kind = np.repeat(np.arange(len(stages)), [int(mask.sum()) for mask, _ in stages])
    moment = np.concatenate([when[mask] for mask, when in stages])
    order = np.lexsort((kind, moment, shown.session[rows]))
    rows, kind, moment = rows[order], kind[order], moment[order]
    return Activity(
        kind, moment, slipped[rows] & (kind > 0), shown.session[rows], shown.user[rows], shown.item[rows],
        shown.position[rows], shown.propensity[rows], shown.uniform[rows],
    )  # fmt: skip


def _goes_with_basket(world: World, shown: Exposures, carted: Bools) -> Bools:
    """Whether the session took the item that each row's item goes with (n,)."""
    n_items = world.source.items
    companion = companions(world.source)
    wanted = shown.session[carted] * n_items + companion[shown.item[carted]]
    return np.isin(shown.session * n_items + shown.item, wanted)
