"""The kinds of rules that a rules file holds."""

import datetime as dt
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from causalrec.ranking.merchandise.filters import SELLER, Filter


class Dated(BaseModel):
    """A rule with a first and a last night, both included; without one it has no such end."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    first: dt.date | None = None
    last: dt.date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first})")
        return self

    def active(self, ds: dt.date) -> bool:
        """Whether the rule holds on the night of ``ds``."""
        return (self.first is None or self.first <= ds) and (self.last is None or ds <= self.last)

    def meets(self, other: "Dated") -> bool:
        """Whether both hold on some night."""
        begins = max(self.first or dt.date.min, other.first or dt.date.min)
        return begins <= min(self.last or dt.date.max, other.last or dt.date.max)


class Pin(Dated):
    """An item that every user gets at one place, unless they have it or may not get it."""

    item: str
    rank: int = Field(ge=1)


class Promotion(Dated, Filter):
    """A share of the places for each user's best of the items that fit."""

    name: str
    share: float = Field(gt=0, le=0.5)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.limited:
            raise ValueError(f"promotion {self.name} names no brands, categories or items, and no condition")
        return self


class Block(Dated, Filter):
    """Items that stand in no list."""

    name: str

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.limited:
            raise ValueError(f"block {self.name} names no brands, categories or items, and no condition")
        return self


class Boost(Dated, Filter):
    """Ranks the items that fit higher, or lower.

    Attributes:
        add: added to the score.
        times: factor of the expected response where scores are log-odds of one, otherwise of exp(score).
    """

    name: str
    add: float = 0
    times: float = Field(1, gt=0)

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.add == 0 and self.times == 1:
            raise ValueError(f"boost {self.name} changes nothing: give add or times")
        return self


class Cap(Dated):
    """The largest share of places that one brand, seller or category may have.

    Attributes:
        names: those that are capped, each for itself; none: every one is.
        list_share: of every list, rounded down to whole places.
        night_share: of all places of a night; single lists may have more.
    """

    by: Literal["brand", "seller", "category"]
    names: tuple[str, ...] = ()
    list_share: float | None = Field(None, gt=0, lt=1)
    night_share: float | None = Field(None, gt=0, lt=1)

    @model_validator(mode="after")
    def _has_a_share(self) -> Self:
        if self.list_share is None and self.night_share is None:
            raise ValueError(f"the cap by {self.by} has neither list_share nor night_share")
        return self

    @property
    def columns(self) -> frozenset[str]:
        """What must be known of an item beyond its id, brand and category."""
        return frozenset({SELLER} if self.by == SELLER else ())


class Objective(BaseModel):
    """What lists are to earn besides responses.

    Attributes:
        value: what a response to an item is worth.
        weight: 0 ranks by the expected response, 1 by the expected value of the response.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: Literal["price", "margin"]
    weight: float = Field(ge=0, le=1)
