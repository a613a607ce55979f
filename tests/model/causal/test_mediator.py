"""The front door: the formula by hand, effects that were planted, and refuters."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import spearmanr

from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.dataset.arrays import Looks
from causalrec.lab.oracle.generated import generated_shop
from causalrec.model.causal.mediator import Mediator, fit_mediator
from causalrec.model.causal.mediator_worth import front_door_worth
from causalrec.model.worth import ModuleWorth

pytestmark = pytest.mark.slow

ITEMS, STRATA = 40, 2


def shop(seed: int = 3, clicks: int = 60_000) -> tuple[Looks, np.ndarray, np.ndarray]:
    """Looks that all led to a click, the logit of each, and what every item truly adds to buying.

    The first half of the items is shown in stratum 1 most of the time, which alone sells by 1.5 more.
    """
    rng = np.random.default_rng(seed)
    item = rng.integers(0, ITEMS, clicks).astype(np.int32)
    stratum = (rng.random(clicks) < np.where(item < ITEMS // 2, 0.8, 0.1)).astype(np.int32)
    x, own = rng.normal(size=clicks), 0.5 * rng.normal(size=ITEMS)
    bought = rng.random(clicks) < expit(-1 + 0.5 * x + 1.5 * stratum + own[item])
    ones = np.ones(clicks, np.int32)
    looks = Looks(
        np.arange(clicks, dtype=np.int32), item, stratum, ones, np.stack([ones, bought.astype(np.int32)]),
        propensity=np.full(clicks, np.nan, np.float32), age=np.zeros(clicks, np.float32),
        depths=("click", "purchase"), policy=("", ""), position=np.array([1, 2], np.float32),
        uniform=np.zeros(2, bool),
    )  # fmt: skip
    return looks, x, own


def groups() -> np.ndarray:
    return np.zeros(ITEMS, np.int32)


def gap(mediator: Mediator, own: np.ndarray) -> float:
    """How much better than the second half the first one is taken to sell, beyond what is true."""
    wrong = mediator.items - own
    return float(wrong[: ITEMS // 2].mean() - wrong[ITEMS // 2 :].mean())


def test_the_formula() -> None:
    found = Mediator(-1.0, 0.5, np.array([0.0, 2.0]), np.array([0.75, 0.25]), np.array([0.3, 0.0]), {})
    x = np.array([[1.0, -2.0]], np.float32)
    first = expit(1.0) * (0.75 * expit(-0.2) + 0.25 * expit(1.8))
    second = expit(-2.0) * (0.75 * expit(-2.0) + 0.25 * expit(0.0))
    assert found.chance(x)[0].tolist() == pytest.approx([first, second], rel=1e-6)


def test_planted_effects_are_found_and_showing_does_not_favour() -> None:
    looks, x, own = shop()
    adjusted, plain = (fit_mediator(looks, x, groups(), ITEMS, strata) for strata in (True, False))
    assert adjusted is not None
    assert plain is not None
    assert adjusted.slope == pytest.approx(0.5, abs=0.05)
    assert adjusted.strata[1] - adjusted.strata[0] == pytest.approx(1.5, abs=0.15)
    assert np.corrcoef(adjusted.items, own)[0, 1] > 0.95
    assert abs(gap(adjusted, own)) < 0.1 < 0.7 < gap(plain, own)
    assert adjusted.share.tolist() == pytest.approx(np.bincount(looks.strata) / looks.strata.size)
    assert not plain.strata.any()


def test_shuffled_ways_of_being_shown_explain_nothing() -> None:
    looks, x, own = shop()
    shuffled = replace(looks, strata=np.random.default_rng(0).permutation(looks.strata))
    found = fit_mediator(shuffled, x, groups(), ITEMS)
    assert found is not None
    assert np.abs(found.strata).max() < 0.1
    assert gap(found, own) > 0.7  # nothing is adjusted any more


def test_tables_keep_the_order() -> None:
    rng = np.random.default_rng(1)
    users, items = rng.normal(size=(30, 3)).astype(np.float32), rng.normal(size=(ITEMS, 3)).astype(np.float32)
    looks, x, _ = shop()
    found = fit_mediator(looks, x, groups(), ITEMS)
    assert found is not None
    left, right = found.tables(users, items)
    exact, linear = found.chance(users @ items.T), left @ right.T
    assert spearmanr(exact.T - exact.mean(axis=1), linear.T - linear.mean(axis=1), axis=None).statistic > 0.95


def test_off_where_no_depth_was_logged() -> None:
    looks, x, _ = shop(clicks=500)
    assert (
        fit_mediator(replace(looks, reached=looks.reached[:1], depths=("click",)), x, groups(), ITEMS) is None
    )
    nobody = np.stack([looks.reached[0], np.zeros(500, np.int32)])
    assert fit_mediator(replace(looks, reached=nobody), x, groups(), ITEMS) is None


def test_rows_may_be_summed_first() -> None:
    looks, _, _ = shop(clicks=4_000)
    crowd = replace(looks, users=np.zeros_like(looks.users))
    one, many = (
        fit_mediator(rows, np.zeros(rows.count.size), groups(), ITEMS) for rows in (crowd.summed(), crowd)
    )
    assert one is not None
    assert many is not None
    np.testing.assert_allclose(one.items, many.items, atol=1e-8)
    np.testing.assert_allclose(one.strata, many.strata, atol=1e-8)


def test_hidden_campaigns_do_not_sell_an_item() -> None:
    """With the true logit of a click, buying is closer to its truth with the adjustment than without."""
    knobs = DemoSettings(campaigns=1.5, campaign_share=0.25, conversion=0.7)
    found = generated_shop(SourceSettings(seed=5, users=300, items=120, demo=knobs))
    looks, truth = found.data.looks, found.truth
    assert looks is not None
    users = np.arange(300, dtype=np.int32)
    chance = truth.factual(users)
    logits = np.log(chance / (1 - chance))
    brand = np.unique(found.data.item_attributes["brand"], return_inverse=True)[1].astype(np.int32)
    errors = []
    for strata in (True, False):
        mediator = fit_mediator(looks, logits[looks.users, looks.items], brand, 120, strata)
        assert mediator is not None
        errors.append(np.corrcoef(mediator.items, truth.world.items.conversion)[0, 1])
    assert errors[0] > errors[1] + 0.03


def worth_of(looks: Looks, x: np.ndarray) -> ModuleWorth | None:
    """With tables of one column that give every look the logit 0."""
    users, items = np.zeros((looks.users.max() + 1, 1), np.float32), np.ones((ITEMS, 1), np.float32)
    return front_door_worth(looks, users, items, groups())


def test_worth_is_measured_where_chance_showed() -> None:
    looks, x, _ = shop()
    assert worth_of(looks, x) is None
    rng = np.random.default_rng(4)
    uniform = rng.random(looks.count.size) < 0.15
    items = np.where(uniform, rng.integers(0, ITEMS, uniform.size), looks.items).astype(np.int32)
    own = 0.5 * np.random.default_rng(9).normal(size=ITEMS)
    surge = np.where(uniform, rng.random(uniform.size) < 0.3, looks.strata)
    bought = (rng.random(uniform.size) < expit(-1 + 1.5 * surge + own[items])).astype(np.int32)
    strata = (looks.strata + 2 * uniform).astype(np.int32)
    four = replace(
        looks, users=(looks.users % 400).astype(np.int32), items=items, strata=strata,
        reached=np.stack([looks.reached[0], bought]), policy=("", "", "uniform", "uniform"),
        position=np.ones(4, np.float32), uniform=np.array([False, False, True, True]),
    )  # fmt: skip
    found = worth_of(four, x)
    assert found is not None
    assert found.kept
    assert found.low > 0
    mixed = strata.copy()
    mixed[~uniform] = rng.permutation(strata[~uniform])
    again = worth_of(replace(four, strata=mixed), x)
    assert again is not None
    assert abs(again.gain) < found.gain / 5
