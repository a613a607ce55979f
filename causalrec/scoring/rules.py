"""Which items a shop lets be recommended."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.sections import ScoringSettings

BELOW = " > "  # between the levels of a category


def allowed(items: pd.DataFrame, settings: ScoringSettings) -> npt.NDArray[np.bool_]:
    """Whether each item may stand in any list, bool (N,).

    Brands and categories are compared as delivered, without regard to case; a blocked category blocks all
    that lies below it.

    Args:
        items: item_id, brand and category (both may be null), one row per item.
    """
    blocked = items["item_id"].isin(settings.blocked_items)
    blocked |= _folded(items["brand"]).isin([brand.casefold() for brand in settings.blocked_brands])
    category = _folded(items["category"])
    for name in settings.blocked_categories:
        top = name.casefold()
        blocked |= (category == top) | category.str.startswith(top + BELOW)
    return ~blocked.to_numpy(dtype=bool)


def _folded(names: "pd.Series[str]") -> "pd.Series[str]":
    return names.fillna("").astype(str).str.casefold()
