"""Users that are ranked together, before and after their lists are chosen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Ints
from causalrec.ranking.histories import Histories
from causalrec.ranking.listing import Chance, Lists
from causalrec.ranking.selection import Selector
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices


@dataclass(frozen=True)
class Block:
    """Some of the users.

    Attributes:
        offset: number of the first one among all.
        rows: (B,) in the model, -1 for unknown users.
        past: items that they have.
        k: items of a list.
        chance: their random places; None fills all by taste.
        ties: order of items of equal score.
        hidden: keys of what they must not get.
    """

    offset: int
    rows: Ints
    past: Histories
    k: int
    chance: Chance | None
    ties: Ties
    hidden: Indices | None


@dataclass(frozen=True)
class Listed:
    """The lists of a block, the model's scores, and who (B,) is served only by their history."""

    selector: Selector
    folded: npt.NDArray[np.bool_]
    lists: Lists
