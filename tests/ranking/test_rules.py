"""Blocked items, brands and categories."""

import datetime as dt
from functools import partial

import numpy as np
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.rules import allowed, fresh, item_rules

DS = dt.date(2026, 3, 1)
ITEMS = pd.DataFrame(
    {
        "item_id": ["a", "b", "c", "d", "e"],
        "brand": ["Nord", "nord", None, "Sud", "Sud"],
        "category": ["Apparel > Shirts", None, "Apparel", "Apparelish", "Shoes"],
        "available": pd.Series([True, None, None, False, None], dtype=object),
        "first_seen": ["2026-01-01", "2026-01-01", "2026-02-20", None, "2026-03-01"],
        "last_seen": ["2026-03-01", "2026-02-01", "2026-03-01", None, "2026-03-01"],
    }
)


def names(**rules: object) -> str:
    return "".join(ITEMS["item_id"][allowed(ITEMS, ScoringSettings(**rules), DS)])


def test_each_rule() -> None:
    every = partial(names, only_available=False)
    assert names() == "abce"  # d cannot be bought
    assert every() == "abcde"
    assert every(blocked_items=("a", "unknown")) == "bcde"
    assert every(blocked_brands=("NORD",)) == "cde"
    assert every(blocked_categories=("apparel",)) == "bde"
    assert every(blocked_categories=("Apparel > Shirts",)) == "bcde"
    assert every(blocked_items=("e",), blocked_brands=("sud",), blocked_categories=("Apparel",)) == "b"
    assert every(max_age_days=30) == "cde"  # what is not known forbids nothing
    assert every(max_silence_days=27) == "acde"
    assert every(max_silence_days=28) == "abcde"


def test_what_the_rules_say_of_each_item() -> None:
    listed = np.array([True, True, True, True, False])
    settings = ScoringSettings(rebuyable_categories=("APPAREL",), category_levels=1, new_item_days=10)
    rules = item_rules(ITEMS, settings, DS, listed)
    assert rules.rebuyable.tolist() == [True, False, True, False, False]
    assert rules.category.tolist() == [0, -1, 0, 1, 2]
    assert rules.brand.tolist() == [0, 0, -1, 1, 1]
    assert rules.fresh.tolist() == [False, False, True, False, True]
    assert item_rules(ITEMS, ScoringSettings(new_item_days=9), DS, listed).fresh.tolist() == [False] * 4 + [
        True
    ]


def test_items_of_the_first_delivery_are_not_new() -> None:
    first = ITEMS.assign(first_seen="2026-03-01")
    assert not fresh(first, ScoringSettings(), DS).any()
