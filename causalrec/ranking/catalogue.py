"""The items for a scoring worker, as flat arrays in the order of item ids."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.base import ServingTables
from causalrec.ranking.item_rules import ItemRules, no_rules


@dataclass(frozen=True)
class Catalogue:
    """The items that may be recommended, sorted by item id.

    Attributes:
        item_ids: texts (n,), of variable width, so that one long text does not widen all.
        titles: texts (n,) used in reasons.
        model_rows: int32 (n,) position in the model's own numbering; -1 for items it does not know.
        popularity: float32 (n,) training interactions.
        states: float32 (n, d) adjusted item states, or None for a model without a factorised form.
        fold: float32 (n, d) what an item adds to the state of a user known only by history, or None.
        confounders: texts (n,) name of the coarse confounder code; empty without one.
        rules: the shop's rules for them.
        raw: float32 (n, r) item states of a raw model of the same data; a row of NaN for items it does not
            know. None without a raw model.
        content: float32 (n, c) item states of the content effect, or None.
        looks, responses: float32 (n,) how often the item was looked at, and how many of these looks led to a
            response (click, cart, ...) in training. None if looks were not logged.
    """

    item_ids: npt.NDArray[np.object_]
    titles: npt.NDArray[np.object_]
    model_rows: Ints
    popularity: Floats
    states: Floats | None
    fold: Floats | None
    confounders: npt.NDArray[np.object_]
    rules: ItemRules
    raw: Floats | None = None
    content: Floats | None = None
    looks: Floats | None = None
    responses: Floats | None = None

    @property
    def size(self) -> int:
        """Number of items n."""
        return int(self.item_ids.size)

    def only(self, allowed: npt.NDArray[np.object_]) -> "Catalogue":
        """The items whose id is in ``allowed``."""
        return self._take(np.flatnonzero(pd.Index(self.item_ids).isin(allowed)))

    def joined(self, more: "Catalogue") -> "Catalogue":
        """Both, sorted by item id."""
        if more.size == 0:
            return self
        pairs = {
            name: _stacked(getattr(self, name), getattr(more, name))
            for name in (field.name for field in fields(self) if field.name != "rules")
        }
        order = np.argsort(pairs["item_ids"], kind="stable")
        size = self.size + more.size
        return Catalogue(**pairs, rules=no_rules(size))._take(order)

    def named(self, item_ids: npt.NDArray[np.object_], titles: npt.NDArray[np.object_]) -> "Catalogue":
        """The same items with today's titles where ``titles`` has one."""
        order = np.argsort(item_ids)
        place = np.minimum(np.searchsorted(item_ids[order], self.item_ids), max(item_ids.size - 1, 0))
        if item_ids.size == 0:
            return self
        known = item_ids[order][place] == self.item_ids
        return replace(self, titles=np.where(known, titles[order][place], self.titles))

    def _take(self, rows: npt.NDArray[np.intp]) -> "Catalogue":
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "rules"}
        taken: dict[str, Any] = {
            name: None if array is None else array[rows] for name, array in arrays.items()
        }
        return Catalogue(**taken, rules=self.rules.take(rows))


def catalogue_of(
    item_ids: npt.NDArray[np.object_],
    titles: npt.NDArray[np.object_],
    popularity: Floats,
    tables: ServingTables | None,
    fold: Floats | None = None,
    looks: Floats | None = None,
    responses: Floats | None = None,
) -> Catalogue:
    """All items of a model, given in the model's numbering. Without ``fold`` the item states are folded."""
    order = np.argsort(item_ids, kind="stable")
    folded = tables.items if fold is None and tables is not None else fold
    names = np.full(item_ids.size, "", dtype=object) if tables is None else confounder_names(tables)

    def ordered(values: Floats | None) -> Floats | None:
        return None if values is None else values[order]

    return Catalogue(
        item_ids[order],
        titles[order],
        order.astype(np.int32),
        popularity[order].astype(np.float32),
        ordered(None if tables is None else tables.items),
        ordered(folded),
        names[order],
        no_rules(item_ids.size),
        ordered(None if tables is None else tables.raw_items),
        ordered(None if tables is None else tables.content_items),
        ordered(looks),
        ordered(responses),
    )


def _stacked(first: Any, second: Any) -> Any:  # noqa: ANN401 - arrays of any kind
    return None if first is None else np.concatenate([first, second])


def confounder_names(tables: ServingTables) -> npt.NDArray[np.object_]:
    """Per item the name of its coarse code; empty if it has none."""
    codes = int(tables.coarse.max(initial=-1)) + 1
    known = tables.code_names[:codes]
    names = np.array([*known, *(f"code {code}" for code in range(len(known), codes)), ""], dtype=object)
    named: npt.NDArray[np.object_] = names[np.where(tables.coarse >= 0, tables.coarse, codes)]
    return named
