"""Which items a rule means, by hand."""

import pandas as pd
import pytest
from pydantic import ValidationError

from causalrec.ranking.merchandise.filters import Filter

ITEMS = pd.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "brand": ["Nord", "nord", "Sol", None],
        "category": ["Home > Mugs", "Shoes", "Home", None],
        "price": [10.0, 20.0, 30.0, None],
        "margin": [1.0, -2.0, None, 4.0],
        "stock": pd.array([0, 5, None, 7], dtype="Int64"),
        "seller": ["Anna", None, "anna", "Ben"],
        "tags": [["Sale", "new"], [], None, ["sale"]],
    },
    index=[3, 2, 1, 0],
)


def fits(**named: object) -> str:
    return " ".join(ITEMS["item_id"].to_numpy()[Filter.model_validate(named).fits(ITEMS)])


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ({}, "a b c d"),
        ({"brands": ["NORD"], "items": ["d"]}, "a b d"),
        ({"categories": ["home"]}, "a c"),
        ({"brands": ["nord"], "min_price": 20}, "b"),
        ({"max_price": 20}, "a b"),
        ({"min_margin": -2, "max_margin": 1}, "a b"),
        ({"min_stock": 1}, "b d"),
        ({"sellers": ["ANNA"]}, "a c"),
        ({"tags": ["SALE", "x"]}, "a d"),
        ({"tags": ["sale"], "sellers": ["ben"]}, "d"),
    ],
)
def test_what_it_means(named: dict[str, object], meant: str) -> None:
    assert fits(**named) == meant


def test_what_it_needs_to_know() -> None:
    assert Filter(brands=("x",)).columns == frozenset()
    assert Filter(min_price=1, max_price=2, tags=("x",), sellers=("y",)).columns == {
        "price",
        "tags",
        "seller",
    }
    assert Filter(min_stock=0).columns == {"stock"}
    assert not Filter().limited
    assert Filter(max_margin=0).limited


def test_a_range_without_anything_in_it() -> None:
    with pytest.raises(ValidationError, match=r"max_price \(1\) is below min_price \(2\)"):
        Filter(min_price=2, max_price=1)
    with pytest.raises(ValidationError, match="finite"):
        Filter(min_price=float("nan"))
