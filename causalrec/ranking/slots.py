"""Places not filled by taste: pins, promotions, new items and exploration, with logged propensities.

Every draw is a hash of user, date and place: the same on every machine and for every split of the users.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.ranking.item_rules import Reserved
from causalrec.ranking.topk import Indices

Bools = npt.NDArray[np.bool_]
KEY_CHARS = 16
DRAWS = 2**53  # of a uniform double


class Policy(StrEnum):
    """``policy`` of a recommended row; a shop copies it into the impressions that it delivers."""

    TASTE = "causalrec"
    UNIFORM = "uniform"
    NEW_ITEMS = "new_items"
    PINNED = "pinned"
    PROMOTED = "promoted"


@dataclass(frozen=True)
class Slot:
    """One place of every list; ``which`` of the shop's pins or promotions it belongs to."""

    rank: int
    policy: Policy
    which: int = 0


@dataclass(frozen=True)
class SlotItems:
    """The items of one slot: item (B,), -1 if it is left to taste; propensity (B,) of the item."""

    slot: Slot
    items: Indices
    propensity: Floats


def slots_of(
    settings: ScoringSettings, pinned: Sequence[Reserved] = (), promoted: Sequence[Reserved] = ()
) -> list[Slot]:
    """The reserved places by rank: pins where they are pinned, the others spread evenly over the rest.

    Each share is rounded up, so that it is kept. One place at least stays with taste: pins come first, then
    promotions, new items and exploration.
    """
    counts = [
        *((Policy.PROMOTED, which, math.ceil(one.share * settings.k)) for which, one in enumerate(promoted)),
        (Policy.NEW_ITEMS, 0, math.ceil(settings.new_item_share * settings.k)),
        (Policy.UNIFORM, 0, math.ceil(settings.explore_share * settings.k)),
    ]
    most = max(settings.k - 1, 0)
    pins = [(which, one.rank) for which, one in enumerate(pinned) if one.rank <= settings.k][:most]
    slots = [Slot(rank, Policy.PINNED, which) for which, rank in pins]
    names = [(policy, which) for policy, which, count in counts for _ in range(count)][: most - len(slots)]
    free = [rank for rank in range(1, settings.k + 1) if rank not in {slot.rank for slot in slots}]
    step = len(free) / (len(names) + 1)
    for n, (policy, which) in enumerate(names):
        slots.append(Slot(free[min(len(free), math.ceil((n + 1) * step)) - 1], policy, which))
    return sorted(slots, key=lambda slot: slot.rank)


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
