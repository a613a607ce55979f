"""The shop's hidden state: items, users' tastes, and the influence of brand and category on both.

Follows section "semi-synthetic generator with known truth" of the model's specification: a confounder C =
(category, brand) drives looks, words, demand and promotion; merit ``a`` is what users truly want.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.sources.demo.calendar import Calendar, draw_calendar
from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES, NEWCOMER

SESSIONS_PER_DAY = 0.55  # mean sessions per user and day
LATE_JOINER_SHARE = 0.12  # share of users who join after the first day

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MERIT = 8
"""Dimensions of merit and taste."""

ITEMS, USERS, CONFOUNDER, EVENTS, DELIVERY, CATALOGUE, PICTURES, CALENDAR, CONVERSION, COMPANIONS = range(10)
OFFERS = 10
"""Random streams: each part of the shop draws from its own."""


@dataclass(frozen=True)
class Items:
    """N items: category, brand, launch_day (N,) int; merit (N, 8); log_pop, price (N,) float.

    ``conversion`` (N,) is what an item adds to the log-odds of buying after a click: price, delivery, sizes.
    """

    category: Ints
    brand: Ints
    merit: Floats
    log_pop: Floats
    price: Floats
    launch_day: Ints
    conversion: Floats


@dataclass(frozen=True)
class Users:
    """U users: taste (U, 8), brand sensitivity (U,), sessions per day (U,), first day (U,)."""

    taste: Floats
    sensitivity: Floats
    activity: Floats
    join_day: Ints


@dataclass(frozen=True)
class Confounder:
    """The effect of (category, brand) on demand and on promotion; both (categories, brands)."""

    demand: Floats
    promotion: Floats


@dataclass(frozen=True)
class World:
    """The whole shop, with the settings that generated it."""

    source: SourceSettings
    items: Items
    users: Users
    confounder: Confounder
    calendar: Calendar

    @property
    def knobs(self) -> DemoSettings:
        """The causal knobs."""
        return self.source.demo

    def day(self, index: int) -> dt.date:
        """Calendar date of a day index."""
        return self.source.first_day + dt.timedelta(days=index)


def stream(seed: int, *path: int) -> np.random.Generator:
    """An independent generator per (seed, part, day, block): results never depend on parallelism."""
    return np.random.default_rng([seed, *path])


def build_world(source: SourceSettings) -> World:
    """Draw the shop of ``source.seed``; the same settings give the same arrays."""
    confounder = _confounder(source)
    calendar = draw_calendar(source, (source.seed, CALENDAR))
    return World(source, _items(source, confounder), _users(source), confounder, calendar)


def companions(source: SourceSettings) -> Ints:
    """The companion of each item (N,), if ``companions`` is above 0; no item is its own companion."""
    order = stream(source.seed, COMPANIONS).permutation(source.items)
    found = np.empty(source.items, dtype=np.int64)
    found[order] = np.roll(order, 1)
    return found


def _confounder(source: SourceSettings) -> Confounder:
    rng = stream(source.seed, CONFOUNDER)
    shape = (len(CATEGORIES), len(BRANDS))
    demand = (
        0.6 * rng.normal(size=(shape[0], 1))
        + 0.7 * rng.normal(size=(1, shape[1]))
        + 0.4 * rng.normal(size=shape)
    )
    promotion = 0.7 * demand + 0.7 * rng.normal(size=shape)
    return Confounder(demand, promotion)


def _items(source: SourceSettings, confounder: Confounder) -> Items:
    rng = stream(source.seed, ITEMS)
    n = source.items
    category = rng.choice(len(CATEGORIES), n, p=_zipf(len(CATEGORIES), 0.6))
    brand = rng.choice(NEWCOMER, n, p=_zipf(NEWCOMER, 0.7))
    launch = np.zeros(n, np.int64)
    fresh = max(2, round(source.demo.new_item_share * n))
    launch[-fresh:] = np.sort(rng.integers(1, source.days, fresh))
    newcomer_day = max(1, round(0.6 * source.days))
    launch[n - fresh] = newcomer_day
    brand[(launch >= newcomer_day) & (rng.random(n) < 0.7)] = NEWCOMER
    brand[n - fresh] = NEWCOMER
    shuffle = rng.permutation(n)  # an item's number must not reveal when it was launched
    category, brand, launch = category[shuffle], brand[shuffle], launch[shuffle]
    merit = rng.normal(size=(n, MERIT))
    log_pop = 0.9 * rng.normal(size=n) + 0.3 * confounder.demand[category, brand]
    base = np.array([entry.price for entry in CATEGORIES])[category]
    price = np.round(base * np.exp(0.2 * rng.normal(size=n)) * np.exp(0.08 * merit[:, 5])) - 0.05
    conversion = source.demo.conversion * stream(source.seed, CONVERSION).normal(size=n)
    return Items(category, brand, merit, log_pop, price, launch, conversion)


def _users(source: SourceSettings) -> Users:
    rng = stream(source.seed, USERS)
    n = source.users
    join = np.where(rng.random(n) < LATE_JOINER_SHARE, rng.integers(0, source.days, n), np.zeros(n, np.int64))
    return Users(
        taste=rng.normal(size=(n, MERIT)),
        sensitivity=rng.normal(size=n),
        activity=SESSIONS_PER_DAY * rng.gamma(1.6, 1 / 1.6, n),
        join_day=join,
    )


def _zipf(n: int, exponent: float) -> Floats:
    weights = 1.0 / np.arange(1, n + 1) ** exponent
    return np.asarray(weights / weights.sum())
