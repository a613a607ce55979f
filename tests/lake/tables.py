"""Small tables for the tests of the lake: every column type that contracts use."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from causalrec.contracts.extensions import Before
from causalrec.lake import LakeTable

UTC_MICROS = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class TinyContract:
    """What the lake needs to know of a table."""

    name: str
    partition_by: tuple[str, ...]
    write: str
    arrow_schema: pa.Schema
    volume_gate: bool = False
    retention_days: int = 30
    added: Mapping[str, Before] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    user_ids: tuple[str, ...] = ()
    user_texts: tuple[str, ...] = ()
    user_notes: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)


SALES = TinyContract(
    "sales",
    ("ds",),
    "replace",
    pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("n", pa.int64()),
            pa.field("price", pa.float64()),
            pa.field("ok", pa.bool_()),
            pa.field("at", UTC_MICROS),
            pa.field("tags", pa.list_(pa.string())),
            pa.field("vector", pa.list_(pa.float32())),
            pa.field("ds", pa.date32(), nullable=False),
        ]
    ),
    volume_gate=True,
)
LOG = TinyContract(
    "log",
    ("source",),
    "append",
    pa.schema(
        [pa.field("line", pa.string(), nullable=False), pa.field("source", pa.string(), nullable=False)]
    ),
)
TWO_KEYS = TinyContract(
    "two_keys",
    ("kind", "ds"),
    "replace",
    pa.schema([pa.field("n", pa.int64()), pa.field("kind", pa.string()), pa.field("ds", pa.date32())]),
)
VISITS = TinyContract(
    "visits",
    ("ds",),
    "replace",
    pa.schema([("user_id", pa.string()), ("n", pa.int64()), ("raw", pa.string()), ("ds", pa.date32())]),
    user_ids=("user_id",),
    user_texts=("raw",),
)
CONTRACTS = {contract.name: contract for contract in (SALES, LOG, TWO_KEYS, VISITS)}


def rows(*ids: str, **columns: list[object]) -> pa.Table:
    """Sales rows without their partition column; unnamed columns are null."""
    names = [name for name in SALES.arrow_schema.names if name != "ds"]
    data = {name: columns.get(name, [None] * len(ids)) for name in names} | {"id": list(ids)}
    schema = pa.schema([SALES.arrow_schema.field(name) for name in names])
    return pa.table(data, schema=schema)


def ids(table: LakeTable, version: int | None = None, **where: str) -> list[str]:
    """Sorted ids of the stored rows."""
    chosen = {key: [value] for key, value in where.items()} or None
    return sorted(table.read(chosen, ["id"], version).column("id").to_pylist())
