"""Physical types of columns and their Arrow types."""

import pyarrow as pa

# Delta names the child of a list "element"; the same name here keeps schemas comparable.
ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "array<string>": pa.list_(pa.field("element", pa.string())),
    "array<float>": pa.list_(pa.field("element", pa.float32())),
}

LOGICAL_TYPES = {
    "string": "string",
    "boolean": "boolean",
    "int": "integer",
    "bigint": "integer",
    "float": "number",
    "double": "number",
    "date": "date",
    "timestamp": "timestamp",
    "array<string>": "array",
    "array<float>": "array",
}
