"""Responses to impressions: click-through by policy, and the outcomes of random exposure."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from causalrec.monitoring.lines import Line

RESPONSES = ("view", "cart", "purchase")
UNNAMED = "(none)"
Z = NormalDist().inv_cdf(0.975)
VISIT = ["user_id", "item_id", "session_id"]


def impressions(events: pd.DataFrame) -> pd.DataFrame:
    """One row per user, item, session and policy: ``clicked`` if a response followed in the session.

    Args:
        events: user_id, item_id, session_id, policy, event_type, event_time of one delivery. Rows without a
            session are left out, since their responses cannot be matched.
    """
    told = events[events["session_id"].notna()]
    shown = told[told["event_type"] == "impression"].assign(
        policy=lambda rows: rows["policy"].fillna(UNNAMED)
    )
    first = shown.groupby([*VISIT, "policy"], as_index=False)["event_time"].min()
    last = told[told["event_type"].isin(RESPONSES)].groupby(VISIT)["event_time"].max().rename("responded")
    joined = first.join(last, on=VISIT)
    marked: pd.DataFrame = joined.assign(clicked=(joined["responded"] >= joined["event_time"]).astype(int))
    return marked


def click_through(days: Sequence[pd.DataFrame]) -> list[Line]:
    """Rate and Wilson interval per policy over the :func:`impressions` of several deliveries."""
    sums = [day.groupby("policy")["clicked"].agg(["sum", "size"]) for day in days if not day.empty]
    if not sums:
        return []
    totals = pd.concat(sums).groupby(level=0).sum()
    return [_rate(str(policy), int(row["sum"]), int(row["size"])) for policy, row in totals.iterrows()]


def _rate(policy: str, clicks: int, shown: int) -> Line:
    rate, spread = clicks / shown, 1 + Z * Z / shown
    middle = (rate + Z * Z / (2 * shown)) / spread
    half = Z * float(np.sqrt(rate * (1 - rate) / shown + Z * Z / (4 * shown * shown))) / spread
    detail = f"{clicks:,} of {shown:,} impressions were followed by a view, cart or purchase"
    return Line("click_through", policy, "pass", rate, middle - half, middle + half, None, None, detail)


def uniform_pairs(days: Sequence[pd.DataFrame], policies: Sequence[str]) -> pd.DataFrame:
    """user_id, item_id and the best outcome of what uniform ``policies`` showed."""
    columns = ["user_id", "item_id", "clicked"]
    rows = pd.concat(
        [day.loc[day["policy"].isin(policies), columns] for day in days] or [pd.DataFrame(columns=columns)]
    )
    return rows.groupby(["user_id", "item_id"])["clicked"].max().reset_index()
