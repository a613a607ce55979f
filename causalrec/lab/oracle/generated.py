"""A generated shop in memory: its log as a dataset, without delivery, pictures or lake.

For studies over many shops. Content is a noisy linear image of merit, of category and of brand, in two
modalities; splits are random; a visit is one look per session and item, as in the dataset of a shop.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.config.dataset import DatasetSettings
from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks, pair_keys, unique_pairs, without
from causalrec.dataset.behaviour import RESPONSES
from causalrec.lab.oracle.truth import ShopTruth
from causalrec.sources.demo.behaviour import block_count, simulate
from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES
from causalrec.sources.demo.world import World, build_world, stream

Numbers = npt.NDArray[np.int64]

SPLIT, CONTENT = 101, 102  # streams of random numbers, beside those of the shop
WIDTH = 48  # columns of a modality
NOISE = 0.5  # standard deviation of its noise


@dataclass(frozen=True)
class GeneratedShop:
    """The dataset of a shop, and its truth."""

    data: Interactions
    truth: ShopTruth


def generated_shop(source: SourceSettings, settings: DatasetSettings | None = None) -> GeneratedShop:
    """All days of the shop; the same settings give the same arrays."""
    world, chosen = build_world(source), settings or DatasetSettings()
    log = _log(world)
    everyone, items = np.arange(source.users), np.arange(source.items)
    found, shown = _found(log, chosen), np.stack([log.user, log.item])[:, log.uniform]
    train, valid, test = _split(world, without(found, shown), chosen)
    data = Interactions(
        source.users, source.items, train, valid, test,
        modalities=_content(world), looks=_looks(world, log, chosen),
        random_exposure=_random_exposure(log),
        chosen_elsewhere=found[:, np.isin(pair_keys(found), pair_keys(shown))],
        item_attributes={
            "brand": tuple(BRANDS[b].name for b in world.items.brand),
            "category": tuple(CATEGORIES[c].path for c in world.items.category),
        },
    )  # fmt: skip
    return GeneratedShop(data, ShopTruth(world, everyone, items))


@dataclass(frozen=True)
class _Log:
    """One row per look, all (n,). ``day`` has a fraction; ``depth`` counts the responses that it led to."""

    user: Ints
    item: Ints
    position: Numbers
    day: npt.NDArray[np.float64]
    propensity: Floats
    uniform: npt.NDArray[np.bool_]
    depth: Numbers


def _log(world: World) -> _Log:
    parts = [
        _visits(world, day, block) for day in range(world.source.days) for block in range(block_count(world))
    ]
    return _Log(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _visits(world: World, day: int, block: int) -> tuple[npt.NDArray[np.generic], ...]:
    """The looks of one day and block; a session shows an item once."""
    log = simulate(world, day, block)
    key = log.session * world.source.items + log.item
    shown = np.flatnonzero(log.kind == 0)
    order = shown[np.argsort(key[shown])]
    depth = np.zeros(order.size, np.int64)
    np.maximum.at(depth, np.searchsorted(key[order], key), log.kind)
    when = day + log.millisecond[order] / 86_400_000
    return (
        log.user[order].astype(np.int32), log.item[order].astype(np.int32), log.position[order], when,
        log.propensity[order].astype(np.float32), log.uniform[order], depth,
    )  # fmt: skip


def _looks(world: World, log: _Log, settings: DatasetSettings) -> Looks:
    bands = len(settings.position_bands) + 1
    band = np.searchsorted(settings.position_bands, log.position)
    surge = _surges(world, log, settings)
    stratum = (band + bands * (log.uniform + 2 * surge)).astype(np.int32)
    count = np.bincount(stratum, minlength=4 * bands)
    position = np.bincount(stratum, log.position, 4 * bands) / np.maximum(count, 1)
    depths = np.arange(1, len(RESPONSES) + 1)[:, None]
    return Looks(
        log.user, log.item, stratum, np.ones(stratum.size, np.int32),
        reached=(log.depth >= depths).astype(np.int32),
        propensity=log.propensity, age=(world.source.days - log.day).astype(np.float32),
        depths=RESPONSES, policy=(("ranked",) * bands + ("uniform",) * bands) * 2,
        position=np.where(count > 0, position, np.nan).astype(np.float32),
        uniform=np.tile(np.repeat([False, True], bands), 2),
        surge=np.repeat([False, True], 2 * bands),
    ).summed()  # fmt: skip


def _surges(world: World, log: _Log, settings: DatasetSettings) -> npt.NDArray[np.bool_]:
    """Looks of a day on which their brand was shown more than usual, by the rule of the dataset of a shop."""
    days, brands = log.day.astype(np.int64), len(BRANDS)
    cell = days * brands + world.items.brand[log.item]
    shown = np.bincount(cell[~log.uniform], minlength=world.source.days * brands)
    shown = shown.reshape(-1, brands).astype(float)
    on = np.cumsum(shown, axis=0) > 0  # from the first day that the brand was shown
    share = shown.sum(axis=0) / np.maximum((shown.sum(axis=1, keepdims=True) * on).sum(axis=0), 1)
    expected = shown.sum(axis=1, keepdims=True) * share
    ratio = (shown + settings.surge_prior) / (expected + settings.surge_prior)
    return np.asarray((ratio > settings.surge).ravel()[cell])


def _split(world: World, pairs: Ints, settings: DatasetSettings) -> tuple[Ints, Ints, Ints]:
    """``pairs`` (2, n) for training, validation and test."""
    drawn = stream(world.source.seed, SPLIT).random(pairs.shape[1])
    held = settings.test_share + settings.valid_share
    train, test = drawn >= held, drawn < settings.test_share
    return pairs[:, train], pairs[:, ~train & ~test], pairs[:, test]


def _found(log: _Log, settings: DatasetSettings) -> Ints:
    """int32 (2, n): pairs with a weighted event after a look that was not by chance."""
    weighted = np.isin(np.array(("", *RESPONSES)), list(settings.event_weights))
    lowest = int(np.flatnonzero(weighted).min())
    return unique_pairs(np.stack([log.user, log.item])[:, (log.depth >= lowest) & ~log.uniform])


def _random_exposure(log: _Log) -> Floats:
    """float32 (3, n): pairs that chance showed, and whether any response followed."""
    pairs = np.stack([log.user, log.item])[:, log.uniform]
    _, first, group = np.unique(pair_keys(pairs), return_index=True, return_inverse=True)
    best = np.zeros(first.size)
    np.maximum.at(best, group, log.depth[log.uniform] > 0)
    return np.vstack([pairs[:, first], best]).astype(np.float32)


def _content(world: World) -> dict[str, Floats]:
    """Two modalities of noisy linear images of merit, category and brand."""
    rng, items = stream(world.source.seed, CONTENT), world.items
    codes = [np.eye(len(CATEGORIES))[items.category], np.eye(len(BRANDS))[items.brand]]
    causes = np.concatenate([items.merit, *codes], axis=1)
    found = {}
    for name in ("image", "text"):
        map_ = rng.normal(size=(causes.shape[1], WIDTH)) / np.sqrt(items.merit.shape[1])
        noise = NOISE * rng.normal(size=(world.source.items, WIDTH))
        found[name] = (causes @ map_ + noise).astype(np.float32)
    return found
