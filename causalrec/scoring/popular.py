"""The items chosen by most users, overall and per category: lists for unknown visitors."""

from collections.abc import Mapping

import pandas as pd

from causalrec.dataset.ties import keys_of, tie_breakers
from causalrec.ranking.item_rules import Bools
from causalrec.ranking.markets import where_sold

EVERYTHING = ""


def sold_lists(items: pd.DataFrame, k: int, sold: Mapping[str, Bools]) -> pd.DataFrame:
    """:func:`popular_lists` with the ``k`` best of every market, and in ``markets`` where an item is sold.

    Args:
        sold: market -> bool (n,), in the order of ``items``.

    Returns:
        ``markets`` besides: names with commas between; null for what is sold in all of them.
    """
    whole = popular_lists(items, len(items))
    there = pd.DataFrame(sold, index=items["item_id"]).reindex(whole["item_id"]).reset_index(drop=True)
    among = there.groupby(whole["category"]).cumsum()
    best = (there & (among <= k)).any(axis=1)
    found = whole.assign(markets=where_sold(list(sold), there.to_numpy(dtype=bool).T))[best]
    found["rank"] = found.groupby("category").cumcount() + 1
    return found.reset_index(drop=True)


def popular_lists(items: pd.DataFrame, k: int) -> pd.DataFrame:
    """The ``k`` items chosen by most users, per category and overall (category ``""``).

    Items that nobody chose are left out; equal counts are ordered by a hash of category and item, so that the
    result depends neither on the order of rows nor on the names of items.

    Args:
        items: item_id, category (may be null) and users, one row per item.

    Returns:
        category, rank (from 1 without gaps), item_id, users.
    """
    chosen = items.loc[items["users"] > 0, ["item_id", "category", "users"]]
    within = chosen.dropna(subset=["category"])
    listed = pd.concat([chosen.assign(category=EVERYTHING), within[within["category"] != EVERYTHING]])
    names = (listed[name].to_numpy(dtype=object) for name in ("category", "item_id"))
    listed["chance"] = tie_breakers(*map(keys_of, names))
    listed = listed.sort_values(
        ["category", "users", "chance", "item_id"], ascending=[True, False, True, True]
    )
    listed["rank"] = listed.groupby("category").cumcount() + 1
    best = listed[listed["rank"] <= k]
    return best[["category", "rank", "item_id", "users"]].reset_index(drop=True)
