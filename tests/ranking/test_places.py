"""Whole lists under the rules: exploration, new items, re-buyable items, caps, and their labels."""

from dataclasses import replace
from typing import Any

import numpy as np

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.asked import Asked
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import from_positions
from causalrec.ranking.item_rules import ItemRules, no_rules
from causalrec.ranking.ranked import Ranked
from causalrec.ranking.user_states import UserStates

from .shop import brute_force, catalogue, tables

USERS, ITEMS = 400, 30
TABLES = tables(USERS, ITEMS)
PLAIN = catalogue(TABLES)
assert PLAIN.states is not None
STATES = PLAIN.states
IDS = np.array([f"u{n:04d}" for n in range(USERS)], dtype=object)
EMPTY = from_positions(np.zeros(USERS, dtype=np.int64), np.empty(0, dtype=np.int64))


def ruled(**changes: Any) -> Catalogue:  # noqa: ANN401 - fields of several types
    rules: ItemRules = replace(no_rules(ITEMS), **changes)
    return replace(PLAIN, rules=rules)


def at(*positions: int) -> np.ndarray:
    return np.isin(np.arange(ITEMS), positions)


def lists(of: Catalogue, rows: np.ndarray | None = None, **settings: object) -> Ranked:
    chosen = ScoringSettings.model_validate({"k": 6, "new_item_share": 0, **settings})
    engine = Engine(of, chosen, users=UserStates(TABLES.users))
    users = np.arange(USERS, dtype=np.int32) if rows is None else rows
    (block,) = engine.ranked(
        Asked(users, EMPTY.block(0, users.size), chosen.k, IDS[: users.size], "2026-03-01")
    )
    return block


def test_exploration_is_uniform_whatever_the_model_likes_and_logged() -> None:
    block = lists(PLAIN, explore_share=0.3)  # two of six places
    drawn = block.policies == "uniform"
    assert set(block.ranks[drawn]) == {2, 4}
    assert np.allclose(block.propensity[drawn], 2 / ITEMS)
    assert np.all(block.propensity[~drawn] == 1)
    assert set(block.reason_codes[drawn]) == {"exploration"}
    counts = np.bincount(block.items[drawn], minlength=ITEMS)
    assert counts.sum() == 2 * USERS
    assert ((counts - 2 * USERS / ITEMS) ** 2 / (2 * USERS / ITEMS)).sum() < 58  # chi2(29), p = .001
    pairs = np.unique(block.users * ITEMS + block.items)
    assert pairs.size == 6 * USERS  # what was drawn stands nowhere else in the list


def test_inverse_propensity_on_the_explored_rows_finds_the_value_of_another_policy() -> None:
    """What the logged propensity is for: the mean reward of showing item 3 to everybody, without bias."""
    reward = np.sin(np.arange(USERS)[:, None] + np.arange(ITEMS)) + 1
    block = lists(PLAIN, explore_share=0.3)
    drawn = (block.policies == "uniform") & (block.items == 3)
    estimate = (reward[block.users[drawn], 3] / block.propensity[drawn]).sum() / USERS
    spread = np.sqrt((reward[:, 3] ** 2).mean() * ITEMS / 2 / USERS)
    assert abs(estimate - reward[:, 3].mean()) < 3 * spread


def test_new_items_have_their_place_in_every_list_and_each_its_share() -> None:
    new = (3, 11, 19)
    block = lists(ruled(fresh=at(*new)), new_item_share=0.1, new_item_uniform=0.5)
    place = block.policies == "new_items"
    assert (np.bincount(block.users[place], minlength=USERS) == 1).all()
    assert set(block.items[place]) == set(new)
    odds = block.propensity[place].astype(float).round(4)
    assert set(odds.tolist()) == {0.1667, 0.6667}  # any of three half of the time, else the user's best
    assert np.bincount(block.items[place], minlength=ITEMS)[list(new)].min() >= 0.8 * USERS * 0.5 / 3
    scores = TABLES.users.astype(np.float64) @ STATES[list(new)].T.astype(np.float64)
    best = np.array(new)[scores.argmax(axis=1)]
    likely = block.items[place] == best[block.users[place]]
    assert np.array_equal(likely, odds > 0.5)


def test_a_new_item_without_any_state_stands_in_no_personal_place_but_gets_its_share() -> None:
    unknown = at(7)
    block = lists(ruled(fresh=unknown, listed=~unknown), new_item_share=0.1)
    assert set(block.policies[block.items == 7]) == {"new_items"}
    assert (block.items == 7).sum() == USERS
    assert np.all(block.propensity[block.items == 7] == 1)
    cold = lists(
        ruled(fresh=unknown, listed=~unknown), np.full(USERS, -1, dtype=np.int32), new_item_share=0.1
    )
    assert (cold.items == 7).sum() == USERS
    assert set(cold.reason_codes) == {"popular", "new_item"}


def test_rebuyable_items_come_again() -> None:
    past = from_positions(np.full(1, ITEMS - 1), np.arange(ITEMS - 1))
    settings = ScoringSettings(k=3, new_item_share=0)
    engine = Engine(ruled(rebuyable=at(2, 4)), settings, users=UserStates(TABLES.users))
    (block,) = engine.recommend(np.zeros(1, dtype=np.int32), past, 3)
    assert sorted(block.items) == [2, 4, ITEMS - 1]


def test_caps_widen_the_pool_until_the_list_is_full() -> None:
    best = np.argsort(-(TABLES.users[0] @ STATES.T), kind="stable")
    brand = np.zeros(ITEMS, dtype=np.int32)
    brand[best[-5:]] = np.arange(1, 6)  # other brands only among the worst
    block = lists(ruled(brand=brand), np.zeros(1, dtype=np.int32), max_per_brand=1, pool=1)
    assert block.items.tolist() == [best[0], *best[-5:]]
    assert set(block.fallback) == {""}


def test_caps_that_leave_a_list_short_are_named() -> None:
    category = np.arange(ITEMS, dtype=np.int32) % 2
    block = lists(ruled(category=category), max_per_category=2)
    assert (np.bincount(block.users) == 4).all()
    assert set(block.fallback) == {"caps_reached"}


def test_diversity_spreads_the_lists() -> None:
    def closeness(block: Ranked) -> float:
        units = STATES / np.linalg.norm(STATES, axis=1, keepdims=True)
        rows = units[block.items].reshape(USERS, 6, -1)
        return float((rows @ rows.transpose(0, 2, 1)).mean())

    assert closeness(lists(PLAIN, diversity=0.7)) < closeness(lists(PLAIN)) - 0.2


def test_every_rule_at_once_does_not_depend_on_the_blocks() -> None:
    of = ruled(fresh=at(3, 9), brand=np.arange(ITEMS, dtype=np.int32) % 4)
    rules: dict[str, object] = {
        "explore_share": 0.2,
        "new_item_share": 0.1,
        "max_per_brand": 2,
        "diversity": 0.3,
    }
    chosen = ScoringSettings.model_validate({"k": 6, **rules})
    rows = np.arange(USERS, dtype=np.int32)
    whole = lists(of, None, **rules)
    small = Engine(of, chosen.model_copy(update={"user_block": 37}), users=UserStates(TABLES.users))
    parts = list(small.ranked(Asked(rows, EMPTY, 6, IDS, "2026-03-01")))
    for name in ("users", "ranks", "items", "scores", "policies", "propensity", "fallback"):
        assert np.array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))


def test_k_over_the_catalogue_with_drawn_places_lists_everything_once() -> None:
    block = lists(ruled(fresh=at(4)), k=50, explore_share=0.05, new_item_share=0.05)
    assert np.array_equal(np.bincount(block.users), np.full(USERS, ITEMS))
    assert np.unique(block.users * ITEMS + block.items).size == USERS * ITEMS
    assert set(block.fallback) == {"catalogue_exhausted"}
    for user in (0, 7):
        assert block.ranks[block.users == user].tolist() == list(range(1, ITEMS + 1))


def test_without_ids_all_places_are_taste() -> None:
    settings = ScoringSettings(k=6, explore_share=0.3, new_item_share=0.1)
    engine = Engine(ruled(fresh=at(1)), settings, users=UserStates(TABLES.users))
    (block,) = engine.recommend(np.arange(3, dtype=np.int32), EMPTY.block(0, 3), 6)
    assert set(block.policies) == {"causalrec"}
    expected = brute_force(TABLES.users[:3], STATES, [[], [], []], 6)
    assert [block.items[block.users == user].tolist() for user in range(3)] == expected
