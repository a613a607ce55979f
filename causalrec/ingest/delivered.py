"""The rows of deliveries with everything that a night finds wrong with them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.ingest.delivery import Feed
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import MAX_RAW_CHARS, ReadLimits
from causalrec.ingest.mark import SourceFile, marked_rows, parsed_frame
from causalrec.ingest.parameters import rule_parameters
from causalrec.ingest.reused import scoped_ids, without_reused
from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import erased_emptied

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def read_rows(
    spark: "SparkSession", files: Sequence[SourceFile], feed: Feed, settings: Settings, lake: Lake
) -> "DataFrame":
    """Parsed rows of the files; those that an erasure forbids the shop to keep have no values."""
    layout = Layout.of(feed.landing, settings.landing)
    limits = ReadLimits(settings.ingest.max_row_bytes, MAX_RAW_CHARS)
    return erased_emptied(parsed_frame(spark, files, feed.landing, limits, layout), lake)


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
