"""Removes rows from every night that PostgreSQL still stores."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, LiteralString

from causalrec.scoring.export.erase_parquet import Named
from causalrec.scoring.export.night import KEYS
from causalrec.scoring.export.postgres_load import stray_tables
from causalrec.scoring.export.postgres_tables import columns

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

RECOUNT: LiteralString = (
    "UPDATE {schema}.{control} AS c SET rows = "
    "(SELECT count(*) FROM {schema}.{parent} AS p WHERE p.night = c.night) WHERE c.table_name = {name}"
)


def count_rows(connection: "Connection", schema: str, named: Named) -> int:
    """Number of rows to delete, in all nights."""
    total = 0
    for table, column in _places(connection, schema, named):
        statement = _filled(
            "SELECT count(*) FROM {schema}.{parent} WHERE {column} = ANY(%s)", schema, table, column
        )
        row = connection.execute(statement, [list(named[column])]).fetchone()
        total += 0 if row is None else int(row[0])
    return total


def erase_rows(connection: "Connection", schema: str, named: Named) -> None:
    """Deletes them and vacuums, so that their bytes go as well.

    One transaction deletes the rows and updates the counts that the next export compares. Leftovers of a
    killed export are dropped.
    """
    touched = set()
    stray_tables(connection, schema)
    with connection.transaction():
        for table, column in _places(connection, schema, named):
            delete = _filled("DELETE FROM {schema}.{parent} WHERE {column} = ANY(%s)", schema, table, column)
            connection.execute(delete, [list(named[column])])
            touched.add(table)
        for table in sorted(touched):
            for control in ("nights", "published"):
                connection.execute(_filled(RECOUNT, schema, table, control=control))
    for table in sorted(touched):
        connection.execute(_filled("VACUUM {schema}.{parent}", schema, table))


def _places(connection: "Connection", schema: str, named: Named) -> Iterator[tuple[str, str]]:
    """Existing tables and columns; a schema without an export has none."""
    for table in KEYS:
        for column in columns(connection, schema, f"{table}_nights"):
            if column in named:
                yield table, column


def _filled(
    statement: LiteralString, schema: str, table: str, column: str = "", control: str = ""
) -> "Composed":
    from psycopg import sql

    return sql.SQL(statement).format(
        schema=sql.Identifier(schema),
        parent=sql.Identifier(f"{table}_nights"),
        name=sql.Literal(table),
        column=sql.Identifier(column or "-"),
        control=sql.Identifier(control or "-"),
    )
