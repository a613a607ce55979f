"""The tables and views of the schema: created on the first night, widened when a contract gains a column."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from causalrec.errors import ExportError
from causalrec.scoring.export.night import NightTable
from causalrec.scoring.export.postgres_text import identifiers, sql_type

if TYPE_CHECKING:
    from psycopg import Connection

NIGHT = "night"


def prepare(connection: "Connection", schema: str, tables: Iterable[NightTable]) -> None:
    """Creates what is missing; existing objects are left alone, so that no reader ever waits.

    Raises:
        ExportError: the type of a column differs from the contract's.
    """
    with connection.transaction():
        _control(connection, schema)
        for table in tables:
            names = identifiers(schema, table)
            parent = "CREATE TABLE IF NOT EXISTS {schema}.{parent} (night text NOT NULL) "
            connection.execute(names(parent + "PARTITION BY LIST (night)"))
            added = _add_columns(connection, schema, table)
            if added or not _exists(connection, schema, table.name):
                _view(connection, schema, table)


def _control(connection: "Connection", schema: str) -> None:
    from psycopg import sql

    if _exists(connection, schema, "nights"):
        return
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
    connection.execute(
        sql.SQL(
            "CREATE TABLE {}.published (table_name text PRIMARY KEY, night text NOT NULL, ds date NOT NULL, "
            "rows bigint NOT NULL, switched_at timestamptz NOT NULL DEFAULT now())"
        ).format(name)
    )
    connection.execute(
        sql.SQL(
            "CREATE TABLE {}.nights (table_name text, night text, ds date NOT NULL, rows bigint NOT NULL, "
            "loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (table_name, night))"
        ).format(name)
    )


def _exists(connection: "Connection", schema: str, table: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = %s",
        [schema, table],
    )
    return found.fetchone() is not None


def columns(connection: "Connection", schema: str, table: str) -> dict[str, str]:
    """Column name -> type, in stored order."""
    found = connection.execute(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c "
        "ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s "
        "AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        [schema, table],
    )
    return {str(name): str(kind) for name, kind in found.fetchall()}


def _add_columns(connection: "Connection", schema: str, table: NightTable) -> bool:
    from psycopg import sql

    stored, parent = columns(connection, schema, f"{table.name}_nights"), f"{table.name}_nights"
    missing = []
    for field in table.schema:
        kind = sql_type(field)
        if field.name not in stored:
            missing.append(sql.SQL("ADD COLUMN {} {}").format(sql.Identifier(field.name), kind))
        elif stored[field.name] != kind.as_string(connection):
            raise ExportError(
                f"postgres: {schema}.{parent}.{field.name} is {stored[field.name]}, the contract says "
                f"{kind.as_string(connection)}",
                do="name another schema in export.postgres.schema_name, move readers there, drop the old one",
            )
    if missing:
        statement = sql.SQL("ALTER TABLE {}.{} {}").format(
            sql.Identifier(schema), sql.Identifier(parent), sql.SQL(", ").join(missing)
        )
        connection.execute(statement)
    return bool(missing)


def _view(connection: "Connection", schema: str, table: NightTable) -> None:
    """The view, with columns in stored order, so that a wider contract only appends to it."""
    from psycopg import sql

    stored = columns(connection, schema, f"{table.name}_nights")
    chosen = sql.SQL(", ").join(sql.Identifier(name) for name in stored if name != NIGHT)
    statement = sql.SQL(
        "CREATE OR REPLACE VIEW {schema}.{table} AS SELECT {columns} FROM {schema}.{parent} "
        "WHERE night = (SELECT p.night FROM {schema}.published p WHERE p.table_name = {name})"
    ).format(
        schema=sql.Identifier(schema),
        table=sql.Identifier(table.name),
        parent=sql.Identifier(f"{table.name}_nights"),
        columns=chosen,
        name=sql.Literal(table.name),
    )
    connection.execute(statement)
