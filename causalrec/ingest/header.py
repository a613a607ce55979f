"""File-level check of a delivery: new, missing, renamed or re-typed columns stop it before rows are read."""

import csv
from collections.abc import Mapping, Sequence

import pyarrow as pa

from causalrec.contracts import Contract
from causalrec.contracts.types import ARROW_TYPES
from causalrec.errors import ContractError, SourceError
from causalrec.ingest.alike import alike
from causalrec.ingest.formats.container import AGAIN, NotRead, named_compression, stranger
from causalrec.ingest.formats.csv_head import CsvHead
from causalrec.ingest.formats.csv_rows import RowTooLong, csv_head
from causalrec.ingest.formats.layout import AS_CONTRACT, Layout
from causalrec.ingest.formats.parquet_rows import ParquetHead, parquet_head
from causalrec.ingest.formats.parquet_types import is_text
from causalrec.ingest.formats.paths import root
from causalrec.ingest.formats.rows import DAMAGED
from causalrec.ingest.formats.shape import FileShape, opened

ROW_BYTES = 4_000_000
SHOWN = 8
INDEX = "__index_level_0__"  # pandas writes its row numbers under this name


def check_header(
    file: str, landing: Contract, layout: Layout = AS_CONTRACT, max_row_bytes: int = ROW_BYTES
) -> FileShape:
    """Compare the columns of a Parquet or CSV file with the contract; JSON lines have no header.

    Returns:
        How the file is written.

    Raises:
        ContractError: names the column, what was expected and what was found.
        SourceError: the file cannot be opened, or has an unsupported format.
    """
    try:
        with opened(file, layout.place(landing), layout.feed) as (stream, shape):
            if shape.format == "csv":
                head = csv_head(stream, landing, layout, max_row_bytes)
                _check_csv(file, landing, layout, head, shape.compression)
            elif shape.format == "parquet":
                _check_parquet(file, landing, layout, parquet_head(stream, landing, layout, file))
            return shape
    except RowTooLong as error:
        raise SourceError(
            f"{file} cannot be read: its first line is longer than {max_row_bytes:,} bytes",
            do="raise ingest.max_row_bytes where that is right, or look at how its lines end",
        ) from error
    except (csv.Error, *DAMAGED) as error:
        raise SourceError(
            f"{file} cannot be read: {type(error).__name__}: {error}"[:500], do="deliver the file again"
        ) from error


def _check_csv(file: str, landing: Contract, layout: Layout, head: CsvHead, compression: str) -> None:
    if not head.names:
        return  # an empty file is left to the gate, which counts its rows
    looked_for = layout.known(landing)
    if not layout.feed.header and not any(name in looked_for for name in head.names):
        promised = named_compression(file)
        if promised and not compression:
            raise NotRead(f"{file}: {stranger(promised)}", do=AGAIN)
        shown = ", ".join(head.given[:SHOWN])
        raise ContractError(
            f"{file}: column {landing.columns[0].name}: expected in the first line, which has no name of "
            f"the contract: {shown[:200]}",
            do=f"add a header line; or name the {len(head.given)} columns in their order, ours by our names: "
            f"[landing.{layout.place(landing)}] header = [{_first_names(landing)}, ...]",
        )
    _check_names(file, landing, layout, head.names)
    _check_once(file, landing, head.twice)


def _first_names(landing: Contract) -> str:
    return ", ".join(f'"{name}"' for name in landing.column_names[:2])


def _check_once(file: str, landing: Contract, counts: Mapping[str, int]) -> None:
    for name, count in sorted(counts.items()):
        if count > 1:
            what = f"column {name}: expected once, found {count} times"
            raise _broken(file, what, landing, f"leave one column {name}")


def _check_parquet(file: str, landing: Contract, layout: Layout, head: ParquetHead) -> None:
    names = [name for name in head.names if name != INDEX]
    _check_names(file, landing, layout, names)
    _check_once(file, landing, {name: names.count(name) for name in layout.known(landing)})
    types = dict(zip(head.names, head.schema.types, strict=True))
    for column in landing.columns:
        found = types.get(column.name)
        if column.name in layout.feed.columns or found is None:
            continue
        expected = ARROW_TYPES[column.type]
        if not _fits(found, expected, layout):
            what = f"column {column.name}: expected {column.type}, found {found}"
            raise _broken(file, what, landing, _cure_of_type(found, expected, layout.place(landing)))


def _check_names(file: str, landing: Contract, layout: Layout, found: Sequence[str]) -> None:
    feed, kind = layout.feed, layout.place(landing)
    here = {name for name in found if name} | layout.given.keys()
    known = layout.known(landing)
    unknown = [name for name in dict.fromkeys(found) if name and name not in known]
    for column in landing.columns:
        absent = [name for name in _read_from(column.name, layout) if not {name, root(name)} & here]
        if not absent or not (column.required or column.name in feed.columns):
            continue
        hint = f", found {_listed(unknown)} instead" if unknown else f", found only {_listed(found)}"
        likely = alike(column.name, unknown)
        cure = f'map it: [landing.{kind}.columns] {column.name} = "{likely or "YOUR COLUMN"}"'
        raise _broken(file, f"column {absent[0]}: expected, but missing{hint}", landing, cure)
    asked = {
        "only": feed.only,
        "filled": feed.filled,
        "fill_down": (feed.fill_down.by, *feed.fill_down.columns),
    }
    for rule, names in asked.items():
        absent = [name for name in names if name and not {name, root(name)} & here]
        if absent:
            what = f"column {absent[0]}: [landing.{kind}] {rule} needs it, but it is missing"
            raise _broken(file, what, landing, f"correct [landing.{kind}] {rule}")
    if unknown and feed.extra_columns == "refuse":
        expected = ", ".join(sorted(known) if feed.columns else landing.column_names)
        what = f"column {_listed(unknown[:1])}: not expected (expected are {expected})"
        raise _broken(file, what, landing, f'ignore it: [landing.{kind}] extra_columns = "ignore"')


def _read_from(column: str, layout: Layout) -> Sequence[str]:
    """Columns of the file behind one of ours; a join may also name others of ours."""
    take = layout.feed.columns.get(column)
    ours = layout.feed.columns.keys() if take is not None and take.join else ()
    return [name for name in layout.sources(column) if name not in ours]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(name[:80] for name in names[:SHOWN]) + more


def _broken(file: str, what: str, landing: Contract, cure: str) -> ContractError:
    return ContractError(
        f"{file}: {what}", do=f"deliver the columns of schemas/{landing.name}.yaml, or {cure}"
    )


def _cure_of_type(found: pa.DataType, expected: pa.DataType, kind: str) -> str:
    if pa.types.is_timestamp(expected) and pa.types.is_temporal(found):
        return f'say whose clock it is: [landing.{kind}] naive_times = "UTC" or "shop"'
    if pa.types.is_timestamp(expected):
        return f'name the unit of the numbers: [landing.{kind}] epoch_unit = "s", "ms", "us" or "ns"'
    if pa.types.is_string(expected) and pa.types.is_integer(found):
        return f"let numbers stand for ids: [landing.{kind}] number_ids = true"
    return "export it with that type"


def _fits(found: pa.DataType, expected: pa.DataType, layout: Layout) -> bool:
    """Whether values of ``found`` can be converted to ``expected`` without guessing.

    Text can hold any type with a written form: identifiers, numbers, ISO times, lists with commas.
    """
    notation = layout.notation
    if pa.types.is_null(found):
        return True
    if pa.types.is_dictionary(found):
        return _fits(found.value_type, expected, layout)
    if pa.types.is_integer(expected) or pa.types.is_floating(expected):
        number = pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)
        return bool(number or is_text(found))
    if pa.types.is_timestamp(expected) and pa.types.is_timestamp(found):
        return found.tz is not None or bool(notation.zone)
    if pa.types.is_timestamp(expected) and (pa.types.is_integer(found) or pa.types.is_floating(found)):
        return bool(notation.epoch_unit)
    if pa.types.is_string(expected) and pa.types.is_integer(found):
        return notation.number_ids
    if pa.types.is_boolean(expected) and (pa.types.is_boolean(found) or pa.types.is_integer(found)):
        return True
    if pa.types.is_list(expected) and (pa.types.is_list(found) or pa.types.is_large_list(found)):
        return is_text(found.value_type)
    if pa.types.is_timestamp(expected) and pa.types.is_date(found):
        return bool(notation.zone)
    return is_text(found) or bool(pa.types.is_date(expected) and pa.types.is_date(found))
