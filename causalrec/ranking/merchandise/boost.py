"""The boosts and the objective of a rules file on one night, as numbers for every item."""

import datetime as dt
import math

import numpy as np
import pandas as pd

from causalrec.ranking.boosted import boosts_of
from causalrec.ranking.item_rules import Bools, Boosts
from causalrec.ranking.merchandise.kinds import Objective
from causalrec.ranking.merchandise.rules_file import Merchandise

LEAST_WORTH = 1e-6  # of an item that costs more than it earns, so that it stands last but has a score


def item_boosts(
    items: pd.DataFrame, listed: Bools, merchandise: Merchandise, ds: dt.date, *, odds: bool
) -> Boosts | None:
    """What the rules of ``ds`` add to every item; None where they add nothing.

    Args:
        items: item_id, brand, category and the columns that the rules need, (n,).
        listed: items that may take a personal place, whose mean worth is the unit of the objective.
        odds: whether scores are log-odds of a response.
    """
    added, log_times = np.zeros(len(items), dtype=np.float64), np.zeros(len(items), dtype=np.float64)
    for boost in merchandise.boosts:
        if boost.active(ds):
            fit = boost.fits(items)
            added[fit] += boost.add
            log_times[fit] += math.log(boost.times)
    if merchandise.objective is not None:
        log_times += np.log(worth(items, listed, merchandise.objective))
    return boosts_of(added.astype(np.float32), log_times.astype(np.float32), odds)


def worth(items: pd.DataFrame, listed: Bools, objective: Objective) -> "np.typing.NDArray[np.float64]":
    """1 - weight + weight * (value of a response / mean value of the listed items), (n,), over 0.

    An item of unknown value is worth the mean.
    """
    if not objective.weight:
        return np.ones(len(items))
    values = pd.to_numeric(items[objective.value]).to_numpy(dtype=float)
    known = values[listed & ~np.isnan(values)]
    mean = float(np.abs(known).mean()) if known.size else 0.0
    relative = np.where(np.isnan(values), 1.0, values / mean) if mean > 0 else np.ones(len(items))
    found: np.typing.NDArray[np.float64] = np.maximum(
        1 - objective.weight + objective.weight * relative, LEAST_WORTH
    )
    return found
