"""The one aggregate over a marked delivery: counts, shares, ranges, distinct estimates per arrival date."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from causalrec.contracts import Contract
from causalrec.errors import ReasonCode
from causalrec.ingest.batch import UNREADABLE

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

REASON_PREFIX = "rejects__"
_ORDERED = {"int", "bigint", "double", "timestamp"}


@dataclass(frozen=True)
class Measures:
    """Numbers of one delivery.

    Attributes:
        rows_in: rows of its files.
        rows_good: accepted rows.
        rejects: reason code -> rejected rows, only those that occur.
        unreadable: rows that mark a file that breaks off; ``broken_file`` names one of them.
        unknown: rows with keys that the contract does not know; ``unknown_key`` names one of them.
        cut: texts that were shortened.
        metrics: everything above as plain numbers, and what the expectations look at.
    """

    rows_in: int
    rows_good: int
    rejects: Mapping[str, int]
    unreadable: int
    broken_file: str | None
    unknown: int
    unknown_key: str | None
    cut: int
    metrics: Mapping[str, Any]

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
    read = ~F.col("reason").eqNullSafe(UNREADABLE)
    columns = [
        F.count_if(read).alias("rows_in"),
        F.count_if(good).alias("rows_good"),
        F.count_if(~read).alias("unreadable"),
        F.max(F.when(~read, F.concat_ws(": ", "source_file", "detail"))).alias("broken_file"),
        F.count_if(F.col("unknown").isNotNull()).alias("unknown_rows"),
        F.min("unknown").alias("unknown_key"),
        F.sum(F.when(good, F.col("cut")).otherwise(0)).alias("texts_cut"),
    ]
    columns += [F.count_if(F.col("reason") == str(r)).alias(REASON_PREFIX + str(r)) for r in ReasonCode]
    for column in table.data_columns:
        value = F.when(good, F.col(column.name))
        if not column.required:
            columns.append(F.count_if(good & F.col(column.name).isNull()).alias(f"nulls_{column.name}"))
        if column.type in _ORDERED:
            columns += [F.min(value).alias(f"min_{column.name}"), F.max(value).alias(f"max_{column.name}")]
        if column.type == "string" and column.required:
            columns.append(F.approx_count_distinct(value).alias(f"distinct_{column.name}"))
    return columns + [F.expr(sql).alias(name) for name, sql in table.extensions.metrics.items()]


def _measures(row: dict[str, Any]) -> Measures:
    rejects = {k.removeprefix(REASON_PREFIX): n for k, n in row.items() if k.startswith(REASON_PREFIX) and n}
    rows_in, good = row["rows_in"], row["rows_good"]
    metrics = {k: v for k, v in row.items() if not k.startswith(REASON_PREFIX)}
    metrics |= {f"null_share_{k[6:]}": n / max(good, 1) for k, n in row.items() if k.startswith("nulls_")}
    metrics["rejected_share"] = sum(rejects.values()) / max(rows_in, 1)
    metrics["duplicate_share"] = rejects.get(ReasonCode.DUPLICATE, 0) / max(rows_in, 1)
    return Measures(
        rows_in=rows_in,
        rows_good=good,
        rejects=dict(sorted(rejects.items())),
        unreadable=row["unreadable"],
        broken_file=row["broken_file"],
        unknown=row["unknown_rows"],
        unknown_key=row["unknown_key"],
        cut=row["texts_cut"],
        metrics=metrics,
    )
