"""The rows of deliveries with everything that a night finds wrong with them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.ingest.delivery import Feed
from causalrec.ingest.mark import marked_rows
from causalrec.ingest.parameters import rule_parameters
from causalrec.ingest.reused import scoped_ids, without_reused
from causalrec.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@contextmanager
def delivered_rows(
    parsed: "DataFrame",
    feed: Feed,
    settings: Settings,
    lake: Lake,
    history: dt.date | None,
    dates: Sequence[dt.date],
) -> "Iterator[DataFrame]":
    """Marked rows, as those of :func:`~causalrec.ingest.mark.marked_rows`, with reused ids marked as well.

    Args:
        parsed: the entire content of the arrival dates ``dates``.
        history: last arrival date of the history that a shop delivered first; None without one.
    """
    scoped = scoped_ids(parsed, feed, settings)
    repeats = getattr(settings.landing, feed.kind).repeats
    rules = rule_parameters(settings, history)
    with marked_rows(scoped, feed.table, feed.landing, rules, repeats) as tried:
        yield without_reused(tried, feed, settings, lake, dates)
