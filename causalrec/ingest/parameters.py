"""Parameters for the row rules of the contracts: limits, the shop's own day, and the end of history."""

import datetime as dt

from causalrec.config import Settings

EPOCH = dt.date(1970, 1, 1)
BOUNDS = {"max_description_chars": 20_000, "max_image_ref_chars": 2_000, "max_position": 1_000_000}
"""Length of a text or a reference, and position in a list, beyond which a value is wrong in any shop."""


def rule_parameters(settings: Settings, history: dt.date | None = None) -> dict[str, object]:
    """Values by name. ``history_day``: days since 1970 of the last delivery that is history."""
    return (
        BOUNDS
        | settings.ingest.model_dump()
        | {
            "time_zone": settings.landing.time_zone,
            "day_start_hour": settings.landing.day_start_hour,
            "history_day": (history - EPOCH).days if history else -1,
        }
    )
