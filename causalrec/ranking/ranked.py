"""The output of an engine: ranked rows with scores, reasons and labels."""

from dataclasses import dataclass
from enum import StrEnum

from causalrec.dataset.arrays import Floats
from causalrec.ranking.reasons import Texts
from causalrec.ranking.topk import Indices


class Fallback(StrEnum):
    """Why a user was not served normally; several labels are joined by '+'."""

    COLD_USER = "cold_user"
    FOLD_IN = "fold_in"
    SEEN_EVERYTHING = "seen_everything"
    """The user has everything that may be listed, and is shown it again."""
    CATALOGUE_EXHAUSTED = "catalogue_exhausted"
    """Fewer rows: nothing is left that the user does not already have."""
    CAPS_REACHED = "caps_reached"
    """Fewer rows: what is left exceeds the caps per category or brand."""


@dataclass(frozen=True)
class Ranked:
    """Recommendations of a batch, ordered by user and rank; arrays (m,).

    ``because`` is the item of the user's history that the reason names, -1 if it names none. ``raw`` and
    ``content`` are NaN if there is no such score; ``places`` and ``raw_places`` come from
    :func:`~causalrec.ranking.places.places_by_score`, 0 if nothing was compared; ``adjustments``,
    ``confounders`` and ``fallback`` are empty if there are none. ``propensity`` is the probability with which
    the policy of the row chose the item for this user.
    """

    users: Indices
    ranks: Indices
    items: Indices
    scores: Floats
    raw: Floats
    content: Floats
    places: Indices
    raw_places: Indices
    reason_codes: Texts
    reason_texts: Texts
    because: Indices
    adjustments: Texts
    confounders: Texts
    fallback: Texts
    policies: Texts
    propensity: Floats
