"""The batch gate: a delivery that is empty, broken, far too small or mostly rejected is refused as a whole.

It runs before anything is written, so yesterday's tables are left untouched.
"""

import datetime as dt
import statistics
from collections.abc import Mapping, Sequence

from causalrec.config.ingest import IngestSettings
from causalrec.contracts import Contract
from causalrec.errors import ContractError, QualityError, ReasonCode, SourceError
from causalrec.ingest.advice import advice, field_advice
from causalrec.ingest.measure import Measures

# fewer unreadable values of a column, or events of unknown items, than this refuse nothing
MIN_JUDGED_VALUES = 20
VOLUME_WINDOW_DAYS = 7  # earlier deliveries that a new one is compared with


class BrokenFiles(SourceError):
    """Files that could not be read to their end.

    Attributes:
        files: arrival date and name inside the delivery of each.
        why: one of them, and what is wrong with it.
    """

    def __init__(self, files: Sequence[tuple[dt.date, str]], what: str, why: str) -> None:
        super().__init__(
            f"{what}: {len(files)} unreadable file(s), one is {why}",
            do='deliver it again, or load the others without it: [landing] unread_files = "name"; nothing '
            "was written",
        )
        self.files = files
        self.why = why


def too_many_unknown(unknown: int, events: int, settings: IngestSettings) -> bool:
    """Whether too many of the events are about items that no catalogue has, for a dataset to be built."""
    return unknown >= MIN_JUDGED_VALUES and unknown > settings.max_unknown_items_share * events


def check_files(measures: Mapping[dt.date, Measures], dates: Sequence[dt.date], table: Contract) -> None:
    """Check that every delivery has rows and that each of its files could be read to the end.

    Raises:
        BrokenFiles: files break off.
        SourceError: a delivery has no rows.
    """
    for date in dates:
        found = measures.get(date)
        if found is not None and found.unreadable:
            files = [(date, name) for name in found.broken_files]
            raise BrokenFiles(files, f"{table.name} {date}", found.broken_file or "")
        if found is None or found.rows_in == 0:
            raise SourceError(
                f"{table.name} {date}: the delivery has 0 rows",
                do="deliver it again or remove its folder; nothing was written, the table stays as it was",
            )


def check_columns(measures: Mapping[dt.date, Measures], table: Contract, landing: Contract) -> None:
    """Check that no required column is missing, or of the wrong type, in every row of a delivery.

    For JSON lines, which have no header; files with one are checked before any row is read.

    Raises:
        ContractError: names the column, what was expected and what was found instead.
    """
    for date, found in sorted(measures.items()):
        unparsed = found.rejects.get(ReasonCode.UNPARSEABLE, 0)
        for key, rows in found.broken_columns.items():
            if rows < found.rows_asked - unparsed:
                continue
            reason, _, name = key.partition(" ")
            wrong = "it is missing" if reason == ReasonCode.MISSING_REQUIRED else "it has another type"
            instead = ", ".join(found.unknown_names) or "nothing else"
            raise ContractError(
                f"{table.name} {date}: column {name}: expected {landing.column(name).type}, {wrong} in all "
                f"{rows:,} rows; fields that the contract does not know: {instead}",
                do=f"{_cure(reason, name, table)}, or deliver the columns of "
                f"schemas/{landing.name}.yaml; nothing was written",
            )


def _cure(reason: str, column: str, table: Contract) -> str:
    if reason == ReasonCode.MISSING_REQUIRED:
        return f"map it: [landing.{table.name}.columns] {column} = 'YOUR COLUMN'"
    return field_advice(column, reason, table)


def check_volume(
    measures: Mapping[dt.date, Measures],
    before: Mapping[dt.date, int],
    table: Contract,
    settings: IngestSettings,
) -> None:
    """Compare each delivery with the median of those that arrived before it.

    Args:
        measures: the deliveries of this run.
        before: rows of earlier deliveries, by arrival date; history is left out.
        table: contract, which may enable this check.
        settings: window (deliveries), smallest share, and the median below which counts are only noise.

    Raises:
        QualityError: a delivery has fewer rows than ``min_rows_share`` of the median.
    """
    if not table.extensions.volumeGate or not settings.compare_history:
        return
    rows = dict(before) | {date: found.rows_in for date, found in measures.items()}
    for date in sorted(measures):
        window = [rows[day] for day in sorted(rows) if day < date][-VOLUME_WINDOW_DAYS:]
        median = statistics.median(window) if window else 0
        if median >= settings.volume_min_median and rows[date] < settings.min_rows_share * median:
            raise QualityError(
                f"{table.name} {date}: {rows[date]:,} rows, the median of the {len(window)} before "
                f"is {median:,.0f}; at least {settings.min_rows_share:.0%} are expected",
                do="deliver the rest, lower ingest.min_rows_share, or set ingest.compare_history = false "
                "where so few rows are right; nothing was written",
            )


def check_rejects(measures: Mapping[dt.date, Measures], table: Contract, settings: IngestSettings) -> None:
    """Refuse a delivery of which too much would be lost. Repeated rows do not count as a loss.

    Raises:
        QualityError: the share is above ``max_rejected_share``; names the counts per reason and the fix for
            the most frequent one.
    """
    for date, found in sorted(measures.items()):
        share = found.rows_lost / max(found.rows_asked, 1)
        if share > settings.max_rejected_share:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in found.rejects.items())
            columns = "".join(f"; {name} in {count:,}" for name, count in found.broken_columns.items())
            example = f", such as {found.broken_row}" if found.broken_row else ""
            raise QualityError(
                f"{table.name} {date}: {found.rows_lost:,} of {found.rows_asked:,} rows ({share:.1%}) are "
                f"rejected, at most {settings.max_rejected_share:.1%} may be ({reasons}{columns}){example}",
                do=f"{advice(found, table)}, or raise ingest.max_rejected_share; nothing was written",
            )


def check_fields(measures: Mapping[dt.date, Measures], table: Contract, settings: IngestSettings) -> None:
    """Refuse a delivery in which an optional column is mostly unreadable.

    Raises:
        QualityError: the share is above ``max_unreadable_share`` of the values of that column.
    """
    for date, found in sorted(measures.items()):
        for note, share in unreadable_shares(found).items():
            if share > settings.max_unreadable_share and found.nulled[note] >= MIN_JUDGED_VALUES:
                column, _, reason = note.partition(" ")
                raise QualityError(
                    f"{table.name} {date}: column {column}: {found.nulled[note]:,} values ({share:.1%}) "
                    f"cannot be used ({reason}), at most {settings.max_unreadable_share:.1%} may be",
                    do=f"{field_advice(column, reason, table)}, or raise ingest.max_unreadable_share; "
                    "nothing was written",
                )


def unreadable_shares(found: Measures) -> dict[str, float]:
    """Per column and reason, the share of the values that became null."""
    shares = {}
    for note, rows in found.nulled.items():
        column = note.partition(" ")[0]
        absent = found.metrics.get(f"nulls_{column}", 0) or 0
        given = (
            found.rows_good - absent + sum(n for k, n in found.nulled.items() if k.startswith(f"{column} "))
        )
        shares[note] = rows / max(given, rows)
    return shares
