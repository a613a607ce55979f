"""One aggregate over a marked delivery: counts, shares, ranges, distinct estimates per arrival date."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from causalrec.contracts import Contract
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.batch import LEFT_OUT, UNREADABLE
from causalrec.lake.upkeep.erasures import ERASED

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

TALLY_PREFIX = "tally__"
NULLED_PREFIX = "nulled__"
TALLY_SIZE = 64  # maximum number of values kept of a distribution, and of dates of late rows
TALLY_TRACKED = 4_096  # counts are exact up to about this many distinct values
_NUMBERS = {"int", "bigint", "double"}
_NUMBER_NOTES = (ReasonCode.INVALID_TYPE, ReasonCode.UNCLEAR_NUMBER, ReasonCode.OTHER_CURRENCY)
NO_LOSS = (UNREADABLE, LEFT_OUT, ERASED, str(ReasonCode.DUPLICATE))
_ORDERED = {"int", "bigint", "double", "timestamp"}


@dataclass(frozen=True)
class Measures:
    """Numbers of one delivery.

    Attributes:
        rows_in: rows of its files.
        rows_good: accepted rows.
        rejects: reason code -> rejected rows, only codes that occur.
        unreadable: rows that mark a file that breaks off; ``broken_file`` says of one of them why.
        unknown: rows with keys that are not in the contract; ``unknown_names`` lists them.
        cut: texts that were truncated.
        metrics: everything above as plain numbers, plus the inputs of the expectations.
        nulled: "column reason" -> accepted rows whose value of that optional column became null.
        left_out: rows that the shop's layout filters out; they are neither accepted nor rejected.
        erased: rows that an erasure forbids the shop to keep; they are neither accepted nor rejected.
        unknown_names: field that is not in the contract -> rows in which it is the first such field.
        broken_columns: "missing_required column" or "invalid_type column" -> rows.
        late: event date, before the arrival date -> accepted rows.
        seen: distribution of the contract -> value -> accepted rows; only the most frequent values.
        broken_files: names of the files that break off.
        broken_row: place, reason and detail of one rejected row that is no repetition; None without one.
    """

    rows_in: int
    rows_good: int
    rejects: Mapping[str, int]
    unreadable: int
    broken_file: str | None
    unknown: int
    cut: int
    metrics: Mapping[str, Any]
    unknown_names: Mapping[str, int] = field(default_factory=dict)
    nulled: Mapping[str, int] = field(default_factory=dict)
    left_out: int = 0
    erased: int = 0
    broken_columns: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    broken_files: Sequence[str] = ()
    broken_row: str | None = None

    @property
    def rows_lost(self) -> int:
        """Rejected rows whose content no other row has: repetitions are not a loss."""
        return self.rows_rejected - self.rejects.get(ReasonCode.DUPLICATE, 0)

    @property
    def rows_asked(self) -> int:
        """Rows of the files that neither the layout nor an erasure leaves out."""
        return self.rows_in - self.left_out - self.erased

    @property
    def rows_rejected(self) -> int:
        """Rejected rows over all reasons."""
        return sum(self.rejects.values())


def measure(marked: "DataFrame", table: Contract) -> dict[dt.date, Measures]:
    """Measures per arrival date that has rows; one Spark aggregate, one result row per date."""
    rows = marked.groupBy("arrival_date").agg(*_aggregates(table)).collect()  # one row per date
    return {row["arrival_date"]: _measures(row.asDict()) for row in rows}


def _aggregates(table: Contract) -> list["Column"]:
    good = F.col("reason").isNull()
    broken = F.col("reason") == UNREADABLE
    lost = ~F.col("reason").isin(*NO_LOSS)
    columns = [
        F.count(F.lit(1)).alias("rows"),
        F.count("reason").alias("rows_marked"),
        F.max(F.when(broken, F.concat_ws(": ", "source_file", "detail"))).alias("broken_file"),
        F.collect_set(F.when(broken, F.col("source_file"))).alias("broken_files"),
        F.min(F.when(lost, place_and_reason())).alias("broken_row"),
        F.count("unknown").alias("unknown_rows"),
        F.sum(F.when(good, F.col("cut")).otherwise(0)).alias("texts_cut"),
    ]
    for column in table.data_columns:
        value = F.when(good, F.col(column.name))
        if not column.required:
            columns.append(F.count_if(good & F.col(column.name).isNull()).alias(f"nulls_{column.name}"))
        if column.type in _ORDERED:
            columns += [F.min(value).alias(f"min_{column.name}"), F.max(value).alias(f"max_{column.name}")]
        if column.type == "string" and column.required:
            columns.append(F.approx_count_distinct(value).alias(f"distinct_{column.name}"))
    columns += [
        F.count_if(good & F.array_contains("nulled", note)).alias(NULLED_PREFIX + note)
        for note in _notes(table)
    ]
    columns += [_tally(name, sql) for name, sql in _tallied(table).items()]
    return columns + [F.expr(sql).alias(name) for name, sql in table.extensions.metrics.items()]


def place_and_reason() -> "Column":
    """``FILE line LINE: REASON, DETAIL`` of a marked row."""
    place = F.concat_ws(" line ", "source_file", "source_line")
    return F.concat(place, F.lit(": "), F.concat_ws(", ", "reason", "detail"))


def _notes(table: Contract) -> list[str]:
    """All notes that an optional column can get when its value becomes null."""
    unread = [
        f"{c.name} {reason}"
        for c in table.data_columns
        if not c.required or c.type == "array<string>"
        for reason in (_NUMBER_NOTES if c.type in _NUMBERS else (ReasonCode.INVALID_TYPE,))
    ]
    broken = [f"{n} {rule.reason}" for rule in table.rules if rule.broken == "columns" for n in rule.columns]
    return list(dict.fromkeys(unread + broken))


def _tallied(table: Contract) -> dict[str, str]:
    """Name -> SQL text; each distinct value is counted within the one aggregate."""
    texts = {
        "reason": "reason",  # one tally instead of one count per reason code
        "unknown": "unknown",
        "broken": f"CASE WHEN reason IN ('{ReasonCode.MISSING_REQUIRED}', '{ReasonCode.INVALID_TYPE}') THEN "
        "concat(reason, ' ', regexp_extract(detail, '^[a-z_0-9]+', 0)) END",
    }
    happened = table.extensions.happened
    if happened is not None:
        late = f"reason IS NULL AND to_date({happened}) < arrival_date"
        texts["late"] = f"CASE WHEN {late} THEN CAST(to_date({happened}) AS STRING) END"
    return texts | {
        f"seen_{name}": f"CASE WHEN reason IS NULL THEN CAST({sql} AS STRING) END"
        for name, sql in table.extensions.distributions.items()
    }


def _tally(name: str, sql: str) -> "Column":
    return F.expr(f"approx_top_k({sql}, {TALLY_SIZE}, {TALLY_TRACKED})").alias(TALLY_PREFIX + name)


def _measures(row: dict[str, Any]) -> Measures:
    tallies = {
        k.removeprefix(TALLY_PREFIX): _counts(row.pop(k)) for k in list(row) if k.startswith(TALLY_PREFIX)
    }
    nulled = {k.removeprefix(NULLED_PREFIX): row.pop(k) for k in list(row) if k.startswith(NULLED_PREFIX)}
    rejects = tallies["reason"]
    unreadable, left_out, erased = (rejects.pop(reason, 0) for reason in (UNREADABLE, LEFT_OUT, ERASED))
    rows = row.pop("rows")
    broken_files = row.pop("broken_files")
    broken_file, broken_row = row.pop("broken_file"), row.pop("broken_row")  # texts are no metrics
    rows_in, good = rows - unreadable, rows - row.pop("rows_marked")
    metrics = {"rows_in": rows_in, "rows_good": good, "unreadable": unreadable, **row}
    metrics |= {f"null_share_{k[6:]}": n / max(good, 1) for k, n in row.items() if k.startswith("nulls_")}
    asked = max(rows_in - left_out - erased, 1)
    metrics["rejected_share"] = sum(rejects.values()) / asked
    metrics["duplicate_share"] = rejects.get(ReasonCode.DUPLICATE, 0) / asked
    return Measures(
        rows_in=rows_in,
        rows_good=good,
        rejects=rejects,
        unreadable=unreadable,
        broken_file=broken_file,
        unknown=row["unknown_rows"],
        cut=row["texts_cut"],
        metrics=metrics,
        unknown_names=tallies["unknown"],
        nulled={note: rows for note, rows in nulled.items() if rows},
        left_out=left_out,
        erased=erased,
        broken_columns=tallies["broken"],
        late=tallies.get("late", {}),
        seen={k.removeprefix("seen_"): found for k, found in tallies.items() if k.startswith("seen_")},
        broken_files=sorted(broken_files),
        broken_row=broken_row,
    )


def _counts(tally: list[Any]) -> dict[str, int]:
    """Value -> rows, by value; rows without one are left out."""
    return dict(sorted((entry["item"], entry["count"]) for entry in tally if entry["item"] is not None))
