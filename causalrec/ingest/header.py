"""File-level check of a delivery: new, missing, renamed or re-typed columns stop it before any row."""

from typing import Literal

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.errors import ContractError, SourceError
from causalrec.ingest.csvrows import csv_header

Format = Literal["json", "csv", "parquet"]


def file_format(name: str) -> Format:
    """Format of a landing file, by its name."""
    base = name.removesuffix(".gz")
    if base.endswith(".parquet"):
        return "parquet"
    return "csv" if base.endswith(".csv") else "json"


def check_header(file: str, landing: Contract) -> None:
    """Compare the columns of a Parquet or CSV file with the contract; JSON lines have no header.

    Raises:
        ContractError: names the column, what was expected and what was found.
        SourceError: the file cannot be opened.
    """
    kind = file_format(file)
    if kind == "json":
        return
    try:
        with fsspec.open(file, "rb", compression="infer" if kind == "csv" else None) as stream:
            if kind == "csv":
                _check_names(file, landing, csv_header(stream))
            else:
                _check_types(file, landing, pq.read_schema(stream))
    except (OSError, EOFError, ValueError) as error:
        raise SourceError(
            f"{file} cannot be read: {type(error).__name__}: {error}"[:500], do="deliver the file again"
        ) from error


def _check_types(file: str, landing: Contract, schema: pa.Schema) -> None:
    _check_names(file, landing, schema.names)
    for column in landing.columns:
        if column.name in schema.names:
            found = schema.field(column.name).type
            if not _fits(found, ARROW_TYPES[column.type]):
                raise _broken(file, f"column {column.name}: expected {column.type}, found {found}", landing)


def _check_names(file: str, landing: Contract, found: list[str]) -> None:
    if not found:
        return  # an empty file: the gate counts its rows
    expected = landing.column_names
    unknown = [name for name in found if name not in expected]
    missing = [c.name for c in landing.columns if c.required and c.name not in found]
    if missing:
        hint = f", found {', '.join(unknown)} instead" if unknown else f", found only {', '.join(found)}"
        raise _broken(file, f"column {missing[0]}: expected, but missing{hint}", landing)
    if unknown:
        raise _broken(
            file, f"column {unknown[0]}: not expected (expected are {', '.join(expected)})", landing
        )
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise _broken(file, f"column {twice[0]}: expected once, found {found.count(twice[0])} times", landing)


def _broken(file: str, what: str, landing: Contract) -> ContractError:
    return ContractError(f"{file}: {what}", do=f"deliver the columns of schemas/{landing.name}.yaml")


def _fits(found: pa.DataType, expected: pa.DataType) -> bool:
    """Whether values of ``found`` can be converted to ``expected`` without guessing."""
    if pa.types.is_null(found):
        return True
    if pa.types.is_dictionary(found):
        return _fits(found.value_type, expected)
    if pa.types.is_integer(expected) or pa.types.is_floating(expected):
        return bool(pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found))
    if pa.types.is_timestamp(expected) and pa.types.is_timestamp(found):
        return found.tz is not None
    if pa.types.is_boolean(expected) and pa.types.is_boolean(found):
        return True
    if pa.types.is_list(expected) and (pa.types.is_list(found) or pa.types.is_large_list(found)):
        return _is_text(found.value_type)
    return _is_text(found) or bool(pa.types.is_date(expected) and pa.types.is_date(found))


def _is_text(found: pa.DataType) -> bool:
    """Texts carry any type that has a written form: identifiers, ISO times and dates, lists with commas."""
    return bool(
        pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found)
    )
