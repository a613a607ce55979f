"""Equal scores are ordered at random: by a hash of user and item, the same in every run and on every machine.

An order by id would favour what the catalogue lists first, and the metrics of a model without an opinion
would depend on that. The hash is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

Keys = npt.NDArray[np.uint64]

SEED = np.uint64(0x9E3779B97F4A7C15)
STEPS = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))
LAST_SHIFT = np.uint64(31)


def keys_of(ids: npt.NDArray[np.object_]) -> Keys:
    """uint64 (n,) of texts."""
    keys: Keys = pd.util.hash_array(ids, categorize=False)
    return keys


def numbered(n: int) -> Keys:
    """uint64 (n,) of users or items given by number."""
    return np.arange(n, dtype=np.uint64)


def tie_breakers(users: Keys, items: Keys) -> Keys:
    """Among equal scores of a user, the item with the smaller value comes first.

    Args:
        users, items: keys of pairs, broadcast against each other. Different items get different values.
    """
    return _mixed(_mixed(users) ^ items)


def _mixed(keys: Keys) -> Keys:
    """A one-to-one mixing function."""
    found = np.asarray(keys, dtype=np.uint64) + np.full(1, SEED)  # arrays wrap around without a warning
    for shift, factor in STEPS:
        found = (found ^ (found >> np.uint64(shift))) * factor
    mixed: Keys = found ^ (found >> LAST_SHIFT)
    return mixed
