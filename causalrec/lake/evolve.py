"""Columns added to a contract: what they read as in rows written before.

Optional columns read as null. A required one needs an entry in the contract (``added`` in schemas/NAME.yaml):
a value, or the column whose value it takes. Files are never rewritten for it, so old pins stay valid.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.contracts.extensions import Before

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Added: TypeAlias = Mapping[str, Before]
"""Required column -> what older rows read as."""


def with_sources(columns: Sequence[str], added: Added) -> list[str]:
    """``columns``, followed by the columns that they may take their values from."""
    sources = [added[name].column for name in columns if name in added]
    return list(dict.fromkeys([*columns, *(name for name in sources if name)]))


def filled(rows: pa.Table, added: Added) -> pa.Table:
    """``rows`` with the added columns filled; rows written with such a column have no nulls in it."""
    for name in set(rows.column_names) & set(added):
        column, field = rows[name], rows.schema.field(name)
        if column.null_count:
            source = added[name].column
            other = rows[source].cast(field.type) if source else pa.scalar(added[name].value, field.type)
            column = pc.coalesce(column, other)
        place = rows.column_names.index(name)
        rows = rows.set_column(place, field.with_nullable(False), column)
    return rows


def filled_frame(frame: "DataFrame", added: Added) -> "DataFrame":
    """The same for a Spark frame."""
    from pyspark.sql import functions as F

    types = dict(frame.dtypes)
    for name in set(frame.columns) & set(added):
        source = added[name].column
        other = F.col(source) if source else F.lit(added[name].value)
        frame = frame.withColumn(name, F.coalesce(name, other.cast(types[name])))
    return frame


def optional(schema: pa.Schema, added: Added) -> pa.Schema:
    """The schema as stored: in old files an added column may be missing, and then reads as null."""
    return pa.schema([field.with_nullable(field.nullable or field.name in added) for field in schema])
