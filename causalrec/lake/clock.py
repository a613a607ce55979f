"""The wall clock: used for timestamps and retention, never for ordering.

Clocks step back and differ between machines. Order comes from table versions, and whether a writer is alive
from its process (:mod:`causalrec.lake.process`).
"""

import datetime as dt


def now() -> dt.datetime:
    """This moment, UTC."""
    return dt.datetime.now(dt.UTC)


def millis() -> int:
    """This moment in milliseconds since 1970, as in the log of a Delta table."""
    return int(now().timestamp() * 1000)
