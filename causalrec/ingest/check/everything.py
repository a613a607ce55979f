"""Every row of every delivery under the rules of a night, on Spark; nothing is written."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.errors import CausalrecError
from causalrec.ingest.broken import sound_files
from causalrec.ingest.check.measured import refusals
from causalrec.ingest.check.unusual import unusual
from causalrec.ingest.delivered import delivered_rows, read_rows
from causalrec.ingest.delivery import Feed, list_files
from causalrec.ingest.formats.batch import LEFT_OUT, UNREADABLE
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.history import history_end
from causalrec.ingest.mark import SourceFile
from causalrec.ingest.measure import Measures, measure
from causalrec.ingest.unread import shown
from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import ERASED
from causalrec.sources.landing import Kind, arrival_dates

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Counted:
    """All deliveries of one kind.

    Attributes:
        measures: by arrival date, for the deliveries whose files can be read.
        refused: arrival date -> why a night would refuse this delivery.
        examples: reason, or "column reason" of a field that becomes null -> one example.
    """

    kind: Kind
    measures: Mapping[dt.date, Measures] = field(default_factory=dict)
    refused: Mapping[dt.date, str] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)

    @property
    def rejects(self) -> dict[str, int]:
        """Reason -> rejected rows, the most frequent first."""
        return _summed([one.rejects for one in self.measures.values()])

    @property
    def nulled(self) -> dict[str, int]:
        """ "column reason" -> rows that lose this field, the most frequent first."""
        return _summed([one.nulled for one in self.measures.values()])


def count_everything(
    kind: Kind, settings: Settings, lake: Lake, spark: "SparkSession", ds: dt.date | None = None
) -> Counted:
    """Counts all deliveries of a kind up to ``ds``, as if none of them had been loaded yet."""
    feed = Feed(f"check_{kind}", kind)
    dates = [day for day in arrival_dates(settings.landing_root, kind) if ds is None or day <= ds]
    files, refused = _files(feed, settings, dates)
    history = history_end(dates, (), settings.ingest)
    measures, examples = _counts(files, feed, settings, lake, spark, history)
    while torn := _left_out(measures, settings):
        files = [one for one in files if (one.arrival_date, one.name) not in torn]
        measures, examples = _counts(files, feed, settings, lake, spark, history)
    for day in [day for day in dates if day not in refused]:
        found = measures.get(day)
        lines = refusals(day, found, feed.table, feed.landing, settings) if found else ["0 rows"]
        refused |= dict.fromkeys([day] if lines else [], "".join(lines))
    refused = unusual(measures, feed.table, settings.ingest, history) | refused
    return Counted(kind, measures, dict(sorted(refused.items())), examples)


def _files(
    feed: Feed, settings: Settings, dates: Sequence[dt.date]
) -> tuple[list[SourceFile], dict[dt.date, str]]:
    """The files that a night would read, and why it would refuse a delivery before reading its rows."""
    layout = Layout.of(feed.landing, settings.landing)
    files: list[SourceFile] = []
    refused: dict[dt.date, str] = {}
    for day in dates:
        try:
            listed, _ = list_files(feed, settings, [day])
            unread, most = settings.landing.unread_files, settings.ingest.max_row_bytes
            files += sound_files(listed, feed.landing, layout, most, unread)[0]
        except CausalrecError as error:
            refused[day] = str(error)
    return files, refused


def _counts(
    files: Sequence[SourceFile],
    feed: Feed,
    settings: Settings,
    lake: Lake,
    spark: "SparkSession",
    history: dt.date | None,
) -> tuple[Mapping[dt.date, Measures], Mapping[str, str]]:
    if not files:
        return {}, {}
    read = sorted({file.arrival_date for file in files})
    parsed = read_rows(spark, files, feed, settings, lake)
    with delivered_rows(parsed, feed, settings, lake, history, read) as marked:
        return measure(marked, feed.table), _examples(marked)


def _left_out(measures: Mapping[dt.date, Measures], settings: Settings) -> set[tuple[dt.date, str]]:
    """Files that break off, if a night goes on without them."""
    if settings.landing.unread_files == "refuse":
        return set()
    return {(day, name) for day, found in measures.items() for name in found.broken_files}


def _examples(marked: "DataFrame") -> dict[str, str]:
    """One detail of every reason, and one value of every kind of field that becomes null."""
    counted = F.col("reason").isin(UNREADABLE, LEFT_OUT, ERASED)
    wrong = marked.where(F.col("reason").isNotNull() & ~counted)
    whole = wrong.groupBy("reason").agg(F.first("detail").alias("example"))
    pairs = marked.where(F.col("reason").isNull()).select(
        F.explode(F.arrays_zip("nulled", "unread")).alias("p")
    )
    fields = pairs.groupBy("p.nulled").agg(F.first("p.unread").alias("example"))
    found = {row["reason"]: str(row["example"]) for row in whole.collect()}  # a row per reason code
    emptied = fields.collect()  # a row per optional column and reason
    return found | {row["nulled"]: shown(row["example"], row["nulled"].partition(" ")[0]) for row in emptied}


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, rows in one.items():
            total[name] = total.get(name, 0) + rows
    return dict(sorted(total.items(), key=lambda pair: -pair[1]))
