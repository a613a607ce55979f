"""Limits of the gates that a delivery passes."""

import datetime as dt

from pydantic import Field

from causalrec.config.section import Section


class IngestSettings(Section):
    """Limits of the row gate and of the batch gate; ``lateness_days`` 0 accepts events of any age.

    ``compare_history`` off lets a delivery pass whose size or mix of values is new on purpose.
    The first delivery is history: it may hold events of any age, and later ones are not compared with it.
    """

    future_tolerance_minutes: int = Field(
        5, ge=0, description="minutes by which an event may lie after its arrival"
    )
    lateness_days: int = Field(
        30, ge=0, description="age in days up to which events are accepted; 0: any age"
    )
    history_until: dt.date | None = Field(
        None, description="deliveries up to this date are history; empty: the first one is"
    )
    max_rejected_share: float = Field(
        0.2, gt=0, le=1, description="rows of a delivery that may be lost; repetitions of a row are no loss"
    )
    loud_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="share of lost rows or unreadable fields above which notes and pages show it in red",
    )
    max_unreadable_share: float = Field(
        0.2, gt=0, le=1, description="share of the values of an optional column that may be unreadable"
    )
    max_unknown_items_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of the events that may be about items that no catalogue delivery has",
    )
    min_rows_share: float = Field(
        0.05, ge=0, le=1, description="share of the usual rows below which a delivery is refused"
    )
    volume_min_median: int = Field(100, ge=0, description="smaller shops vary too much to judge")
    compare_history: bool = Field(
        True, description="compare a delivery with earlier ones; off where its size or mix is new on purpose"
    )
    max_title_chars: int = Field(500, description="longest product title, in characters")
    max_price: float = Field(1e7, description="highest price")
    max_id_chars: int = Field(256, ge=1, description="longest id, in characters")
    max_text_chars: int = Field(
        1_000_000, ge=1, description="longest value of any other text column, in characters"
    )
    max_image_refs: int = Field(100, ge=0, description="most pictures of one item")
    max_row_bytes: int = Field(4_000_000, ge=1_000, description="largest row of a delivery, in bytes")
