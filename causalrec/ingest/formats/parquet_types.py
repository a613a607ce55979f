"""Types of Parquet columns that other software writes for texts, as the plain types that are read."""

from typing import cast

import pyarrow as pa


def is_text(found: pa.DataType) -> bool:
    """Whether values are texts or bytes, whose length nothing bounds."""
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(judge(found) for judge in texts) or is_bytes(found)


def is_bytes(found: pa.DataType) -> bool:
    """Whether a file does not say that these bytes are texts, as older writers leave it out."""
    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    return any(judge(found) for judge in kinds) or bool(pa.types.is_fixed_size_binary(found))


def plain_type(found: pa.DataType) -> pa.DataType:
    """The type without views; an extension such as a UUID is text."""
    if isinstance(found, pa.BaseExtensionType):
        return pa.string()
    if pa.types.is_string_view(found):
        return pa.string()
    if is_bytes(found):
        return pa.binary()
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        make = pa.list_ if pa.types.is_list(found) else pa.large_list
        return make(plain_type(found.value_type))
    if pa.types.is_struct(found):
        return pa.struct([pa.field(one.name, plain_type(one.type)) for one in found])
    return found


def plain(column: pa.Array) -> pa.Array:
    """The column in its plain type; those that are still dictionary-encoded are plain already."""
    target = plain_type(column.type)
    if column.type == target or pa.types.is_dictionary(column.type):
        return column
    if isinstance(column.type, pa.BaseExtensionType):
        return pa.array([None if one is None else str(one) for one in column.to_pylist()], target)
    return cast(pa.Array, column.cast(target))
