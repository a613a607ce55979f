"""What other engines are told about a table: what they must keep, and what its columns mean.

Only our own upkeep knows which versions live models are pinned to. Other engines go by the properties of the
table: a VACUUM takes what left the table longer ago than ``deletedFileRetentionDuration``, a checkpoint drops
the log beyond ``logRetentionDuration``. Both are a year here, and expired log is not cleaned. Upkeep itself
goes by the settings ``lake.vacuum_hours`` and ``lake.log_days``.
"""

from collections.abc import Mapping

import pyarrow as pa
from deltalake import Schema

A_YEAR = "interval 365 days"
PROPERTIES: Mapping[str, str] = {
    "delta.logRetentionDuration": A_YEAR,
    "delta.deletedFileRetentionDuration": A_YEAR,
    "delta.enableExpiredLogCleanup": "false",
}
COMMENT = "comment"  # key of a column's metadata, by the Delta protocol


def described(schema: pa.Schema, descriptions: Mapping[str, str]) -> Schema:
    """The schema as a table stores it, each column with its description."""
    told = [
        field.with_metadata({COMMENT: descriptions[field.name]}) if field.name in descriptions else field
        for field in schema
    ]
    return Schema.from_arrow(pa.schema(told))
