"""Blocked items, brands and categories."""

import pandas as pd

from causalrec.config.sections import ScoringSettings
from causalrec.scoring.rules import allowed

ITEMS = pd.DataFrame(
    {
        "item_id": ["a", "b", "c", "d", "e"],
        "brand": ["Nord", "nord", None, "Sud", "Sud"],
        "category": ["Apparel > Shirts", None, "Apparel", "Apparelish", "Shoes"],
    }
)


def names(**rules: tuple[str, ...]) -> str:
    return "".join(ITEMS["item_id"][allowed(ITEMS, ScoringSettings(**rules))])


def test_each_rule() -> None:
    assert names() == "abcde"
    assert names(blocked_items=("a", "unknown")) == "bcde"
    assert names(blocked_brands=("NORD",)) == "cde"
    assert names(blocked_categories=("apparel",)) == "bde"
    assert names(blocked_categories=("Apparel > Shirts",)) == "bcde"
    assert names(blocked_items=("e",), blocked_brands=("sud",), blocked_categories=("Apparel",)) == "b"
