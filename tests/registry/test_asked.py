"""Requests to a served model: what is taken, and which row or number is refused in which words."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from causalrec.errors import RequestError
from causalrec.ranking.markets import Markets
from causalrec.registry.asked import asked_k, asked_market, asked_users


def test_users_are_texts() -> None:
    found = asked_users(pd.DataFrame({"user_id": ["u", 7, " "]}))
    assert (found.tolist(), found.dtype) == (["u", "7", " "], np.dtype(object))
    assert asked_users(pd.DataFrame({"user_id": []})).tolist() == []


@pytest.mark.parametrize("bad", [None, float("nan"), ""])
def test_the_first_row_without_an_id_is_named(bad: object) -> None:
    with pytest.raises(RequestError, match="row 1 of 4 has no user id"):
        asked_users(pd.DataFrame({"user_id": ["u", bad, "v", bad]}, dtype=object))


def test_a_request_without_the_column_shows_what_it_has() -> None:
    with pytest.raises(RequestError, match=r"no column user_id: \['a', 'b', 'c', 'd', 'e'\]"):
        asked_users(pd.DataFrame(columns=list("abcdef")))


@pytest.mark.parametrize(
    ("params", "usual", "items", "found"),
    [(None, 3, 9, 3), ({}, 3, 9, 3), ({"k": 1}, 3, 9, 1), ({"k": 9}, 3, 9, 9), ({"k": 5}, 5, 2, 5),
     ({"k": np.int64(2)}, 3, 9, 2)],
)  # fmt: skip
def test_rows_per_user(params: dict[str, Any] | None, usual: int, items: int, found: int) -> None:
    got = asked_k(params, usual, items)
    assert (got, type(got)) == (found, int)


@pytest.mark.parametrize("bad", [0, -1, 10, True, 1.0, "2", None])
def test_rows_out_of_range(bad: object) -> None:
    with pytest.raises(RequestError, match="ask for 1 to 9 rows"):
        asked_k({"k": bad}, 3, 9)


MARKETS = Markets.of(pd.Series([["AT", "CH"], None]), "DE")


@pytest.mark.parametrize(
    ("given", "found"), [(None, "DE"), ("", "DE"), ("de", "DE"), (" at ", "AT"), ("CH", "CH")]
)
def test_the_market_of_a_request(given: str | None, found: str) -> None:
    assert asked_market(given, MARKETS) == found


@pytest.mark.parametrize("bad", ["FR", "AT,CH", " ", 3, True])
def test_a_market_in_which_nothing_is_sold(bad: object) -> None:
    with pytest.raises(RequestError, match=r"ask for one of AT, CH, DE, or leave it out for DE$"):
        asked_market(bad, MARKETS)
    many = Markets.of(pd.Series([[f"M{row}" for row in range(20)]]), "M0")
    with pytest.raises(RequestError, match=r"M17, \.\.\., or leave it out for M0$"):
        asked_market(bad, many)


def test_a_version_without_markets() -> None:
    assert [asked_market(given, None) for given in (None, "")] == ["", ""]
    with pytest.raises(RequestError, match="'AT', and this version knows no markets -> leave it out"):
        asked_market("AT", None)
