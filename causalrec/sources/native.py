"""The native layout as a source: nothing to convert, only a check of what has arrived."""

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.sources.landing import arrival_dates
from causalrec.sources.marker import Marker, digest


def look_native(settings: Settings) -> Marker:
    """First and last arrival date of the events in the landing zone.

    Raises:
        SourceError: no events have arrived at all.
    """
    dates = arrival_dates(settings.landing_root, "events")
    if not dates:
        raise SourceError(
            f"no deliveries below {settings.landing_root}/events",
            do="drop files into events/arrival_date=YYYY-MM-DD/ there, or correct paths.landing",
        )
    names = [date.isoformat() for date in dates]
    return Marker("native", digest(names), True, names[0], names[-1])
