"""PostgreSQL: each night is loaded next to the served one; one row says which night the views show.

Readers query the views ``SCHEMA.recommendations``, ``.similar_items``, ``.popular_items``, and one of every
other table. A view shows the rows of the night that ``SCHEMA.published`` names, so a switch is an UPDATE: no
reader waits, and a statement (or a REPEATABLE READ transaction, over all views) sees one whole night.
Renaming tables would not achieve that: to an older snapshot, a table that was filled later is empty. Grants
on a view survive every night.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from causalrec.config.export import PostgresSettings
from causalrec.errors import ConflictError, ExportError
from causalrec.scoring.export.night import Night, NightTable
from causalrec.scoring.export.outcome import Exported, RowsDone, State, silent
from causalrec.scoring.export.postgres_load import load, remove_old, stray_tables
from causalrec.scoring.export.postgres_switch import switch
from causalrec.scoring.export.postgres_tables import prepare
from causalrec.scoring.export.postgres_text import identifiers, partition_name
from causalrec.scoring.export.postgres_vectors import need_pgvector

if TYPE_CHECKING:
    from psycopg import Connection

CONNECT_SECONDS = 10  # timeout for opening a connection, in seconds

INSTALL = "install it: uv sync --extra postgres"


def to_postgres(
    night: Night,
    settings: PostgresSettings,
    password: str | None,
    batch_rows: int,
    progress: RowsDone = silent,
) -> tuple[Exported, ...]:
    """Loads what the server does not have yet, then switches all views in one transaction.

    Raises:
        ExportError: no driver, no connection, or the server refuses; it keeps serving what it had.
        ConflictError: another export into the same schema is running.
    """
    try:
        import psycopg
    except ImportError as error:
        raise ExportError("postgres: the driver psycopg is not installed", do=INSTALL) from error
    try:
        with connected(settings, password) as connection, alone(connection, settings):
            return _export(connection, night, settings, batch_rows, progress)
    except (psycopg.Error, pa.ArrowException) as error:
        message = " ".join(str(error).split())
        raise ExportError(
            f"postgres: {message}",
            do=f"check the server, the rights and {settings.password_env}, then repeat",
        ) from error


@contextmanager
def connected(settings: PostgresSettings, password: str | None) -> "Iterator[Connection]":
    import psycopg

    secret: dict[str, Any] = {} if password is None else {"password": password}
    with psycopg.connect(
        settings.url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name="causalrec export",
        **secret,
    ) as connection:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{settings.lock_seconds}s"])
        yield connection


@contextmanager
def alone(connection: "Connection", settings: PostgresSettings) -> Iterator[None]:
    """One export into a schema at a time.

    The lock is given back here: with the session the server releases it a moment after the client is gone,
    too late for an export that follows at once.
    """
    name = f"causalrec export {settings.schema_name}"
    row = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone()
    if row is None or not row[0]:
        raise ConflictError(
            f"postgres: another export into schema {settings.schema_name} is running", do="wait for it"
        )
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def _export(
    connection: "Connection", night: Night, settings: PostgresSettings, batch_rows: int, progress: RowsDone
) -> tuple[Exported, ...]:
    schema = settings.schema_name
    need_pgvector(connection, night)
    prepare(connection, schema, night.tables)
    stray_tables(connection, schema)
    states: dict[str, tuple[State, float]] = {}
    for table in night.tables:
        began = time.monotonic()
        state = _state(connection, schema, table)
        if state == "written":
            load(connection, schema, table, batch_rows, progress)
        states[table.name] = (state, time.monotonic() - began)
    fresh = {name for name, (state, _) in states.items() if state == "written"}
    switch(connection, schema, night, fresh, settings.lock_seconds)
    remove_old(connection, schema, night.tables, settings.keep)
    return tuple(_counted(connection, schema, table, *states[table.name]) for table in night.tables)


def _state(connection: "Connection", schema: str, table: NightTable) -> State:
    """Whether the server holds all of these rows, and shows them."""
    names = identifiers(schema, table)
    served = connection.execute(
        names("SELECT night FROM {schema}.published WHERE table_name = %s"), [table.name]
    ).fetchone()
    known = connection.execute(
        names("SELECT rows FROM {schema}.nights WHERE table_name = %s AND night = %s"),
        [table.name, table.night],
    ).fetchone()
    if known is None:
        return "written"
    held = connection.execute(names("SELECT count(*) FROM {schema}.{partition}")).fetchone()
    if held is None or held[0] != table.rows:
        raise ExportError(
            f"postgres: {schema}.{partition_name(table)} no longer holds its {table.rows:,} rows",
            do=f"it was changed by someone else: delete its row in {schema}.nights and drop it, then repeat",
        )
    return "up to date" if served is not None and served[0] == table.night else "switched back"


def _counted(
    connection: "Connection", schema: str, table: NightTable, state: State, seconds: float
) -> Exported:
    """Counts what readers now see.

    Raises:
        ExportError: the counts differ from what was sent.
    """
    count = identifiers(schema, table)("SELECT count(*), count(DISTINCT {key}) FROM {schema}.{table}")
    row = connection.execute(count).fetchone()
    rows, lists = (0, 0) if row is None else (int(row[0]), int(row[1]))
    if rows != table.rows:
        raise ExportError(
            f"postgres: {schema}.{table.name} shows {rows:,} rows, {table.rows:,} were sent",
            do="repeat the export",
        )
    return Exported("postgres", table.name, rows, lists, f"{schema}.{table.name}", state, seconds)
