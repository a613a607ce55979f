"""Events of the landing zone become the table ``events``; rejected rows go to ``quarantine``."""

import datetime as dt
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.ingest.delivery import Feed, feed_inputs
from causalrec.ingest.table import ingest_table
from causalrec.lake import Lake, Ledger, Outcome

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FEED = Feed(job="ingest_events", kind="events")


def ingest_events_inputs(settings: Settings, lake: Lake, ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """Digests of what the events of ``ds`` depend on; uses only names, sizes and times of files."""
    return feed_inputs(FEED, settings, ds)


def ingest_events(
    settings: Settings, lake: Lake, ledger: Ledger, spark: "SparkSession", ds: dt.date
) -> dict[dt.date, Outcome]:
    """Load the events of ``ds`` and of older arrival dates not yet loaded; see :func:`ingest_table`."""
    return ingest_table(FEED, settings, lake, ledger, spark, ds)
