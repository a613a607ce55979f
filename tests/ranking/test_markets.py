"""Where items are sold: what is read, what is not, and who is where."""

import numpy as np
import pandas as pd

from causalrec.ranking.markets import Markets, local_titles, where_sold

OFFERS = pd.Series(
    [
        None,  # everywhere
        ["DE", "AT:13 EUR"],
        ["ch: 12.50 CHF ", "DE:9.95"],
        [],  # nowhere
        ["DE:cheap", "AT:-1 EUR", "", "AT,CH"],  # nobody knows
    ],
    dtype=object,
)


def test_an_item_is_sold_where_it_says_and_for_how_much() -> None:
    found = Markets.of(OFFERS, " de ")
    assert (found.names, found.home, found.unread) == (("AT", "CH", "DE"), "DE", 4)
    for name, sold, prices in (
        ("DE", [1, 1, 1, 0, 0], [np.nan, np.nan, 9.95, np.nan, np.nan]),
        ("AT", [1, 1, 0, 0, 0], [np.nan, 13.0, np.nan, np.nan, np.nan]),
        ("CH", [1, 0, 1, 0, 0], [np.nan, np.nan, 12.5, np.nan, np.nan]),
    ):
        market = found.market(name)
        assert market.sold.tolist() == [bool(one) for one in sold]
        np.testing.assert_array_equal(market.prices, prices)
    assert found.entries.loc[found.entries["market"] == "CH", "currency"].tolist() == ["CHF"]


def test_who_is_nowhere_is_at_home() -> None:
    found = Markets.of(OFFERS, "DE")
    named = np.array(["at", None, "FR", "CH "], dtype=object)
    assert found.of_users(named).tolist() == ["AT", "DE", "DE", "CH"]
    nothing = Markets.of(pd.Series([None, None], dtype=object), "DE")
    assert nothing.names == ("DE",)
    assert nothing.market("DE").sold.all()


def test_rows_name_the_markets_that_sell_their_item() -> None:
    found = Markets.of(OFFERS, "DE")
    told = where_sold(found.names, found.sold)
    assert told.tolist() == [None, "AT,DE", "CH,DE", "", ""]
    assert where_sold(found.names, found.sold[:, :0]).tolist() == []
    assert found.unsold(np.arange(3), told[:3]) == 0
    named = np.array([None, "CH", "AT,DE", "DE"], dtype=object)
    assert found.unsold(np.array([1, 1, 2, 0]), named) == 3
    assert found.unsold(np.array([0, 1]), np.array(["FR", "AT"], dtype=object)) == 1  # no such market
    assert found.unsold(np.array([], dtype=int), np.array([], dtype=object)) == 0


def test_titles_in_a_language() -> None:
    titles = pd.Series([["de: Blauer Becher", "fr:Tasse: bleue"], None, ["de-AT:Häferl", "x"]], dtype=object)
    found = local_titles(titles, ("de", "fr", "es"))
    assert found["de"].tolist()[0] == "Blauer Becher"
    assert found["fr"].tolist()[0] == "Tasse: bleue"
    assert found["de"].isna().tolist() == [False, True, True]
    assert found["es"].isna().all()
    assert local_titles(titles, ("de-AT",))["de-AT"].tolist()[2] == "Häferl"
