"""A fitted blend: the tables of the graph encoder, extended by the columns of the other parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.base import ServingTables
from causalrec.model.causal.blend.choice import ENCODER, BlendChoice
from causalrec.model.causal.blend.part import BlendPart
from causalrec.model.causal.explain import Explanation, HistoryItem, ScorePart
from causalrec.model.read_out import ReadOut

TABLES = ("users", "items", "fold")


@dataclass(frozen=True)
class Blend:
    """The encoder with further parts.

    Attributes:
        choice: what validation chose.
        spread: of the encoder's scores, to which the other parts are scaled.
        parts: the other parts by name: those in use and, until it is saved, those that are not.
        others: for every part the weights by name that it is measured against; empty once saved.
    """

    choice: BlendChoice
    spread: float
    parts: Mapping[str, BlendPart]
    others: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def factors(self, weights: Mapping[str, float] | None = None) -> dict[str, float]:
        """Factor for the items of each used part; one for the encoder if it takes part."""
        given = self.choice.weights if weights is None else weights
        lead = given.get(ENCODER, 0.0)
        unit = self.spread / lead if lead > 0 else self.spread
        others = {name: unit * given[name] for name in self.parts if given.get(name, 0.0) > 0}
        return {ENCODER: float(lead > 0), **others}

    def tables(self, encoder: ServingTables, weights: Mapping[str, float] | None = None) -> ServingTables:
        """The tables to serve; ``weights`` by name replace the chosen ones."""
        factors = self.factors(weights)
        lead = np.float32(factors.pop(ENCODER))
        extra = [self.parts[name].items * np.float32(factor) for name, factor in factors.items()]
        return replace(
            encoder,
            users=np.concatenate([encoder.users, *(self.parts[name].users for name in factors)], axis=1),
            items=np.concatenate([encoder.items * lead, *extra], axis=1),
            items_unadjusted=np.concatenate([encoder.items_unadjusted * lead, *extra], axis=1),
        )

    def fold(self, encoder: Floats) -> Floats:
        """The fold-in table of the encoder with those of the other parts."""
        return np.concatenate([encoder, *(part.fold for part in self._used().values())], axis=1)

    def read_out(self, encoder: ReadOut) -> ReadOut:
        """Every part is one more block, of unit length."""
        widths = (part.fold.shape[1] for part in self._used().values())
        return replace(encoder, widths=(*encoder.widths, *widths))

    def new_items(self, encoder: Floats, near: sp.csr_matrix) -> Floats:
        """States of new items: the encoder's (n, d), and the mean of the most similar items.

        Args:
            near: (n, N), rows sum to one, or to zero without content.
        """
        factors = self.factors()
        lead = np.float32(factors.pop(ENCODER))
        extra = [near @ (self.parts[name].items * np.float32(factor)) for name, factor in factors.items()]
        return np.concatenate([encoder * lead, *extra], axis=1).astype(np.float32)

    def explained(self, found: Explanation, history: Ints, listed: int) -> Explanation:
        """The encoder's explanation of a pair, with the other parts included in every number.

        A history item's contribution in another part is its share of the folded-in user state.

        Args:
            history: items of the user; ``found`` lists all of them. listed: how many are named.
        """
        factors = self.factors()
        lead = factors.pop(ENCODER)
        if not factors:
            return replace(found, carried=found.carried[:listed])
        terms = {name: factor * self._score(name, found) for name, factor in factors.items()}
        rest = sum(terms.values())

        def blended(score: float | None) -> float | None:
            return None if score is None or not lead else lead * score + rest

        shares = dict.fromkeys(history.tolist(), 0.0)
        for name, factor in factors.items():
            part = self.parts[name]
            length = max(float(np.linalg.norm(part.fold[history].sum(axis=0))), 1e-12)
            carried = factor * (part.fold[history] @ part.items[found.item]) / length
            for item, share in zip(history.tolist(), carried.tolist(), strict=True):
                shares[item] += share
        whole = [
            HistoryItem(kept.item, lead * kept.contribution + shares.get(kept.item, 0.0), kept.weight)
            for kept in found.carried
        ]
        return replace(
            found,
            score=lead * found.score + rest,
            without_backdoor=blended(found.without_backdoor),
            without_frontdoor=blended(found.without_frontdoor),
            without_topology=blended(found.without_topology),
            carried=tuple(sorted(whole, key=lambda kept: -kept.contribution)[:listed]),
            parts=(
                ScorePart(ENCODER, lead * found.score),
                *(ScorePart(name, value) for name, value in terms.items()),
            ),
        )

    def _score(self, name: str, found: Explanation) -> float:
        part = self.parts[name]
        return float(part.users[found.user] @ part.items[found.item])

    def _used(self) -> dict[str, BlendPart]:
        return {name: self.parts[name] for name in self.factors() if name != ENCODER}

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts for a saved model: the used parts."""
        used = self._used()
        arrays = {f"{name}.{table}": getattr(part, table) for name, part in used.items() for table in TABLES}
        return arrays, {"choice": self.choice.as_json(), "spread": self.spread, "parts": list(used)}

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> "Blend":
        """The inverse of :meth:`pack`."""
        parts = {name: BlendPart(*(arrays[f"{name}.{table}"] for table in TABLES)) for name in facts["parts"]}
        return Blend(BlendChoice(**facts["choice"]), float(facts["spread"]), parts)
