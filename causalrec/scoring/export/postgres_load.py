"""Loads one night into its own table by COPY, and removes nights that are no longer kept."""

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, LiteralString

import pyarrow as pa
import pyarrow.csv as pc

from causalrec.errors import ExportError
from causalrec.scoring.export.night import KEYS, NightTable
from causalrec.scoring.export.outcome import RowsDone
from causalrec.scoring.export.postgres_text import identifiers, partition_name
from causalrec.scoring.export.postgres_vectors import index_vectors, with_texts

if TYPE_CHECKING:
    from psycopg import Connection

STRAY: LiteralString = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s "
    "AND c.relkind = 'r' AND NOT c.relispartition "
    "AND c.relname ~ %s"
)
STRAY_NAME = f"^({'|'.join(KEYS)})_n[0-9]{{8}}_[0-9a-f]+$"
FORGET: LiteralString = (
    "DELETE FROM {schema}.nights WHERE NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relispartition AND c.relname = "
    "table_name || '_n' || translate(replace(night, '-', ''), '.', '_'))"
)


def load(
    connection: "Connection", schema: str, table: NightTable, batch_rows: int, progress: RowsDone
) -> None:
    """Fills a staging table that no reader sees, indexes it, and counts its rows.

    Raises:
        ExportError: the number of rows on the server differs from what was sent.
    """
    from psycopg import sql

    names = identifiers(schema, table)
    with connection.transaction():
        connection.execute(names("CREATE TABLE {schema}.{partition} (LIKE {schema}.{parent})"))
        # the default fills the column; the check lets ATTACH skip its scan
        fixed = "ALTER TABLE {schema}.{partition} ALTER night SET DEFAULT {night}, "
        connection.execute(names(fixed + "ADD CHECK (night = {night})"))
        chosen = sql.SQL(", ").join(sql.Identifier(name) for name in table.schema.names)
        copy = names("COPY {schema}.{partition} ") + sql.SQL("({}) FROM STDIN (FORMAT csv)").format(chosen)
        with connection.cursor().copy(copy) as stream:
            for batch in table.batches(batch_rows, table.schema.names):
                stream.write(_as_csv(with_texts(batch)))
                progress(f"postgres {table.name}", batch.num_rows)
        named = sql.SQL(", ").join(sql.Identifier(name) for name in table.primary_key)
        key = names("ALTER TABLE {schema}.{partition} ADD PRIMARY KEY (") + named + sql.SQL(")")
        connection.execute(key)
        row = connection.execute(names("SELECT count(*) FROM {schema}.{partition}")).fetchone()
        if row is None or row[0] != table.rows:
            raise ExportError(
                f"postgres: {0 if row is None else row[0]:,} of {table.rows:,} rows of {table.name} arrived",
                do="repeat the export; what was served before stays",
            )
        index_vectors(connection, schema, table)
    connection.execute(names("ANALYZE {schema}.{partition}"))


def _as_csv(batch: pa.RecordBatch) -> bytes:
    """Texts are quoted and nulls are not: that is how COPY tells an empty text from a null."""
    target = io.BytesIO()
    pc.write_csv(batch, target, pc.WriteOptions(include_header=False))
    return target.getvalue()


def stray_tables(connection: "Connection", schema: str) -> None:
    """Drops nights that a killed export never showed or had just detached. Requires the schema's lock."""
    from psycopg import sql

    for (name,) in connection.execute(STRAY, [schema, STRAY_NAME]).fetchall():
        statement = sql.SQL("DROP TABLE {}.{}").format(sql.Identifier(schema), sql.Identifier(name))
        connection.execute(statement)
    connection.execute(sql.SQL(FORGET).format(schema=sql.Identifier(schema)), [schema])


def remove_old(connection: "Connection", schema: str, tables: Iterable[NightTable], keep: int) -> None:
    """Drops all but the ``keep`` nights that were loaded last and the one that is shown.

    A reader that still uses an old night delays its removal to the next export, and nothing else.
    """
    import psycopg

    for table in tables:
        for night in _outdated(connection, schema, table, keep):
            gone = NightTable(table.name, table.key, night, 0, table.snapshot, ())
            try:
                _drop(connection, schema, gone)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
                continue


def _outdated(connection: "Connection", schema: str, table: NightTable, keep: int) -> list[str]:
    names = identifiers(schema, table)
    found = connection.execute(
        names("SELECT night FROM {schema}.nights WHERE table_name = %s ORDER BY loaded_at DESC"), [table.name]
    )
    nights = [str(night) for (night,) in found.fetchall() if night != table.night]
    return nights[keep - 1 :]


def _drop(connection: "Connection", schema: str, table: NightTable) -> None:
    """Detach without a lock that readers would wait for, then drop."""
    names = identifiers(schema, table)
    pending = connection.execute(
        "SELECT i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
        [schema, partition_name(table)],
    ).fetchone()
    if pending is not None:
        detach = "ALTER TABLE {schema}.{parent} DETACH PARTITION {schema}.{partition} "
        connection.execute(names(detach + "FINALIZE") if pending[0] else names(detach + "CONCURRENTLY"))
    with connection.transaction():
        connection.execute(names("DROP TABLE IF EXISTS {schema}.{partition}"))
        connection.execute(
            names("DELETE FROM {schema}.nights WHERE table_name = %s AND night = %s"),
            [table.name, table.night],
        )
