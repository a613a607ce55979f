"""The lists of a block of users on their way: how items are ordered, and what was chosen."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from causalrec.ranking.lists import Lists
from causalrec.ranking.selection import Selector


@dataclass(frozen=True)
class Listed:
    """The lists of a block, the model's scores, and who (B,) is served only by their history."""

    selector: Selector
    folded: npt.NDArray[np.bool_]
    lists: Lists


@dataclass(frozen=True)
class Ordered:
    """The order of the items for a block: the model's, and ``shop``, with what the shop adds to it.

    Attributes:
        folded: (B,) who is served only by their history.
    """

    selector: Selector
    shop: Selector
    folded: npt.NDArray[np.bool_]

    def listing(self, lists: Lists) -> Listed:
        """``lists`` with the scores of the model instead of those that they were ordered by."""
        return Listed(self.selector, self.folded, lists) if self.shop is self.selector else self.scored(lists)

    def scored(self, lists: Lists) -> Listed:
        """``lists`` that another order may have made, with the scores of the model."""
        scores = self.selector.scores_of(lists.top.rows, lists.top.columns)
        return Listed(self.selector, self.folded, replace(lists, top=replace(lists.top, scores=scores)))
