"""The effect of the causal adjustment on a row: a code for machines if it moved, a sentence for people."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.ranking.catalogue import Catalogue

EXPOSURE_SHARE = 0.25  # share of items that count as often shown, and as rarely shown
RESPONSE_ERRORS = 2.0
"""How much an item's response rate must differ from the shop's to count as chosen more, or less."""

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
Texts = npt.NDArray[Any]
Counts = npt.NDArray[np.floating]


class Adjustment(StrEnum):
    """``adjustment_code`` of a row whose item ranks higher or lower than in the raw model's list."""

    LOWER_SHOWN_OFTEN_CHOSEN_LESS = "lower_shown_often_chosen_less"
    LOWER_CHOSEN_LESS = "lower_chosen_less"
    LOWER_SHOWN_OFTEN = "lower_shown_often"
    LOWER_GENERAL_DEMAND = "lower_general_demand"
    LOWER_POPULAR = "lower_popular"
    LOWER = "lower"
    HIGHER_SHOWN_RARELY_CHOSEN_MORE = "higher_shown_rarely_chosen_more"
    HIGHER_CHOSEN_MORE = "higher_chosen_more"
    HIGHER_SHOWN_RARELY = "higher_shown_rarely"
    HIGHER_GENERAL_DEMAND = "higher_general_demand"
    HIGHER_RARELY_CHOSEN = "higher_rarely_chosen"
    HIGHER = "higher"


SENTENCES = {
    Adjustment.LOWER_SHOWN_OFTEN_CHOSEN_LESS: "ranked lower: shown often, chosen less than others when seen",
    Adjustment.LOWER_CHOSEN_LESS: "ranked lower: chosen less than others when seen",
    Adjustment.LOWER_SHOWN_OFTEN: "ranked lower: chosen often only because it is shown often",
    Adjustment.LOWER_GENERAL_DEMAND: "ranked lower once the general demand for {} is taken out",
    Adjustment.LOWER_POPULAR: "ranked lower: popular with everybody, which says little about your taste",
    Adjustment.LOWER: "ranked lower by the causal adjustment",
    Adjustment.HIGHER_SHOWN_RARELY_CHOSEN_MORE: (
        "ranked higher: shown rarely, chosen more than others when seen"
    ),
    Adjustment.HIGHER_CHOSEN_MORE: "ranked higher: chosen more than others when seen",
    Adjustment.HIGHER_SHOWN_RARELY: "ranked higher: rarely shown so far",
    Adjustment.HIGHER_GENERAL_DEMAND: "ranked higher once the general demand for {} is taken out",
    Adjustment.HIGHER_RARELY_CHOSEN: "ranked higher: few have chosen it so far, which is not held against it",
    Adjustment.HIGHER: "ranked higher by the causal adjustment",
}
"""``{}`` is the name of the confounder code."""
UNMOVED = "hardly moved by the causal adjustment"
"""For a row whose rank in the raw model's list is known and close to its own."""


@dataclass(frozen=True)
class ItemEvidence:
    """Evidence from the log on each item, in catalogue order; bool (n,).

    Without logged looks only ``popular`` and ``scarce`` can be true; with them, only the others.

    Attributes:
        often, rarely: among the items that were shown most, and least.
        more, less: chosen significantly more, or less, than the average item when seen.
        code_more, code_less: the same for all items with the item's confounder code.
        popular, scarce: among the items that were chosen most, and least, in training.
    """

    often: Bools
    rarely: Bools
    more: Bools
    less: Bools
    code_more: Bools
    code_less: Bools
    popular: Bools
    scarce: Bools

    @staticmethod
    def of(catalogue: Catalogue) -> "ItemEvidence":
        """From the looks of the catalogue, else from how often its items were chosen."""
        looks, responses = catalogue.looks, catalogue.responses
        nothing = np.zeros(catalogue.size, dtype=np.bool_)
        if looks is None or responses is None or not looks.sum():
            popular, scarce = _ends(catalogue.popularity, EXPOSURE_SHARE)
            none = (nothing, nothing, nothing)
            return ItemEvidence(*none, *none, popular, scarce)
        often, rarely = _ends(looks, EXPOSURE_SHARE)
        _, code = np.unique(catalogue.confounders, return_inverse=True)
        named = catalogue.confounders != ""
        errors = _errors(looks, responses)
        of_code = _errors(*(_summed(code, counts) for counts in (looks, responses)))[code]
        return ItemEvidence(
            often=often,
            rarely=rarely,
            more=errors >= RESPONSE_ERRORS,
            less=errors <= -RESPONSE_ERRORS,
            code_more=named & (of_code >= RESPONSE_ERRORS),
            code_less=named & (of_code <= -RESPONSE_ERRORS),
            popular=nothing,
            scarce=nothing,
        )

    def codes(self, items: Indices, moved: Indices, demand_out: Bools) -> Texts:
        """Codes (m,) of rows; empty for a row that did not move.

        Args:
            moved: int (m,) places gained on the raw model; negative for places lost.
            demand_out: bool (m,), whether the published score is the content effect, which excludes general
                demand for brand and category.
        """
        higher, lower = moved > 0, moved < 0
        often, rarely, more, less = (a[items] for a in (self.often, self.rarely, self.more, self.less))
        cases = [
            (lower & demand_out & self.code_more[items], Adjustment.LOWER_GENERAL_DEMAND),
            (higher & demand_out & self.code_less[items], Adjustment.HIGHER_GENERAL_DEMAND),
            (lower & less & often, Adjustment.LOWER_SHOWN_OFTEN_CHOSEN_LESS),
            (lower & less, Adjustment.LOWER_CHOSEN_LESS),
            (lower & often & ~more, Adjustment.LOWER_SHOWN_OFTEN),
            (lower & self.popular[items], Adjustment.LOWER_POPULAR),
            (lower, Adjustment.LOWER),
            (higher & more & rarely, Adjustment.HIGHER_SHOWN_RARELY_CHOSEN_MORE),
            (higher & more, Adjustment.HIGHER_CHOSEN_MORE),
            (higher & rarely & ~less, Adjustment.HIGHER_SHOWN_RARELY),
            (higher & self.scarce[items], Adjustment.HIGHER_RARELY_CHOSEN),
            (higher, Adjustment.HIGHER),
        ]
        return np.select([where for where, _ in cases], [code.value for _, code in cases], "")


def _ends(counts: Counts, share: float) -> tuple[Bools, Bools]:
    """The ``share`` of items with the highest ``counts`` (n,), and that with the lowest."""
    if not counts.size:
        return np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.bool_)
    low, middle, high = np.quantile(counts, [share, 0.5, 1 - share])
    return (counts >= high) & (counts > middle), (counts <= low) & (counts < middle)


def _summed(code: Indices, counts: Floats) -> Counts:
    return np.bincount(code, counts).astype(np.float64)


def _errors(looks: Counts, responses: Counts) -> npt.NDArray[np.float64]:
    """Responses in excess of the overall rate, in standard errors of a binomial count."""
    looks = looks.astype(np.float64)
    rate = responses.sum(dtype=np.float64) / looks.sum()
    spread = np.sqrt(looks * rate * (1 - rate))
    above = responses - looks * rate
    return np.asarray(np.divide(above, spread, out=np.zeros_like(looks), where=spread > 0))


def sentences(codes: Texts, confounders: Texts, compared: Bools) -> Texts:
    """The sentence (m,) of each code; empty for a row without a code that was not ``compared`` (m,)."""
    found = np.where(compared, UNMOVED, "").astype(object)
    for code, sentence in SENTENCES.items():
        rows = codes == code.value
        before, placeholder, after = sentence.partition("{}")
        found[rows] = before + confounders[rows] + after if placeholder else sentence
    return found
