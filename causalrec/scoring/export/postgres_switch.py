"""Makes the views show the loaded tables, with no moment at which a reader finds less than a night.

A statement learns a table's partitions when it is planned, and reads ``published`` by the newer snapshot of
its execution. So a new partition is attached and committed first; then we wait for every transaction that
held a lock on the parent at that moment and may have planned without it; only then do the views switch.
"""

import time
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, LiteralString

from causalrec.scoring.export.night import Night, NightTable
from causalrec.scoring.export.postgres_text import identifiers

if TYPE_CHECKING:
    from psycopg import Connection

POLL_SECONDS = 0.02
HOLDERS: LiteralString = (
    "SELECT DISTINCT l.virtualtransaction FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
    "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_database d ON d.oid = l.database "
    "WHERE d.datname = current_database() AND n.nspname = %s AND c.relname = ANY(%s) "
    "AND l.pid <> pg_backend_pid()"
)


def switch(connection: "Connection", schema: str, night: Night, loaded: Set[str], seconds: float) -> None:
    """Attaches all loaded tables as partitions, then switches all views in one transaction.

    Args:
        loaded: names of the loaded tables that are not partitions yet.
        seconds: longest wait for earlier readers. A transaction that idles for longer has run its statements,
            so the views switch then.
    """
    fresh = [table for table in night.tables if table.name in loaded]
    with connection.transaction():
        for table in fresh:
            _attach(connection, schema, table, night)
    if fresh:
        _wait_for_readers(connection, schema, fresh, seconds)
    with connection.transaction():
        for table in night.tables:
            names = identifiers(schema, table)
            connection.execute(
                names(
                    "INSERT INTO {schema}.published AS p (table_name, night, ds, rows) "
                    "VALUES (%s, %s, %s, %s) ON CONFLICT (table_name) DO UPDATE SET "
                    "night = excluded.night, ds = excluded.ds, "
                    "rows = excluded.rows, switched_at = now() WHERE p.night <> excluded.night"
                ),
                [table.name, table.night, night.ds, table.rows],
            )


def _attach(connection: "Connection", schema: str, table: NightTable, night: Night) -> None:
    names = identifiers(schema, table)
    attach = "ALTER TABLE {schema}.{parent} ATTACH PARTITION {schema}.{partition} FOR VALUES IN ({night})"
    connection.execute(names(attach))
    connection.execute(
        names("INSERT INTO {schema}.nights (table_name, night, ds, rows) VALUES (%s, %s, %s, %s)"),
        [table.name, table.night, night.ds, table.rows],
    )


def _wait_for_readers(
    connection: "Connection", schema: str, tables: Iterable[NightTable], seconds: float
) -> None:
    parents = [f"{table.name}_nights" for table in tables]
    end = time.monotonic() + seconds
    left = earlier = _holders(connection, schema, parents)
    while left and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        left = earlier & _holders(connection, schema, parents)


def _holders(connection: "Connection", schema: str, parents: list[str]) -> set[str]:
    return {str(transaction) for (transaction,) in connection.execute(HOLDERS, [schema, parents]).fetchall()}
