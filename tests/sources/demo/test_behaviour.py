"""The mechanisms: exact propensities, confounding that can be switched off, accidents, learnable taste."""

import numpy as np
import pytest

from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.sources.demo.behaviour import TYPES, Activity, simulate
from causalrec.sources.demo.mechanism import (
    BRAND_SENSITIVITY,
    SLATE,
    content_logit,
    do_effect,
    propensities,
    sigmoid,
    true_logit,
)
from causalrec.sources.demo.vocabulary import NEWCOMER
from causalrec.sources.demo.world import World, build_world


@pytest.fixture(scope="module")
def world() -> World:
    """Four hundred users, two hundred forty items."""
    return build_world(SourceSettings())


@pytest.fixture(scope="module")
def month(world: World) -> list[Activity]:
    """Thirty days."""
    return [simulate(world, day, 0) for day in range(30)]


def _all(month: list[Activity], name: str) -> np.ndarray:
    return np.concatenate([getattr(day, name) for day in month])


def test_logged_propensity_is_how_often_items_are_shown(world: World) -> None:
    users, rounds = np.arange(10), 4_000
    chance = propensities(world, users, 0, np.zeros(10, np.bool_))
    assert chance.shape == (10, 240)
    assert (chance[:, world.items.launch_day > 0] == 0).all()
    np.testing.assert_allclose(chance.sum(axis=1), SLATE, rtol=0.1)  # capped at max_propensity
    rng = np.random.default_rng(0)
    shown = (rng.random((rounds, 10, 240)) < chance).mean(axis=0)
    assert np.abs(shown - chance).max() < 5 * np.sqrt(0.25 / rounds)


def test_uniform_exposure_is_uniform_over_what_is_on_sale(world: World, month: list[Activity]) -> None:
    flat = propensities(world, np.array([3]), 0, np.array([True]))[0]
    on_sale = world.items.launch_day == 0
    assert np.unique(flat[on_sale]).tolist() == [SLATE / on_sale.sum()]
    shown = (_all(month, "kind") == 0) & _all(month, "uniform")
    share = shown.sum() / (_all(month, "kind") == 0).sum()
    assert 0.05 < share < 0.11
    counts = np.bincount(_all(month, "item")[shown], minlength=240)[on_sale]
    assert counts.max() < 4 * counts.mean()


def test_biased_exposure_follows_promotion(world: World, month: list[Activity]) -> None:
    biased = (_all(month, "kind") == 0) & ~_all(month, "uniform")
    items = world.items
    shown = np.bincount(_all(month, "item")[biased], minlength=240)[items.launch_day == 0]
    promotion = world.confounder.promotion[items.category, items.brand][items.launch_day == 0]
    assert np.corrcoef(np.log1p(shown), promotion)[0, 1] > 0.4


def test_events_of_an_exposure_come_in_order(world: World, month: list[Activity]) -> None:
    day = month[0]
    assert (day.millisecond >= 0).all()
    assert (day.millisecond < 86_400_000).all()
    assert (np.diff(day.session) >= 0).all()
    pairs = {
        kind: set(zip(day.session[day.kind == kind], day.item[day.kind == kind], strict=True))
        for kind in range(4)
    }
    assert pairs[3] < pairs[2] < pairs[1] < pairs[0]
    assert TYPES.tolist() == ["impression", "view", "cart", "purchase"]
    first = day.session == day.session[0]
    assert day.position[first & (day.kind == 0)].tolist() == list(
        range(1, (first & (day.kind == 0)).sum() + 1)
    )


def test_size_of_the_default_shop(month: list[Activity]) -> None:
    positive = _all(month, "kind") >= 2
    pairs = set(zip(_all(month, "user")[positive], _all(month, "item")[positive], strict=True))
    assert 8_000 < len(pairs) < 15_000
    assert 0.01 < _all(month, "accident")[positive].mean() < 0.1
    per_user = np.bincount([user for user, _ in pairs], minlength=400)
    assert (per_user < 5).sum() >= 10, "some users have few events"


def test_without_confounding_brand_and_category_do_not_move_demand() -> None:
    plain = build_world(SourceSettings(demo=DemoSettings(confounding=0.0)))
    users, items = np.arange(20)[:, None], np.arange(240)[None, :]
    np.testing.assert_allclose(true_logit(plain, users, items), content_logit(plain, users, items))
    np.testing.assert_allclose(do_effect(plain, users, items), sigmoid(content_logit(plain, users, items)))


def test_effect_averages_over_all_confounders(world: World) -> None:
    """One user without brand sensitivity, by hand."""
    user, item = np.array([5]), np.array([7])
    demand = world.confounder.demand[world.items.category, world.items.brand]
    pull = 1 + BRAND_SENSITIVITY * world.users.sensitivity[5]
    by_hand = sigmoid(content_logit(world, user, item) + world.knobs.confounding * demand * pull).mean()
    np.testing.assert_allclose(do_effect(world, user, item), [by_hand])


def test_truth_knows_more_than_popularity(world: World, month: list[Activity]) -> None:
    """Held-out carts are found by true taste clearly better than by counting."""
    positive = _all(month, "kind") >= 2
    counts = np.zeros((400, 240))
    np.add.at(counts, (_all(month, "user")[positive], _all(month, "item")[positive]), 1)
    chance = propensities(world, np.arange(400), 29, np.zeros(400, np.bool_))
    truth = true_logit(world, np.arange(400)[:, None], np.arange(240)[None, :]) + np.log(chance + 1e-9)
    popular = np.broadcast_to(counts.sum(axis=0), counts.shape)

    def hits(score: np.ndarray) -> float:
        top = np.argsort(-score, axis=1)[:, :20]
        return float((np.take_along_axis(counts, top, axis=1) > 0).mean())

    assert hits(truth) > 1.5 * hits(popular)


def test_newcomer_brand_is_unseen_on_the_first_day(world: World) -> None:
    newcomer = world.items.brand == NEWCOMER
    assert newcomer.any()
    assert (world.items.launch_day[newcomer] > 0).all()


def test_a_block_depends_on_seed_day_and_block_only(world: World) -> None:
    again = simulate(build_world(SourceSettings()), 4, 0)
    before = simulate(world, 4, 0)
    for name in ("kind", "millisecond", "user", "item", "propensity"):
        assert (getattr(again, name) == getattr(before, name)).all()
    assert len(simulate(world, 5, 0)) != len(before)


def test_blocks_divide_the_users() -> None:
    world = build_world(SourceSettings(users=50, demo=DemoSettings(block_users=20)))
    users = [set(simulate(world, 0, block).user.tolist()) for block in range(3)]
    assert [max(part) // 20 for part in users] == [0, 1, 2]
    assert [min(part) // 20 for part in users] == [0, 1, 2]


def test_campaigns_raise_showing_and_buying_but_not_clicks() -> None:
    knobs = DemoSettings(campaigns=1.5, campaign_share=0.3)
    world = build_world(SourceSettings(demo=knobs))
    days = [simulate(world, day, 0) for day in range(30)]
    lift = np.concatenate([world.calendar.campaign[n, world.items.brand[d.item]] for n, d in enumerate(days)])
    kind, uniform, accident = (_all(days, name) for name in ("kind", "uniform", "accident"))
    on = lift > 0
    assert set(np.unique(lift)) == {0.0, 1.5}
    assert on[(kind == 0) & ~uniform].mean() > on[(kind == 0) & uniform].mean() + 0.15
    clicks, bought = (np.bincount(on[(kind == stage) & uniform & ~accident], minlength=2) for stage in (1, 3))
    assert bought[1] / clicks[1] > 1.5 * bought[0] / clicks[0]


def test_without_its_knobs_time_changes_nothing(world: World) -> None:
    assert not world.calendar.campaign.any()
    assert not world.calendar.drift.any()
    longer = build_world(SourceSettings(days=60, demo=DemoSettings(campaigns=1.0, demand_drift=0.5)))
    shorter = build_world(SourceSettings(days=40, demo=DemoSettings(campaigns=1.0, demand_drift=0.5)))
    np.testing.assert_array_equal(longer.calendar.campaign[:40], shorter.calendar.campaign)
    np.testing.assert_array_equal(longer.calendar.drift[:40], shorter.calendar.drift)


def test_demand_drifts_and_bends() -> None:
    users, items = np.zeros(1, np.int64), np.arange(240)
    plain, curved, drifting = (
        build_world(SourceSettings(demo=DemoSettings(**knobs)))
        for knobs in ({}, {"demand_curve": 0.4}, {"demand_drift": 1.0})
    )
    content = content_logit(plain, users, items)
    code = plain.items.category * 100 + plain.items.brand
    for world in (curved, drifting):
        shift = true_logit(world, users, items) - content
        assert len(np.unique(np.round(shift, 9))) == len(np.unique(code))
        assert not np.allclose(shift, true_logit(plain, users, items) - content)
    first, last = (true_logit(drifting, users, items, day) for day in (0, 37))
    np.testing.assert_allclose(first, true_logit(plain, users, items))
    assert np.abs(last - first).max() > 0.3
