"""Which items a rule of the shop means."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from causalrec.ranking.item_rules import Bools
from causalrec.ranking.rules import named

RANGED = ("price", "margin", "stock")  # columns that a filter limits from both sides
SELLER, TAGS = "seller", "tags"


class Filter(BaseModel):
    """Items that fit: of any of the named brands, categories and items, and within every other condition.

    Texts are compared case-insensitively. What a shop did not say of an item fits no condition.

    Attributes:
        tags: the item has one of them.
        min_stock, max_stock: units that can be delivered. The other ranges are in the shop's currency; all
            include their ends.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    sellers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    min_price: float | None = Field(None, ge=0)
    max_price: float | None = Field(None, ge=0)
    min_margin: float | None = None
    max_margin: float | None = None
    min_stock: float | None = None
    max_stock: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for column, low, high in self._ranges():
            if low is not None and high is not None and high < low:
                raise ValueError(f"max_{column} ({high:g}) is below min_{column} ({low:g})")
        return self

    @property
    def limited(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.brands or self.categories or self.items or self.columns)

    @property
    def columns(self) -> frozenset[str]:
        """What must be known of an item beyond its id, brand and category."""
        ranged = {column for column, low, high in self._ranges() if low is not None or high is not None}
        return frozenset(ranged | ({SELLER} if self.sellers else set()) | ({TAGS} if self.tags else set()))

    def fits(self, items: pd.DataFrame) -> Bools:
        """Which items it means, bool (n,).

        Args:
            items: item_id, brand, category and :attr:`columns`.
        """
        fit = np.ones(len(items), dtype=np.bool_)
        if self.brands or self.categories or self.items:
            fit &= named(items, self.items, self.brands, self.categories).to_numpy(dtype=bool)
        if self.sellers:
            wanted = [seller.casefold() for seller in self.sellers]
            fit &= items[SELLER].fillna("").astype(str).str.casefold().isin(wanted).to_numpy()
        if self.tags:
            fit &= _tagged(items[TAGS], {tag.casefold() for tag in self.tags})
        for column, low, high in self._ranges():
            if low is not None or high is not None:
                values = pd.to_numeric(items[column]).to_numpy(dtype=float)
                fit &= (values >= (-np.inf if low is None else low)) & (
                    values <= (np.inf if high is None else high)
                )
        return fit

    def _ranges(self) -> Iterator[tuple[str, float | None, float | None]]:
        for column in RANGED:
            yield column, getattr(self, f"min_{column}"), getattr(self, f"max_{column}")


def _tagged(tags: "pd.Series[list[str]]", wanted: set[str]) -> Bools:
    """Whether each list of tags has one that is wanted."""
    single = tags.reset_index(drop=True).explode()
    hit = single.fillna("").astype(str).str.casefold().isin(wanted)
    found: Bools = hit.groupby(level=0).any().to_numpy(dtype=bool)
    return found
