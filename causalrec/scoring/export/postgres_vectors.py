"""Columns of vectors in PostgreSQL: the extension pgvector, its type, its index, its text.

Columns have no declared length, since the next model may have another; the index of a night has that night's.
"""

from typing import TYPE_CHECKING, LiteralString

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.errors import ExportError
from causalrec.scoring.export.night import Night, NightTable
from causalrec.scoring.export.postgres_text import identifiers

if TYPE_CHECKING:
    from psycopg import Connection

LONGEST = 2_000  # numbers of a vector that pgvector can index
SEARCHED = "item_vectors"  # table that is searched by vector; the other is read by key
VISIBLE: LiteralString = (
    "SELECT set_config('search_path', current_setting('search_path') || ', ' || quote_ident(n.nspname), "
    "false) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'"
)
LENGTHS: LiteralString = (
    "SELECT coalesce(min(vector_dims(vector)), 0), coalesce(max(vector_dims(vector)), 0) "
    "FROM {schema}.{partition}"
)


def is_vector(field: pa.Field) -> bool:
    """Whether a column holds vectors."""
    return bool(pa.types.is_list(field.type) and pa.types.is_floating(field.type.value_type))


def need_pgvector(connection: "Connection", night: Night) -> None:
    """Creates the extension where a table needs it, and makes its type visible to the session.

    Raises:
        ExportError: the server does not have it, or this user may not create it.
    """
    import psycopg

    if not any(is_vector(field) for table in night.tables for field in table.schema):
        return
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.Error as error:
        raise ExportError(
            f"postgres: vectors need the extension pgvector: {' '.join(str(error).split())}",
            do="install it on the server (Debian: postgresql-NN-pgvector) and let an administrator run "
            "CREATE EXTENSION vector; or set export.vectors = false",
        ) from error
    connection.execute(VISIBLE)


def index_vectors(connection: "Connection", schema: str, table: NightTable) -> None:
    """An HNSW index by inner product over one loaded night; none for vectors that are too long for one.

    Raises:
        ExportError: the vectors of a night differ in length.
    """
    from psycopg import sql

    if table.name != SEARCHED:
        return
    names = identifiers(schema, table)
    shortest, longest = connection.execute(names(LENGTHS)).fetchone() or (0, 0)
    if shortest != longest:
        raise ExportError(
            f"postgres: vectors of {table.name} have {shortest} to {longest} numbers",
            do="run item_lists for this date again, then repeat",
        )
    if 0 < longest <= LONGEST:
        index = names("CREATE INDEX ON {schema}.{partition} USING hnsw ((vector::vector(")
        operators = sql.SQL(")) vector_ip_ops)")
        connection.execute(index + sql.Literal(longest) + operators)


def with_texts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with vectors as pgvector reads them, ``[1,0.5]``."""
    columns = [
        _texts(column) if is_vector(field) else column
        for field, column in zip(batch.schema, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _texts(vectors: pa.ListArray) -> pa.Array:
    numbers = pc.cast(vectors.flatten(), pa.string())
    lengths = vectors.value_lengths().to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, numbers), ",")
    return pc.binary_join_element_wise("[", joined, "]", "")
