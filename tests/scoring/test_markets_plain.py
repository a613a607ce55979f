"""Groups of users by market, without Spark."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from causalrec.errors import ScoringError
from causalrec.ranking.markets import Markets
from causalrec.scoring.market_findings import refuse_unsold
from causalrec.scoring.markets import EVERYBODY, Group, groups, published_markets
from tests.registry.shop import DS

MARKETS = Markets.of(pd.Series([["DE", "AT"], None, ["CH"]]), "DE")


def test_a_group_of_all_and_of_some() -> None:
    some, others = np.array([True, True, False]), np.array([True, False, True])
    assert EVERYBODY.of(None) is None
    assert EVERYBODY.of(some) is some
    group = Group(MARKETS.market("AT"), others)
    assert group.of(None) is others
    both = group.of(some)
    assert both is not None
    assert both.tolist() == [True, False, False]
    assert EVERYBODY.suffix == ""
    assert group.suffix == f"-{hashlib.sha256(b'AT').hexdigest()[:8]}"


def test_every_market_with_users_home_first() -> None:
    assert list(groups(None, None)) == list(groups(MARKETS, None)) == [EVERYBODY]
    named = np.array(["CH", "DE", "AT", "DE"], dtype=object)
    found = list(groups(MARKETS, named))
    assert [None if one.market is None else one.market.name for one in found] == ["DE", "AT", "CH"]
    assert [one.mine.tolist() for one in found if one.mine is not None] == [
        [False, True, False, True], [False, False, True, False], [True, False, False, False],
    ]  # fmt: skip


class Lake:
    """A published night."""

    def table(self, name: str) -> "Lake":
        assert name == "recommendations"
        return self

    def read(self, where: dict[str, list[str]], columns: list[str]) -> pa.Table:
        assert where == {"ds": [DS.isoformat()]}
        rows = [("u", 2, "CH"), ("u", 1, "AT"), ("v", 1, None), ("x", 1, "CH")]
        return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])


@pytest.mark.parametrize(("user", "market"), [("u", "AT"), ("v", "DE"), ("w", "DE"), ("x", "CH")])
def test_the_market_of_a_published_list(user: str, market: str) -> None:
    lake: Any = Lake()
    found = published_markets(MARKETS, lake, DS, np.array([user, "v"], dtype=object))
    assert found.tolist() == [market, "DE"]


def test_a_table_with_a_row_that_its_market_does_not_sell_is_not_written() -> None:
    refuse_unsold("buy_again", 0)
    with pytest.raises(ScoringError, match="buy_again is not written: 2 rows hold an item that their market"):
        refuse_unsold("buy_again", 2)
