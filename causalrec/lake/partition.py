"""Partition values: how a partition is named, matched and stored as a folder."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pyarrow as pa

from causalrec.errors import LakeError

Partition: TypeAlias = Mapping[str, str]
"""Partition column -> value as text; dates as ISO strings."""

Where: TypeAlias = Mapping[str, Sequence[str]]
"""Partition column -> accepted values as text."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]")


def render(partition: Partition) -> str:
    """``key=value/key=value``: the name of a partition in the ledger; empty if there is none."""
    return "/".join(f"{key}={value}" for key, value in partition.items())


def folder(partition: Partition) -> str:
    """Hive-style folder of a partition, escaped as by Spark (Spark unescapes only single bytes)."""
    return "/".join(f"{key}={_UNSAFE.sub(_escape, value)}" for key, value in partition.items())


def _escape(found: re.Match[str]) -> str:
    return f"%{ord(found.group()):02X}"


def normalise(
    partition: Partition, partition_by: Sequence[str], schema: pa.Schema, table: str
) -> dict[str, str]:
    """The partition in declared column order, its values in their canonical text.

    Raises:
        LakeError: a column is missing, unknown or empty, or its text is not a value of its type.
    """
    if set(partition) != set(partition_by):
        raise LakeError(
            f"{table}: partition {sorted(partition)} given, the table is partitioned by {list(partition_by)}",
            do="name exactly these columns",
        )
    return {
        key: text(value_of(partition[key], schema.field(key).type, f"{table}.{key}")) for key in partition_by
    }


def value_of(given: str, kind: pa.DataType, where: str) -> pa.Scalar:
    """A partition value parsed from text to its column type.

    Raises:
        LakeError: the text is empty or not a value of that type.
    """
    if not isinstance(given, str) or given == "":
        raise LakeError(
            f"{where}: partition value {given!r}", do="give a non-empty string (dates as YYYY-MM-DD)"
        )
    try:
        return pa.scalar(given, pa.string()).cast(kind)
    except pa.ArrowInvalid as error:
        raise LakeError(f"{where}: {given!r} is not a valid {kind}", do="dates are YYYY-MM-DD") from error


def text(value: pa.Scalar) -> str:
    """Canonical text of a partition value."""
    return str(value.as_py())


def matches(partition: Partition, where: Where | None) -> bool:
    """Whether a partition passes the filter."""
    return where is None or all(partition[key] in values for key, values in where.items())
