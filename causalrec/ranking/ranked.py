"""What an engine returns: ranked rows with scores, reasons and labels."""

from dataclasses import dataclass
from enum import StrEnum

from causalrec.dataset.arrays import Floats
from causalrec.ranking.reasons import Texts
from causalrec.ranking.topk import Indices


class Fallback(StrEnum):
    """Why a user was not served by the plain path; several are joined by '+'."""

    COLD_USER = "cold_user"
    FOLD_IN = "fold_in"
    SEEN_EVERYTHING = "seen_everything"
    """The user has all that may be listed, and is shown it again."""
    CATALOGUE_EXHAUSTED = "catalogue_exhausted"
    """Fewer rows: there is nothing left that the user does not have yet."""
    CAPS_REACHED = "caps_reached"
    """Fewer rows: what is left is over the caps per category or brand."""


@dataclass(frozen=True)
class Ranked:
    """Recommendations of a batch, ordered by user and rank; arrays (m,).

    ``raw`` and ``content`` are NaN where there is no such score; ``places`` and ``raw_places`` are those of
    :func:`~causalrec.ranking.places.places_by_score`, 0 where nothing was compared; ``adjustments``,
    ``confounders`` and ``fallback`` are empty where there is none.
    ``propensity`` is the probability with which the policy of the row chose the item for this user.
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
    adjustments: Texts
    confounders: Texts
    fallback: Texts
    policies: Texts
    propensity: Floats
