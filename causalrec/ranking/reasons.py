"""Why an item is recommended: the nearest item in the user's own history."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.histories import Histories
from causalrec.ranking.topk import TopK

SIMILARITY_DIGITS = 5  # digits beyond this depend on the product's shape; rounding keeps the choice stable
Indices = npt.NDArray[np.int64]
Texts = npt.NDArray[Any]  # objects if one text may be long, fixed width if all are short


class RecommendationReason(StrEnum):
    """``reason_code`` of a recommendation."""

    SIMILAR_TO_HISTORY = "similar_to_history"
    OVERALL_TASTE = "overall_taste"
    POPULAR = "popular"
    EXPLORATION = "exploration"
    NEW_ITEM = "new_item"
    PROMOTED = "promoted"


@dataclass(frozen=True)
class Origins:
    """Which of the selected pairs (m,) were ranked by popularity, drawn at random, or placed otherwise."""

    popular: npt.NDArray[np.bool_]
    random: npt.NDArray[np.bool_]
    new: npt.NDArray[np.bool_]
    promoted: npt.NDArray[np.bool_]


def nearest_history(units: Floats, top: TopK, histories: Histories, width: int) -> tuple[Indices, Floats]:
    """Per selected pair the nearest of the user's ``width`` latest items, by cosine of adjusted states.

    Args:
        units: float32 (n, d) unit item states.

    Returns:
        catalogue positions (m,), -1 for a user without history, and similarities (m,).
    """
    past = histories.padded(width)
    if past.shape[1] == 0 or top.rows.size == 0:
        return np.full(top.rows.size, -1), np.full(top.rows.size, -1, dtype=np.float32)
    slots = np.zeros((past.shape[0], int(top.ranks.max())), dtype=np.int64)
    slots[top.rows, top.ranks - 1] = top.columns
    similarity = np.matmul(units[slots], units[np.maximum(past, 0)].transpose(0, 2, 1))
    similarity = np.where(past[:, None, :] >= 0, similarity.round(SIMILARITY_DIGITS), -2)
    choice = similarity.argmax(axis=2)[top.rows, top.ranks - 1]
    value = similarity.max(axis=2)[top.rows, top.ranks - 1].astype(np.float32)
    return past[top.rows, choice], value


def explain(
    catalogue: Catalogue,
    nearest: Indices,
    similarity: Floats,
    drawn: Origins,
    adjusted: Texts,
    minimum: float,
) -> tuple[Texts, Texts, Indices]:
    """Reason codes and texts (m,) of the selected pairs, and the history items that they name (-1: none).

    Args:
        adjusted: the effect of the adjustment on each row, in words; empty if nothing was compared.
        minimum: smallest cosine at which a single item explains the pair.
    """
    similar = (nearest >= 0) & (similarity >= minimum)
    because = "because you chose " + catalogue.titles[np.maximum(nearest, 0)]
    cases = [
        (drawn.promoted, RecommendationReason.PROMOTED, "placed here by the shop"),
        (drawn.random, RecommendationReason.EXPLORATION, "shown at random, to learn what you like"),
        (drawn.popular, RecommendationReason.POPULAR, "popular with other customers"),
        (similar, RecommendationReason.SIMILAR_TO_HISTORY, because),
        (drawn.new, RecommendationReason.NEW_ITEM, "new in the shop"),
    ]
    where = [case[0] for case in cases]
    codes = np.select(where, [case[1].value for case in cases], RecommendationReason.OVERALL_TASTE.value)
    texts = np.full(nearest.size, "fits what you chose as a whole", dtype=object)
    for mask, _, text in reversed(cases):
        texts = np.where(mask, text, texts)
    texts = np.where(adjusted != "", texts + "; " + adjusted, texts)
    named = codes == RecommendationReason.SIMILAR_TO_HISTORY.value
    return codes, texts, np.where(named, nearest, -1)
