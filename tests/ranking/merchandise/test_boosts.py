"""Boosts, objective and caps: from the rules to the lists."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.asked import Asked
from causalrec.ranking.engine import Engine
from causalrec.ranking.histories import from_positions
from causalrec.ranking.item_rules import Boosts, Capped, ItemRules
from causalrec.ranking.merchandise.boost import item_boosts, worth
from causalrec.ranking.merchandise.caps import item_caps
from causalrec.ranking.merchandise.kinds import Boost, Cap, Objective
from causalrec.ranking.merchandise.rules_file import Merchandise
from causalrec.ranking.ranked import Ranked
from tests.ranking.shop import catalogue, tables, user_states

DS = dt.date(2026, 3, 1)
USERS, ITEMS, K = 7, 11, 4
TABLES = tables(USERS, ITEMS)
CATALOGUE = catalogue(TABLES)
NOBODY = from_positions(np.zeros(USERS, dtype=np.int64), np.empty(0, dtype=np.int64))
NAMES = np.array([f"u{user}" for user in range(USERS)], dtype=object)
FRAME = pd.DataFrame(
    {
        "item_id": CATALOGUE.item_ids,
        "brand": ["Nord"] * 4 + ["Sol"] * 4 + [None] * 3,
        "category": ["Home > Mugs", "Home", "Shoes"] + ["Hats"] * 8,
        "price": [float(price) for price in range(10, 21)],
        "seller": [None] * 10 + ["Anna"],
    }
)


def lists(rules: ItemRules, scoring: ScoringSettings, cold: int = 0) -> Ranked:
    rows = np.arange(USERS, dtype=np.int32)
    rows[:cold] = -1
    engine = Engine(replace(CATALOGUE, rules=rules), scoring, users=user_states(TABLES))
    (block,) = engine.ranked(Asked(rows, NOBODY, scoring.k, NAMES, DS.isoformat()))
    return block


def scores() -> np.ndarray:
    assert CATALOGUE.states is not None
    return TABLES.users @ CATALOGUE.states.T


@given(
    st.lists(st.floats(-2, 2), min_size=ITEMS, max_size=ITEMS),
    st.lists(st.floats(-3, 3), min_size=ITEMS, max_size=ITEMS),
    st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_lists_are_in_the_order_of_the_shop(added: list[float], times: list[float], odds: bool) -> None:
    """Exact, though the search goes by log-odds; the scores stay those of the model."""
    boosts = Boosts(np.array(added, np.float32), np.array(times, np.float32), odds)
    block = lists(replace(CATALOGUE.rules, boosts=boosts), ScoringSettings(k=K, new_item_share=0))
    want = scores() + boosts.added
    want = (-np.logaddexp(0, -want.astype(np.float64)) if odds else want) + boosts.log_times
    for user in range(USERS):
        mine = block.items[block.users == user]
        assert np.sort(want[user])[::-1][:K] == pytest.approx(want[user, mine], abs=1e-5)
        assert block.scores[block.users == user] == pytest.approx(scores()[user, mine], abs=1e-5)


def test_popularity_is_boosted_too() -> None:
    boost = np.where(np.arange(ITEMS) == 5, 9, 0).astype(np.float32)
    boosts = Boosts(boost, np.zeros(ITEMS, np.float32))
    popular = replace(CATALOGUE, popularity=np.arange(1, 12, dtype=np.float32))
    engine = Engine(
        replace(popular, rules=replace(popular.rules, boosts=boosts)),
        ScoringSettings(k=2, new_item_share=0),
        users=user_states(TABLES),
    )
    (block,) = engine.recommend(np.array([-1], dtype=np.int32), NOBODY.block(0, 1), 2, NAMES[:1])
    assert block.items.tolist() == [5, 10]
    assert block.scores.tolist() == [6, 11]


def test_boosts_of_a_night() -> None:
    summer = Boost(name="summer", brands=("nord",), add=0.5, times=2, last=DS)
    cheap = Boost(name="cheap", max_price=10, times=3)
    rules = Merchandise(boosts=(summer, cheap))
    listed = np.ones(ITEMS, dtype=np.bool_)
    found = item_boosts(FRAME, listed, rules, DS, odds=True)
    assert found is not None
    assert found.added.tolist() == [0.5] * 4 + [0] * 7
    assert np.exp(found.log_times) == pytest.approx([6, 2, 2, 2] + [1] * 7)
    assert found.odds
    later = item_boosts(FRAME, listed, rules, DS + dt.timedelta(days=1), odds=True)
    assert later is not None
    assert later.added.tolist() == [0] * ITEMS
    assert item_boosts(FRAME, listed, Merchandise(), DS, odds=True) is None
    assert list(rules.needs()) == [("price", "boost cheap")]
    assert rules.reorders(DS)
    assert not Merchandise(boosts=(summer,)).reorders(DS + dt.timedelta(days=1))


def test_the_worth_of_a_response() -> None:
    items = pd.DataFrame({"price": [10.0, 30.0, None, 1000.0], "margin": [2.0, -2.0, 0.0, None]})
    listed = np.array([True, True, True, False])
    assert worth(items, listed, Objective(value="price", weight=1)).tolist() == [0.5, 1.5, 1, 50]
    assert worth(items, listed, Objective(value="price", weight=0.5)).tolist() == [0.75, 1.25, 1, 25.5]
    assert worth(items, listed, Objective(value="price", weight=0)).tolist() == [1] * 4
    earned = worth(items, listed, Objective(value="margin", weight=1))
    assert earned[0] > 1
    assert 0 < earned[1] == earned[2] < 1e-3  # a loss stands last and keeps a score


def test_at_full_weight_no_list_earns_more() -> None:
    listed = np.ones(ITEMS, dtype=np.bool_)
    rules = Merchandise(objective=Objective(value="price", weight=1))
    boosts = item_boosts(FRAME, listed, rules, DS, odds=True)
    block = lists(replace(CATALOGUE.rules, boosts=boosts), ScoringSettings(k=K, new_item_share=0))
    earns = FRAME["price"].to_numpy() / (1 + np.exp(-scores().astype(np.float64)))
    for user in range(USERS):
        mine = block.items[block.users == user]
        assert earns[user, mine].sum() == pytest.approx(np.sort(earns[user])[-K:].sum())


def test_the_groups_of_caps() -> None:
    rules = Merchandise(
        caps=(
            Cap(by="brand", list_share=0.5),
            Cap(by="category", names=("home",), night_share=0.1),
            Cap(by="seller", names=("ANNA",), night_share=0.1, last=dt.date(2026, 2, 1)),
        )
    )
    brands, homes = item_caps(FRAME, rules, DS)
    assert brands.names == ("Nord", "Sol")
    assert brands.codes.tolist() == [0] * 4 + [1] * 4 + [-1] * 3
    assert homes.names == ("home",)
    assert homes.codes.tolist() == [0, 0] + [-1] * 9
    assert list(rules.needs()) == [("seller", "the cap by seller")]
    assert brands.take(np.array([7, 0])).codes.tolist() == [1, 0]


@pytest.mark.parametrize("explore", [0, 0.25])
def test_no_list_has_more_than_its_share_of_a_brand(explore: float) -> None:
    """What exploration placed counts: of four places, one may be of the capped items."""
    codes = np.where(np.arange(ITEMS) < 8, 0, -1).astype(np.int32)
    rules = replace(CATALOGUE.rules, capped=(Capped(codes, ("Nord",), "brand", list_share=0.3),))
    scoring = ScoringSettings(k=K, new_item_share=0, explore_share=explore)
    block = lists(rules, scoring)
    for user in range(USERS):
        mine = block.items[block.users == user]
        drawn = block.policies[block.users == user] == "uniform"
        assert (mine < 8).sum() <= max(1, (mine[drawn] < 8).sum())
        assert mine.size == K


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (Boost, {"name": "x", "brands": ["a"]}, "boost x changes nothing"),
        (Boost, {"name": "x", "times": 0}, "times"),
        (Cap, {"by": "brand"}, "neither list_share nor night_share"),
        (Cap, {"by": "colour", "list_share": 0.1}, "by"),
        (Objective, {"value": "price", "weight": 1.5}, "weight"),
        (Objective, {"value": "clicks", "weight": 1}, "value"),
    ],
)
def test_a_wrong_rule(kind: type[Boost], given: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        kind.model_validate(given)
