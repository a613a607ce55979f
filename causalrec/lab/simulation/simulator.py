"""Draws a simulated shop: biased clicks to learn from, uniform exposure and reassigned causes to judge by.

The causes and the chances are in :mod:`causalrec.lab.simulation.world`.
"""

from dataclasses import dataclass, replace

import numpy as np

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import DatasetError
from causalrec.lab.simulation.exposure_log import biased_log, blocks, looks_of
from causalrec.lab.simulation.look import Look
from causalrec.lab.simulation.world import Doubles, Knobs, Truth

__all__ = ["Knobs", "Simulation", "Truth", "simulate"]

PERIODS = 10  # of the time that a log covers; the last one is now
CAMPAIGN_SHARE = 0.3  # of the periods in which a brand campaigns
DRIFT_STREAM, CAMPAIGN_STREAM = 13, 14
HELD_OUT = (0.8, 0.9)  # of the biased clicks: train, then valid, then test


@dataclass(frozen=True)
class Simulation:
    """One drawn world.

    Attributes:
        data: biased train, valid and test (iid), the modalities, and uniform exposure with outcomes.
        test_random: the same data with likes under uniform exposure as its test.
        test_do: the same data with likes after C was reassigned at random as its test.
        reassigned: modalities re-rendered with that C, for models that score from content.
    """

    data: Interactions
    test_random: Interactions
    test_do: Interactions
    reassigned: dict[str, Floats]
    truth: Truth


def simulate(knobs: Knobs) -> Simulation:
    """Draws a world; the same knobs give the same arrays.

    Raises:
        DatasetError: the world is too small or too cold to leave training clicks.
    """
    rng = np.random.default_rng(knobs.seed)
    truth = _world(knobs, rng)
    look = Look(knobs, rng)
    truth = replace(truth, exposure=_exposure_logits(truth, rng))
    log = biased_log(truth)
    pairs, accidental = log.pairs, log.accidental
    if pairs.shape[1] < len(HELD_OUT) + 1:
        raise DatasetError(f"{pairs.shape[1]} clicks were simulated", do="raise users, items or exposed")
    part = np.digitize(rng.random(pairs.shape[1]), HELD_OUT)
    train, valid, test = (pairs[:, part == number] for number in range(3))
    truth = replace(truth, accidental=accidental[part == 0])
    other = rng.permutation(truth.confounder).astype(np.int32)
    shown, liked = _uniform(truth, None, 1)
    _, liked_do = _uniform(truth, other, 2)
    data = Interactions(
        knobs.users, knobs.items, train, valid, test,
        modalities=look.render(truth, truth.confounder, 3),
        random_exposure=shown,
        passed=log.passed if knobs.logged else None,
        looks=looks_of(log) if knobs.logged else None,
    )  # fmt: skip
    fresh = [_without(found, train) for found in (liked, liked_do)]
    reassigned = look.render(truth, other, 3)
    return Simulation(data, replace(data, test=fresh[0]), replace(data, test=fresh[1]), reassigned, truth)


def _world(knobs: Knobs, rng: np.random.Generator) -> Truth:
    category = _zipf(rng, knobs.categories, knobs.items)
    brand = _zipf(rng, knobs.brands, knobs.items)
    confounder = (category * knobs.brands + brand).astype(np.int32)
    n_confounders = knobs.categories * knobs.brands
    return Truth(
        knobs=knobs,
        category=category,
        brand=brand,
        confounder=confounder,
        demand=rng.standard_normal(n_confounders),
        merit=rng.standard_normal((knobs.items, knobs.merit)) / np.sqrt(knobs.merit) * 2,
        taste=rng.standard_normal((knobs.users, knobs.merit)),
        sensitivity=rng.standard_normal(knobs.users),
        accidental=np.zeros(0, dtype=np.bool_),
        share=np.bincount(confounder, minlength=n_confounders) / knobs.items,
        exposure=np.zeros(knobs.items),
        past=_past(knobs, n_confounders),
        campaign=_campaigns(knobs),
    )


def _past(knobs: Knobs, n_confounders: int) -> Doubles:
    """A random walk of demand backwards from now, the last period."""
    rng = np.random.default_rng([knobs.seed, DRIFT_STREAM])
    steps = rng.standard_normal((PERIODS, n_confounders)) / np.sqrt(PERIODS)
    steps[-1] = 0.0
    return np.asarray(knobs.demand_drift * np.cumsum(steps[::-1], axis=0)[::-1])


def _campaigns(knobs: Knobs) -> Doubles:
    """Each brand campaigns in some periods, not in the last one."""
    rng = np.random.default_rng([knobs.seed, CAMPAIGN_STREAM])
    running = rng.random((PERIODS, knobs.brands)) < CAMPAIGN_SHARE
    running[-1] = False
    return np.asarray(knobs.campaigns * running)


def _zipf(rng: np.random.Generator, kinds: int, size: int) -> Ints:
    weights = 1.0 / np.arange(1, kinds + 1)
    return rng.choice(kinds, size=size, p=weights / weights.sum()).astype(np.int32)


def _exposure_logits(truth: Truth, rng: np.random.Generator) -> Doubles:
    """float64 (N,): popularity of the item and promotion of its confounder, which follows the demand."""
    knobs = truth.knobs
    promotion = 0.7 * truth.demand + 0.7 * rng.standard_normal(truth.demand.size)
    popularity = rng.standard_normal(knobs.items)
    logits = knobs.exposure_popularity * popularity + knobs.exposure_promotion * promotion[truth.confounder]
    logits = logits + np.log(np.exp(truth.campaign).mean(axis=0))[truth.brand]
    return np.asarray(logits + np.log(knobs.exposed / knobs.items) - np.log(np.exp(logits).mean()))


def _uniform(truth: Truth, confounder: Ints | None, stream: int) -> tuple[Floats, Ints]:
    """Pairs shown uniformly with their outcome (3, n), and the liked ones (2, n)."""
    knobs = truth.knobs
    shown = []
    for users, rng in blocks(knobs, stream):
        count = min(knobs.random_shown, knobs.items)
        items = np.argpartition(rng.random((users.size, knobs.items)), count - 1, axis=1)[:, :count]
        chance = np.take_along_axis(truth.factual(users, confounder), items, axis=1)
        liked = rng.random(items.shape) < chance
        shown.append(np.stack([np.repeat(users, count), items.ravel(), liked.ravel()]))
    exposure = np.concatenate(shown, axis=1).astype(np.float32)
    return exposure, exposure[:2, exposure[2] > 0].astype(np.int32)


def _without(pairs: Ints, train: Ints) -> Ints:
    """``pairs`` that are not training pairs: those are masked in every ranking."""
    keys, known = (part[0].astype(np.int64) << 32 | part[1] for part in (pairs, train))
    return pairs[:, ~np.isin(keys, known)]
