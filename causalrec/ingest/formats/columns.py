"""Applies a shop's layout to whole columns; what must be decided row by row is left to :mod:`.layout`."""

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.config.feed import Take
from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.ingest.formats.casts import absent, cast
from causalrec.ingest.formats.layout import Layout, day_start
from causalrec.ingest.formats.paths import root


@dataclass(frozen=True)
class Mapped:
    """Rows of a file in the columns of the landing contract.

    Attributes:
        columns: typed, in the order of the contract.
        doubtful: per row, whether it must be read on its own.
        left_out: per row, why the layout filters it out; null if it does not.
    """

    columns: list[pa.Array]
    doubtful: pa.Array
    left_out: pa.Array


def mapped(
    rows: pa.RecordBatch, landing: Contract, layout: Layout, arrival: dt.date, blank_is_none: bool = False
) -> Mapped | None:
    """The rows of a batch in our columns; None if that is decided row by row.

    Args:
        rows: columns under the names that the layout uses.
        blank_is_none: an empty text means no value, as in CSV.
    """
    paths = {*layout.paths(landing), *layout.feed.only} - set(rows.schema.names)
    feed, takes = layout.feed, layout.feed.columns
    others = any(one.otherwise for one in takes.values())
    if feed.explode or feed.fill_down.columns or others or any(root(path) != path for path in paths):
        return None
    left_out, unsure = _left_out(rows, layout)
    doubtful, columns = pc.and_(unsure, pc.is_null(left_out)), []
    for column in landing.columns:
        values, unclear = _taken(rows, column.name, layout, arrival)
        if pa.types.is_nested(values.type) and column.type == "string":
            unclear = pc.or_(unclear, pc.is_valid(values))  # lists are joined one by one
            values = pa.nulls(rows.num_rows)
        if blank_is_none and pa.types.is_string(values.type):
            values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
        found, wrong = cast(values, column.type, layout.notation)
        columns.append(found)
        doubtful = pc.or_(doubtful, pc.or_(unclear, wrong))
    return Mapped(columns, pc.and_(doubtful, pc.is_null(left_out)), left_out)


def _taken(rows: pa.RecordBatch, name: str, layout: Layout, arrival: dt.date) -> tuple[pa.Array, pa.Array]:
    """Values of one of our columns as in the file, and the doubtful rows."""
    take = layout.feed.columns.get(name, Take(column=name))
    sure = pa.repeat(pa.scalar(False), rows.num_rows)
    if take.value is not None:
        return pa.repeat(take.value, rows.num_rows), sure
    if take.arrival_date:
        start = day_start(arrival, layout.zone, layout.day_start_hour)
        return pa.repeat(pa.scalar(start, ARROW_TYPES["timestamp"]), rows.num_rows), sure
    if take.join:
        texts = [_part(rows, one, layout, arrival) for one in take.join]
        whole = pc.binary_join_element_wise(*[pc.if_else(pc.equal(t, ""), None, t) for t, _ in texts], ":")
        for _, unclear in texts:
            sure = pc.or_(sure, unclear)
        return whole, sure
    values = _column(rows, take.column, layout)
    if not take.values:
        return values, sure
    words, unclear = _texts(values)
    if "" in take.values:
        words = pc.fill_null(words, "")
    at = pc.index_in(words, value_set=pa.array(list(take.values)))
    ours = pa.array(list(take.values.values()), pa.string()).take(at)
    if pa.types.is_integer(values.type):  # a value that is not mapped stays a number
        return ours, pc.or_(unclear, pc.and_(pc.is_valid(values), pc.is_null(at)))
    return pc.coalesce(ours, pc.if_else(pc.is_valid(values), words, pa.scalar(None, pa.string()))), unclear


def _part(rows: pa.RecordBatch, name: str, layout: Layout, arrival: dt.date) -> tuple[pa.Array, pa.Array]:
    """A part of a join, as text: a column of the file, or one of ours where a row has none."""
    found, unclear = _texts(_column(rows, name, layout))
    ours = layout.feed.columns.get(name)
    if ours is None or ours.join or not found.null_count:
        return found, unclear
    values, doubtful = _taken(rows, name, layout, arrival)
    texts, unsure = _texts(values)
    missing = pc.and_(pc.is_null(found), pc.or_(doubtful, unsure))
    return pc.coalesce(found, texts), pc.or_(unclear, missing)


def _left_out(rows: pa.RecordBatch, layout: Layout) -> tuple[pa.Array, pa.Array]:
    """Per row the reason why the layout filters it out, and the rows for which that is doubtful."""
    why = pa.nulls(rows.num_rows, pa.string())
    unsure = pa.repeat(pa.scalar(False), rows.num_rows)
    for name, wanted in layout.feed.only.items():
        words, unclear = _texts(_column(rows, name, layout))
        other = pc.invert(pc.is_in(pc.fill_null(words, ""), value_set=pa.array(wanted, pa.string())))
        other = pc.and_(other, pc.invert(unclear))
        why = pc.coalesce(why, pc.if_else(other, f"{name} is another one", pa.scalar(None, pa.string())))
        unsure = pc.or_(unsure, unclear)
    for name in layout.feed.filled:
        empty, unclear = _empty(_column(rows, name, layout))
        why = pc.coalesce(why, pc.if_else(empty, f"{name} is empty", pa.scalar(None, pa.string())))
        unsure = pc.or_(unsure, unclear)
    return pc.if_else(unsure, pa.scalar(None, pa.string()), why), unsure


def _empty(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    missing = pc.is_null(values)
    if pa.types.is_nested(values.type):
        return missing, pc.invert(missing)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        missing = pc.fill_null(absent(values), True)
    return missing, pa.repeat(pa.scalar(False), len(values))


def _texts(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Values as written, null if missing; all but texts and integers are doubtful."""
    kind = values.type
    sure = pa.repeat(pa.scalar(False), len(values))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return values.cast(pa.string()), sure
    if pa.types.is_integer(kind):
        return values.cast(pa.string()), sure
    return pa.nulls(len(values), pa.string()), pc.is_valid(values)


def _column(rows: pa.RecordBatch, name: str, layout: Layout) -> pa.Array:
    values = rows[name] if name in rows.schema.names else pa.nulls(rows.num_rows)
    given = layout.given.get(name)
    if given is None:
        return values
    if pa.types.is_null(values.type):
        return pa.repeat(given, rows.num_rows)
    if not pa.types.is_string(values.type):
        return values
    return pc.if_else(pc.fill_null(pc.equal(values, ""), True), pa.scalar(given), values)
