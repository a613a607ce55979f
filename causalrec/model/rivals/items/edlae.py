"""EDLAE: EASE trained with dropout of the input, in closed form."""

from itertools import product

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.model.rivals.items.ease import EaseRecommender


class EdlaeRecommender(EaseRecommender):
    """Steck, "Autoencoders that don't overfit towards the identity" (NeurIPS 2020).

    Leaving each input out with chance p is, in expectation, a ridge of p / (1 - p) times an item's count
    beside the common one.
    """

    name = "edlae"

    def penalties(self, counts: Floats) -> list[Floats]:
        """One ridge per item, (N,), for every common ridge and every chance of dropout."""
        chances = product(self.settings.ease_ridges, self.settings.edlae_dropouts)
        return [(ridge + p / (1 - p) * counts).astype(np.float32) for ridge, p in chances]
