"""Table properties for other engines: what they must keep, and what the columns mean.

Only our own upkeep knows which versions live models are pinned to. Other engines follow the table's
properties: VACUUM deletes files that left the table longer ago than ``deletedFileRetentionDuration``, a
checkpoint drops log entries older than ``logRetentionDuration``. Both are a year here, and expired log
entries are not cleaned up. Upkeep itself follows the settings ``lake.vacuum_hours`` and ``lake.log_days``.
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
