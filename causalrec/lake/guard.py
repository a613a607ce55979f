"""Guards for rows that enter a table: declared columns only, no silent cast, no NaN, no forbidden null."""

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.errors import ContractError, LakeError
from causalrec.lake.partition import Partition, value_of

_DO = "make the producer deliver what schemas/{table}.yaml declares, or change the contract"


def check_columns(found: pa.Schema, declared: pa.Schema, optional: frozenset[str], table: str) -> None:
    """Raise if names or types differ from the contract; ``optional`` columns may be missing.

    Raises:
        ContractError: naming column, expected and found.
    """
    do = _DO.format(table=table)
    for field in declared:
        if field.name not in found.names:
            if field.name in optional:
                continue
            raise ContractError(
                f"{table}: column {field.name} ({field.type}) is missing, found {found.names}", do=do
            )
        kind = found.field(field.name).type
        if not _exact(kind, field.type):
            raise ContractError(f"{table}.{field.name}: expected {field.type}, found {kind}", do=do)
    for name in found.names:
        if name not in declared.names:
            raise ContractError(f"{table}: column {name} is not declared, expected {declared.names}", do=do)


def conform(data: pa.Table, declared: pa.Schema, table: str, partition: Partition | None = None) -> pa.Table:
    """``data`` with the declared columns, order and types, once every guard has passed.

    If ``partition`` is given, its columns may be missing (they are filled in); if present, they must hold its
    values.

    Raises:
        ContractError: a column is missing, unknown or re-typed, or holds nulls or NaN that the contract
            forbids.
        LakeError: a row lies outside ``partition``.
    """
    given = partition or {}
    check_columns(data.schema, declared, frozenset(given), table)
    columns = []
    for field in declared:
        if field.name not in data.column_names:
            value = value_of(given[field.name], field.type, f"{table}.{field.name}")
            columns.append(pa.chunked_array([pa.repeat(value, data.num_rows)], field.type))
            continue
        columns.append(_column(data.column(field.name), field, table))
    result = pa.Table.from_arrays(columns, schema=declared)
    for name, text in given.items():
        _inside(result.column(name), value_of(text, declared.field(name).type, name), table, name)
    return result


def _column(column: pa.ChunkedArray, field: pa.Field, table: str) -> pa.ChunkedArray:
    do = _DO.format(table=table)
    if column.null_count and not field.nullable:
        raise ContractError(
            f"{table}.{field.name}: {column.null_count} of {len(column)} values are null, none allowed", do=do
        )
    try:
        cast = column.cast(field.type)
    except pa.ArrowInvalid as error:
        raise ContractError(
            f"{table}.{field.name}: a {column.type} does not fit {field.type}: {error}", do=do
        ) from error
    bad = _not_finite(cast)
    if bad:
        raise ContractError(
            f"{table}.{field.name}: {bad} values are NaN or infinite", do=f"write null instead; {do}"
        )
    return cast


def _exact(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether a checked cast to ``wanted`` keeps every value of ``found`` exactly or fails."""
    if found.equals(wanted) or pa.types.is_null(found):
        return True
    if pa.types.is_dictionary(found):
        return _exact(found.value_type, wanted)
    if _is_list(found) and _is_list(wanted):
        return _exact(found.value_type, wanted.value_type)
    if pa.types.is_timestamp(found) and pa.types.is_timestamp(wanted):
        return (found.tz is None) == (wanted.tz is None)
    if pa.types.is_floating(wanted):
        narrower = pa.types.is_floating(found) and found.bit_width <= wanted.bit_width
        return bool(narrower or pa.types.is_integer(found))
    same = (
        (pa.types.is_integer, pa.types.is_integer),
        (_is_text, _is_text),
        (pa.types.is_date, pa.types.is_date),
    )
    return any(left(found) and right(wanted) for left, right in same)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _not_finite(column: pa.ChunkedArray) -> int:
    kind = column.type
    if _is_list(kind):
        return sum(_not_finite(pa.chunked_array([chunk.flatten()])) for chunk in column.chunks)
    if not pa.types.is_floating(kind):
        return 0
    return int(pc.sum(pc.invert(pc.is_finite(column))).as_py() or 0)


def _inside(column: pa.ChunkedArray, value: pa.Scalar, table: str, name: str) -> None:
    inside = int(pc.sum(pc.equal(column, value)).as_py() or 0)
    if inside != len(column):
        outside = pc.unique(column.filter(pc.fill_null(pc.not_equal(column, value), True))).slice(0, 3)
        raise LakeError(
            f"{table}: {len(column) - inside} of {len(column)} rows lie outside {name}={value.as_py()} "
            f"(found {[str(other) for other in outside.to_pylist()]})",
            do="filter or quarantine them before the write; nothing was written",
        )
