"""Parses a delivery with Spark, applies the contract's row rules, and marks each row as good or rejected.

The resulting frame has one row per source row. ``reason`` is null for good rows; otherwise it is that of the
first broken rule, in contract order. Only good rows are checked for duplicates.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.window import Window

from causalrec.contracts import Contract
from causalrec.contracts.extensions import DuplicateRule, Extensions
from causalrec.contracts.rules import rule_sql
from causalrec.errors import ReasonCode
from causalrec.ingest.formats.batch import LEFT_OUT, MARKS, parsed_schema, row_name
from causalrec.ingest.formats.layout import AS_CONTRACT, Layout
from causalrec.ingest.formats.rows import MAX_RAW_CHARS, ReadLimits, read_file

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

SHOWN_CHARS = 80
MOST_REPEATED = 20_000  # keys that the driver may hold; beyond that, all rows are compared


@dataclass(frozen=True)
class SourceFile:
    """One file of a delivery: its path, its name inside the delivery, the delivery's date."""

    file: str
    name: str
    arrival_date: dt.date


def parsed_frame(
    spark: "SparkSession",
    files: Sequence[SourceFile],
    landing: Contract,
    limits: ReadLimits,
    layout: Layout = AS_CONTRACT,
) -> "DataFrame":
    """All rows of the files, typed, in the schema of :func:`causalrec.ingest.formats.batch.parsed_schema`."""
    listed = spark.createDataFrame(
        [(f.file, f.name, f.arrival_date) for f in files], "file string, name string, arrival_date date"
    )
    rows = listed.mapInArrow(_ParseTask(landing, limits, layout), from_arrow_schema(parsed_schema(landing)))
    tasks = spark.sparkContext.defaultParallelism
    return rows.repartition(tasks, "source_line") if len(files) < tasks else rows


@dataclass(frozen=True)
class _ParseTask:
    """Runs on executors; reads whole files, so that line numbers are known."""

    landing: Contract
    limits: ReadLimits
    layout: Layout

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                place = row["file"], row["name"], row["arrival_date"]
                layout = self.layout.of_file(row["name"], self.landing)
                yield from read_file(*place, self.landing, self.limits, layout)


@contextmanager
def marked_rows(
    parsed: "DataFrame",
    table: Contract,
    landing: Contract,
    parameters: Mapping[str, object],
    repeats: str = "quarantine",
) -> "Iterator[DataFrame]":
    """Rows with ``reason``, ``detail`` and ``raw`` set if rejected, and texts cleaned and truncated.

    ``repeats`` decides what happens to equal rows after the first, see ``[landing.KIND] repeats``.

    Inside the block Spark caches the parsed rows, so that files are read once however often the frame is.
    """
    tried = _rules_tried(parsed, table, parameters).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        repeated = LEFT_OUT if repeats == "count" else str(ReasonCode.DUPLICATE)
        frame = _without_duplicates(tried, table.extensions, repeated)
        yield _cleaned(_with_raw(frame, landing), table, landing, parameters)
    finally:
        tried.unpersist()


def _rules_tried(frame: "DataFrame", table: Contract, parameters: Mapping[str, object]) -> "DataFrame":
    """All rules as one CASE expression: nested columns would multiply in Spark's plan.

    Rules about optional columns affect only those columns: they become null, ``nulled`` says why, and
        ``unread`` holds the original value.
    """
    mark = F.when(F.col("reason").isNotNull(), F.struct("reason", "detail"))
    nulled: dict[str, Column] = {}
    notes, unread = [], []
    for rule in table.rules:
        kept = F.coalesce(F.expr(rule_sql(table, rule, parameters)), F.lit(False))
        if rule.broken == "columns":
            for name in rule.columns:
                wrong = F.col(name).isNotNull() & ~kept
                nulled[name] = F.when(~wrong, nulled.get(name, F.col(name)))
                notes.append(F.when(wrong, F.lit(f"{name} {rule.reason}")))
                as_json = F.to_json(F.struct(F.col(name).alias(name)))
                unread.append(F.when(wrong, F.left(as_json, F.lit(MAX_RAW_CHARS))))
            continue
        detail = _shown([row_name(name) for name in rule.columns])
        mark = mark.when(~kept, F.struct(F.lit(str(rule.reason)).alias("reason"), detail.alias("detail")))
    marked = _remarked(frame, mark)
    if not notes:
        return marked
    found, values = (F.array_compact(F.array(*parts)) for parts in (notes, unread))
    said = {"nulled": F.concat("nulled", found), "unread": F.concat("unread", values)}
    return marked.withColumns({**nulled, **said})


def _remarked(frame: "DataFrame", mark: "Column") -> "DataFrame":
    """The frame with ``reason`` and ``detail`` taken from a struct; null means good."""
    others = [name for name in frame.columns if name not in ("reason", "detail")]
    return frame.select(*others, mark.alias("_mark")).select(*others, "_mark.reason", "_mark.detail")


def _shown(columns: Sequence[str]) -> "Column":
    """``name=value`` of each column, values truncated."""
    values = [
        F.concat(
            F.lit(f"{name}="),
            F.coalesce(F.left(F.col(name).cast("string"), F.lit(SHOWN_CHARS)), F.lit("null")),
        )
        for name in columns
    ]
    return F.concat_ws(", ", *values)


def _without_duplicates(frame: "DataFrame", rules: Extensions, repeated: str) -> "DataFrame":
    """Mark all but the first of equal rows of one delivery as ``repeated``; rejected rows are ignored.

    Hashes of keys are counted first: whole rows are shuffled and sorted only if theirs occurs again.
    """
    if rules.duplicates is None:
        return frame
    key = F.xxhash64("arrival_date", *rules.duplicates.by)
    counts = frame.where(F.col("reason").isNull()).groupBy(key.alias("_key")).count()
    again = counts.where("count > 1").limit(MOST_REPEATED + 1).select("_key").collect()
    if len(again) > MOST_REPEATED:
        return _first_kept(frame, rules.duplicates, rules.content, repeated)
    if not again:
        return frame
    hashes = F.broadcast(frame.sparkSession.createDataFrame(again, "_key long"))
    keyed = frame.withColumn("_key", key)
    alone, doubtful = (keyed.join(hashes, "_key", how).drop("_key") for how in ("left_anti", "left_semi"))
    return alone.unionByName(_first_kept(doubtful, rules.duplicates, rules.content, repeated))


def _first_kept(
    frame: "DataFrame", duplicates: DuplicateRule, content: Sequence[str], repeated: str
) -> "DataFrame":
    """A row with the key of another one is ``repeated``, or has a reused id if its content differs."""
    equal = Window.partitionBy(F.col("reason").isNull(), "arrival_date", *duplicates.by)
    ordered = equal.orderBy(*[_ordering(part) for part in duplicates.keepFirstBy])
    ranked = frame.withColumns(
        {
            "_rank": F.row_number().over(ordered),
            "_file": F.first("source_file").over(ordered),
            "_line": F.first("source_line").over(ordered),
            "_same": F.first(_content(content)).over(ordered) == _content(content),
        }
    )
    place = F.concat_ws(" line ", "_file", "_line")
    detail = F.concat(_shown(duplicates.by), F.lit(" stands already in "), place)
    again = F.col("reason").isNull() & (F.col("_rank") > 1)
    reason = F.when(F.col("_same"), repeated).otherwise(str(ReasonCode.REUSED_ID))
    mark = F.when(again, F.struct(reason.alias("reason"), detail.alias("detail")))
    helpers = ("_rank", "_file", "_line", "_same")
    return _remarked(ranked, mark.otherwise(F.struct("reason", "detail"))).drop(*helpers)


def _content(columns: Sequence[str]) -> "Column":
    return F.xxhash64(*columns) if columns else F.lit(0)


def _ordering(part: str) -> "Column":
    name, direction = part.split()
    return F.col(name).desc() if direction == "DESC" else F.col(name).asc()


def _with_raw(frame: "DataFrame", landing: Contract) -> "DataFrame":
    """Rows that parsed but break a rule are kept as the JSON of their values."""
    values = [F.col(row_name(c.name)).alias(c.name) for c in landing.columns]
    raw = F.when(F.col("reason").isNotNull(), F.coalesce(F.col("raw"), kept_text(values)))
    return frame.withColumn("raw", raw)


def kept_text(values: "Sequence[Column]") -> "Column":
    """The values of a parsed row as one JSON object, including its unread fields; truncated."""
    as_json = F.to_json(F.struct(*values))
    whole = F.filter("unread", lambda one: one.endswith("}"))  # the others were truncated
    inner = F.transform(whole, lambda one: F.substr(one, F.lit(2), F.length(one) - 2))
    start = F.left(as_json, F.length(as_json) - 1)
    joined = F.concat(start, F.lit(","), F.array_join(inner, ","), F.lit("}"))
    return F.left(F.when(F.size(whole) > 0, joined).otherwise(as_json), F.lit(MAX_RAW_CHARS))


def _cleaned(
    frame: "DataFrame", table: Contract, landing: Contract, parameters: Mapping[str, object]
) -> "DataFrame":
    """Texts without control characters, trimmed and truncated.

    Missing lists empty. ``cut`` counts truncated texts.
    """
    cleaned = {c.name: F.col(c.name) for c in table.data_columns}
    cut = F.lit(0)
    for name, cap in table.extensions.texts.items():
        text = F.trim(F.regexp_replace(name, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", " "))
        limit = F.lit(parameters[cap])
        cleaned[name] = F.nullif(F.left(text, limit), F.lit(""))
        cut = cut + F.when(F.length(text) > limit, 1).otherwise(0)
    required = {c.name for c in table.data_columns if c.required}
    for column in landing.columns:
        if column.type == "array<string>" and column.name in required and not column.required:
            cleaned[column.name] = F.coalesce(column.name, F.array().cast("array<string>"))
    marks = [F.col(name) for name in MARKS.names if name not in cleaned]
    return frame.select(*[value.alias(name) for name, value in cleaned.items()], *marks, cut.alias("cut"))
