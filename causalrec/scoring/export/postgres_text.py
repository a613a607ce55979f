"""SQL names and types, composed by the driver, never by hand."""

from collections.abc import Callable
from typing import TYPE_CHECKING, LiteralString

import pyarrow as pa

from causalrec.errors import ExportError
from causalrec.scoring.export.night import NightTable

if TYPE_CHECKING:
    from psycopg import sql

TYPES: dict[pa.DataType, LiteralString] = {
    pa.string(): "text",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.float32(): "real",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us", "UTC"): "timestamptz",
    pa.list_(pa.field("element", pa.float32())): "vector",
}


def partition_name(table: NightTable) -> str:
    """Name of the table that holds one night."""
    return f"{table.name}_n{table.night.replace('-', '').replace('.', '_')}"


def identifiers(schema: str, table: NightTable) -> "Callable[[LiteralString], sql.Composed]":
    """Fills {schema}, {table}, {parent}, {partition}, {key} and {night} into a statement."""
    from psycopg import sql

    def fill(statement: LiteralString) -> sql.Composed:
        return sql.SQL(statement).format(
            schema=sql.Identifier(schema),
            table=sql.Identifier(table.name),
            parent=sql.Identifier(f"{table.name}_nights"),
            partition=sql.Identifier(partition_name(table)),
            key=sql.Identifier(table.key),
            night=sql.Literal(table.night),
        )

    return fill


def sql_type(field: pa.Field) -> "sql.SQL":
    """The column type of a field of a contract.

    Raises:
        ExportError: there is none.
    """
    from psycopg import sql

    if field.type not in TYPES:
        raise ExportError(f"postgres: no type for column {field.name} ({field.type})", do="add it to TYPES")
    return sql.SQL(TYPES[field.type])
