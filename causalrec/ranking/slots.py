"""Places not filled by taste: exploration and new items, with logged propensities.

Every draw is a hash of user, date and place: the same on every machine and for every split of the users.
"""

import hashlib
import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.ranking.topk import Indices

Bools = npt.NDArray[np.bool_]
KEY_CHARS = 16
DRAWS = 2**53  # of a uniform double


class Policy(StrEnum):
    """``policy`` of a recommended row; a shop copies it into the impressions that it delivers."""

    TASTE = "causalrec"
    UNIFORM = "uniform"
    NEW_ITEMS = "new_items"


@dataclass(frozen=True)
class Slot:
    """One place of every list."""

    rank: int
    policy: Policy


@dataclass(frozen=True)
class SlotItems:
    """The items of one slot: item (B,), -1 if it is left to taste; propensity (B,) of the item."""

    slot: Slot
    items: Indices
    propensity: Floats


def slots_of(settings: ScoringSettings) -> list[Slot]:
    """The places that the shares of ``settings`` reserve, spread evenly over the list; each share is rounded
    up, so that it is kept."""
    counts = [
        (Policy.NEW_ITEMS, math.ceil(settings.new_item_share * settings.k)),
        (Policy.UNIFORM, math.ceil(settings.explore_share * settings.k)),
    ]
    names = [policy for policy, count in counts for _ in range(count)][: max(settings.k - 1, 0)]
    step = settings.k / (len(names) + 1)
    return [Slot(min(settings.k, math.ceil((n + 1) * step)), policy) for n, policy in enumerate(names)]


def uniforms(user_ids: npt.NDArray[np.object_], seed: str, purpose: str) -> npt.NDArray[np.float64]:
    """(B,) numbers in [0, 1), a hash of user, seed and purpose."""
    key = hashlib.sha256(f"{seed}/{purpose}".encode()).hexdigest()[:KEY_CHARS]
    hashed = pd.util.hash_array(user_ids, hash_key=key, categorize=False)
    found: npt.NDArray[np.float64] = (hashed >> np.uint64(11)).astype(np.float64) / DRAWS
    return found


def draw_free(chance: npt.NDArray[np.float64], taken: Indices, n_items: int) -> tuple[Indices, Indices]:
    """One item per user, uniformly among those that are not taken.

    Args:
        chance: (B,) in [0, 1). taken: pairs ``user * n_items + item``, ascending, each once.

    Returns:
        items (B,), -1 if everything is taken, and the number of free items (B,).
    """
    owners, items = np.divmod(taken, max(n_items, 1))
    counts = np.bincount(owners, minlength=chance.size)
    free = n_items - counts
    wanted = np.minimum((chance * free).astype(np.int64), np.maximum(free - 1, 0))
    start = np.concatenate([[0], np.cumsum(counts)])[:-1]
    # the n-th free item comes after as many taken ones as have at most n free items before them
    before = owners * (n_items + 1) + items - (np.arange(taken.size) - start[owners])
    behind = np.searchsorted(before, np.arange(chance.size) * (n_items + 1) + wanted, side="right") - start
    return np.where(free > 0, wanted + behind, -1), free
