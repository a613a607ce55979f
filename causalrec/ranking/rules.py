"""Which items a shop allows to be recommended, and its rules for each."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.item_rules import Codes, ItemRules

BELOW = " > "  # between the levels of a category
Bools = npt.NDArray[np.bool_]


def allowed(items: pd.DataFrame, settings: ScoringSettings, ds: dt.date) -> Bools:
    """Whether each item may be in any list of ``ds``, bool (N,).

    Items are blocked by what they are :func:`named`. Unknown values (availability, arrival date) forbid
    nothing.

    Args:
        items: item_id, brand, category, available, first_seen and last_seen, one row per item; null where
            unknown.
    """
    blocked = named(items, settings.blocked_items, settings.blocked_brands, settings.blocked_categories)
    if settings.only_available:
        blocked |= items["available"].eq(False)
    for column, days in (("first_seen", settings.max_age_days), ("last_seen", settings.max_silence_days)):
        if days is not None:
            blocked |= _days(items[column], ds) > days
    free: Bools = np.asarray(~blocked, dtype=np.bool_)
    return free


def fresh(items: pd.DataFrame, settings: ScoringSettings, ds: dt.date) -> Bools:
    """Items first delivered in the last ``new_item_days`` days, bool (N,).

    The shop's first delivery says nothing about the age of its items, so they are not new.
    """
    age = _days(items["first_seen"], ds)
    new = (age < settings.new_item_days) & (items["first_seen"] != items["first_seen"].dropna().min())
    found: Bools = np.asarray(new, dtype=np.bool_)
    return found


def item_rules(items: pd.DataFrame, settings: ScoringSettings, ds: dt.date, listed: Bools) -> ItemRules:
    """The rules of ``items`` in their order."""
    categories = items["category"]
    if settings.category_levels:
        parts = categories.str.split(BELOW).str[: settings.category_levels]
        categories = parts.str.join(BELOW)
    return ItemRules(
        fresh=fresh(items, settings, ds),
        listed=listed,
        rebuyable=within(items["category"], settings.rebuyable_categories).to_numpy(dtype=bool),
        category=_codes(categories),
        brand=_codes(items["brand"]),
    )


def named(
    items: pd.DataFrame, ids: Sequence[str], brands: Sequence[str], categories: Sequence[str]
) -> "pd.Series[bool]":
    """Whether each item is one of ``ids``, of one of ``brands``, or in one of ``categories``.

    Brands and categories are compared as delivered but case-insensitively; a category has all of its
    subcategories.
    """
    found = items["item_id"].isin(ids)
    found |= _folded(items["brand"]).isin([brand.casefold() for brand in brands])
    return found | within(items["category"], categories)


def within(categories: "pd.Series[str]", names: Sequence[str]) -> "pd.Series[bool]":
    """Whether each category is one of ``names`` or a subcategory of one."""
    category = _folded(categories)
    found = pd.Series(data=False, index=category.index)
    for name in names:
        top = name.casefold()
        found |= (category == top) | category.str.startswith(top + BELOW)
    return found


def _codes(names: "pd.Series[str]") -> Codes:
    known = _folded(names)
    return pd.factorize(known.where(known != ""))[0].astype(np.int32)


def _days(dates: "pd.Series[str]", ds: dt.date) -> "pd.Series[float]":
    """Days from each date to ``ds``; NaN if unknown."""
    return (pd.Timestamp(ds) - pd.to_datetime(dates)).dt.days.astype(float)


def _folded(names: "pd.Series[str]") -> "pd.Series[str]":
    """Names as they are compared: without case, empty where unknown."""
    return names.fillna("").astype(str).str.casefold()
