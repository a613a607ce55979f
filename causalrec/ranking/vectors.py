"""What lists are ordered by, as one vector per item and one per user.

Vector of an item: its state, then what the shop's rules add to it. Vector of a user: their state, then a one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints
from causalrec.errors import ScoringError
from causalrec.ranking.boosted import with_one
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.engine import Engine, no_states
from causalrec.ranking.histories import Histories

OrderedBy = Literal["dot", "expectation"]


@dataclass(frozen=True)
class ItemVectors:
    """Vectors of some items.

    Attributes:
        places: (n,) of the items in the catalogue, ascending.
        vectors: float32 (n, d + 1).
        log_factor: float32 (n,) logarithm of the factor of the expected response, a part of the last column.
        ordered_by: ``dot``: lists are ordered by the product of the vectors, d; ``expectation``: by
            d - ln(1 + exp(d - log_factor)), the logarithm of P(response) times the factor.
    """

    places: npt.NDArray[np.intp]
    vectors: Floats
    log_factor: Floats
    ordered_by: OrderedBy


@dataclass(frozen=True)
class UserVectors:
    """Vectors of some users.

    Attributes:
        places: (m,) of the users of whom anything is known, ascending.
        vectors: float32 (m, d + 1).
        folded: (m,) whether the vector was read from the history alone.
    """

    places: npt.NDArray[np.intp]
    vectors: Floats
    folded: npt.NDArray[np.bool_]


def item_vectors(catalogue: Catalogue) -> ItemVectors:
    """Of the items that may take a personal place.

    Raises:
        ScoringError: the model has no item states, or one is not finite.
    """
    states, boosts = catalogue.states, catalogue.rules.boosts
    if states is None:
        raise no_states()
    places = np.flatnonzero(catalogue.rules.listed)
    nothing = np.zeros(catalogue.size, dtype=np.float32)
    added, log_factor = (nothing, nothing) if boosts is None else (boosts.whole, boosts.log_times)
    vectors = np.hstack([states, added[:, None]])[places].astype(np.float32)
    if not np.isfinite(vectors).all():
        raise ScoringError("an item has a state that is not finite", do="train another model")
    weighed = boosts is not None and boosts.odds and bool(log_factor.any())
    return ItemVectors(places, vectors, log_factor[places], "expectation" if weighed else "dot")


def user_vectors(engine: Engine, rows: Ints, histories: Histories, at_once: int) -> Iterator[UserVectors]:
    """Of all users of whom anything is known, ``at_once`` users at a time.

    Args:
        rows: (U,) of the users in the model, -1 without one.
        histories: what they have, as positions in the engine's catalogue.

    Raises:
        ScoringError: the model has no user states.
    """
    for start in range(0, rows.size, at_once):
        stop = min(start + at_once, rows.size)
        states, folded = engine.states(rows[start:stop], histories.block(start, stop))
        known = np.flatnonzero(states.any(axis=1))
        yield UserVectors(start + known, with_one(states[known]), folded[known])
