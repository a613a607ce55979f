"""Settings of the lists from behaviour, which a night can make besides the recommendations."""

from typing import Literal

from pydantic import Field

from causalrec.config.section import Section

BehaviourList = Literal[
    "complements", "substitutes", "cart_lists", "buy_again", "trending_items", "recent_items", "audiences"
]


class ListSettings(Section):
    """Which additional lists a night makes. None is made unless it is named here."""

    tables: tuple[BehaviourList, ...] = Field((), description="lists to make, by the names of their tables")
    k: int = Field(20, ge=1, description="rows of a list")
    chance_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="largest share of the listed complements, substitutes or trends that chance may explain: "
        "at 0.1, one of ten",
    )
    certainty: float = Field(
        0.99,
        gt=0.5,
        lt=1,
        description="one-sided, of the interval of a lift; lists are ordered by its cautious end, which must "
        "differ from 1",
    )
    prior_strength: float = Field(
        4.0, gt=0, description="responses that a lift of 1 counts for before anything was seen"
    )
    max_visit_items: int = Field(
        50, ge=2, description="items of one visit that are compared in pairs; a hash chooses among more"
    )
    cart_days: int = Field(3, ge=1, description="days for which a cart without a purchase stays open")
    buy_days: int = Field(14, ge=1, description="days ahead for which a repeated purchase is predicted")
    trend_days: int = Field(7, ge=1, description="days that count as now for a trend")
    trend_baseline_days: int = Field(28, ge=1, description="days before those that a trend is compared with")
    audience_items: tuple[str, ...] = Field((), description="ids of the items that need an audience")
    audience_size: int = Field(1_000, ge=1, description="users of one audience")
    audience_per_user: int = Field(3, ge=1, description="audiences that one user may belong to")
