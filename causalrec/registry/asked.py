"""Validates requests to a served model before anything is computed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.errors import RequestError
from causalrec.ranking.markets import Markets, market_name

USER, MARKET = "user_id", "market"
NAMED = 10  # markets that an error names


def asked_users(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """User ids of a request (B,), as texts; empty for an empty frame.

    Raises:
        RequestError: the column is missing, or a row has no id (None, NaN, an empty text).
    """
    if USER not in frame.columns:
        raise RequestError(
            f"the request has no column {USER}: {list(map(str, frame.columns))[:5]}", do=f"send it as {USER}"
        )
    users = frame[USER]
    named = users.notna() & (users.astype(str) != "")
    if not named.all():
        row = int(np.flatnonzero(~named.to_numpy(dtype=bool))[0])
        raise RequestError(
            f"row {row} of {len(users)} has no user id ({users.iloc[row]!r})",
            do='leave it out; an unknown user is any other text, such as "nobody"',
        )
    return users.astype(str).to_numpy(dtype=object)


def asked_k(params: Mapping[str, Any] | None, usual: int, n_items: int) -> int:
    """Rows per user: ``k`` of the parameters, else the ``usual`` number.

    Raises:
        RequestError: it is not a whole number between 1 and the number of the model's items.
    """
    given = (params or {}).get("k", usual)
    most = max(usual, n_items)
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not whole or not 1 <= given <= most:
        raise RequestError(f"k is {given!r}", do=f"ask for 1 to {most} rows, as a whole number")
    return int(given)


def asked_market(given: object, markets: Markets | None) -> str:
    """The market of a request; home where it names none, and empty where markets do not count.

    Args:
        given: a name without regard to case; None or empty: none.
        markets: those of the version; None: it knows none.

    Raises:
        RequestError: the version has no such market.
    """
    if given is None or given == "":
        return "" if markets is None else markets.home
    if markets is None:
        raise RequestError(
            f"market is {given!r}, and this version knows no markets",
            do="leave it out, or train a version with scoring.home_market",
        )
    if not isinstance(given, str) or market_name(given) not in markets.names:
        more = ", ..." if len(markets.names) > NAMED else ""
        raise RequestError(
            f"market is {given!r}, where this version sells nothing",
            do=f"ask for one of {', '.join(markets.names[:NAMED])}{more}, or leave it out for {markets.home}",
        )
    return market_name(given)
