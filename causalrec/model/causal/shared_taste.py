"""Users vary about a taste that all share: a hierarchical prior N(mu, s^2) in place of N(0, s^2).

<mu, h_i> is how much an item appeals to everybody. With a prior about zero, users of few pairs are shrunk
towards liking nothing, and general appeal has no place in the score but the users' own states.
"""

from dataclasses import dataclass

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.model.causal.network import CausalNetwork


@dataclass(frozen=True)
class SharedTaste:
    """What a fitted model knows of a user before the first event.

    Attributes:
        state: float32 (d,), mu. length: mean length of the users' own states about it.
    """

    state: Floats
    length: float

    @staticmethod
    def read(network: CausalNetwork) -> "SharedTaste | None":
        """From a trained network; None where users vary about zero."""
        if network.shared is None:
            return None
        own = network.encode(network.edges.graph).mediator
        active = np.unique(network.pairs[0])
        length = float(own[active].norm(dim=1).mean())
        return SharedTaste(network.shared.detach().cpu().numpy(), length)
