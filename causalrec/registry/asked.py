"""Validates requests to a served model before anything is computed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.errors import RequestError

USER = "user_id"


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
