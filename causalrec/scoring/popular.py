"""What most users chose, over all and per category: lists for visitors of whom nothing is known."""

import pandas as pd

EVERYTHING = ""


def popular_lists(items: pd.DataFrame, k: int) -> pd.DataFrame:
    """The ``k`` items that most users chose, per category and over all (category ``""``).

    Items that nobody chose are left out; equal counts are ordered by item id, so that the answer does not
    depend on the order of rows.

    Args:
        items: item_id, category (may be null) and users, one row per item.

    Returns:
        category, rank (from 1 without holes), item_id, users.
    """
    chosen = items.loc[items["users"] > 0, ["item_id", "category", "users"]]
    within = chosen.dropna(subset=["category"])
    listed = pd.concat([chosen.assign(category=EVERYTHING), within[within["category"] != EVERYTHING]])
    listed = listed.sort_values(["category", "users", "item_id"], ascending=[True, False, True])
    listed["rank"] = listed.groupby("category").cumcount() + 1
    best = listed[listed["rank"] <= k]
    return best[["category", "rank", "item_id", "users"]].reset_index(drop=True)
