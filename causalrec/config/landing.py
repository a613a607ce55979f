"""How the shop fills the landing zone: its days, and the layouts of its events and products."""

import zoneinfo
from typing import Literal

from pydantic import Field, field_validator

from causalrec.config.feed import FeedLayout
from causalrec.config.section import Section


class KindLayout(FeedLayout):
    """How the files of one kind of delivery are written. The defaults are the layout of the contract."""

    repeats: Literal["quarantine", "count"] = Field(
        "quarantine", description="what happens to equal rows of a delivery after the first"
    )
    files: dict[str, FeedLayout] = Field(
        default_factory=dict,
        description="pattern of file names, such as views-*.csv -> the layout of these files, which takes "
        "nothing from that of the others; the first pattern that fits counts",
    )


class LandingSettings(Section):
    """How the shop fills the landing zone.

    A delivery's day runs from ``day_start_hour`` o'clock in ``time_zone`` to the same hour of the next date.
    """

    time_zone: str = Field(
        "UTC",
        description="IANA name of the zone in which the shop counts its days, such as America/Los_Angeles",
    )
    day_start_hour: int = Field(0, ge=0, le=12, description="hour of the shop's day border, local time")
    unread_files: Literal["refuse", "name"] = Field(
        "refuse", description="files that cannot be read: refuse the delivery, or only name them in the note"
    )
    event_ids: Literal["shop", "delivery", "session"] = Field(
        "shop", description="scope in which an event_id is unique: the whole shop, a delivery or a session"
    )
    events: KindLayout = KindLayout()
    products: KindLayout = KindLayout()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Berlin") from error
        return name
