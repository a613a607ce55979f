"""The wall clock. It says when something happened and how long it is kept, never what came first.

Clocks step back and differ between machines. Orders come from table versions, and whether a writer lives from
its process (:mod:`causalrec.lake.process`).
"""

import datetime as dt


def now() -> dt.datetime:
    """This moment, UTC."""
    return dt.datetime.now(dt.UTC)


def millis() -> int:
    """This moment in milliseconds since 1970, as the log of a Delta table has it."""
    return int(now().timestamp() * 1000)
