"""What the row rules of the contracts may ask for: limits, the shop's own day, and where history ends."""

import datetime as dt

from causalrec.config import Settings

EPOCH = dt.date(1970, 1, 1)


def rule_parameters(settings: Settings, history: dt.date | None = None) -> dict[str, object]:
    """Values by name. ``history_day``: days since 1970 of the last delivery that is history."""
    return settings.ingest.model_dump() | {
        "time_zone": settings.landing.time_zone,
        "day_start_hour": settings.landing.day_start_hour,
        "history_day": (history - EPOCH).days if history else -1,
    }
