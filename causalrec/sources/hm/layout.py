"""The public H&M Kaggle layout: the files and columns that are read, and how they are streamed."""

import posixpath
from collections.abc import Mapping

import fsspec
import pyarrow as pa
import pyarrow.csv as csv

from causalrec.errors import ContractError, SourceError

ARTICLES = "articles.csv"
TRANSACTIONS = "transactions_train.csv"
BLOCK_BYTES = 8 << 20

TRANSACTION_COLUMNS: Mapping[str, pa.DataType] = {
    "t_dat": pa.date32(),
    "customer_id": pa.string(),
    "article_id": pa.string(),
    "price": pa.float64(),
}
ARTICLE_COLUMNS: Mapping[str, pa.DataType] = dict.fromkeys(
    (
        "article_id", "prod_name", "product_type_name", "product_group_name", "graphical_appearance_name",
        "colour_group_name", "perceived_colour_value_name", "department_name", "index_group_name",
        "detail_desc",
    ),
    pa.string(),
)  # fmt: skip


def open_stream(raw: str, name: str, columns: Mapping[str, pa.DataType]) -> csv.CSVStreamingReader:
    """Batches of the named columns of one raw file; texts keep their leading zeros.

    Raises:
        SourceError: the file is absent or empty.
        ContractError: a column is missing, or a value does not have its type.
    """
    check_header(raw, name, columns)
    files, path = fsspec.core.url_to_fs(posixpath.join(raw, name))
    options = csv.ConvertOptions(
        column_types=dict(columns),
        include_columns=list(columns),
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=True,
    )
    try:
        return csv.open_csv(
            files.open(path, "rb"),
            read_options=csv.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=options,
        )
    except pa.ArrowInvalid as error:
        raise bad_value(name, error) from error


def check_header(raw: str, name: str, columns: Mapping[str, pa.DataType]) -> None:
    """Refuse a file without the required columns.

    Raises:
        SourceError: the file is absent or empty.
        ContractError: a column is missing.
    """
    path = posixpath.join(raw, name)
    try:
        with fsspec.open(path, "rb") as stream:
            header = stream.readline().decode("utf-8-sig").strip()
    except FileNotFoundError as error:
        raise SourceError(
            f"no {name} in {raw}", do="set source.raw to the folder of the H&M files"
        ) from error
    found = [column.strip('"') for column in header.split(",")]
    if not header:
        raise SourceError(f"{path} is empty", do="fetch the raw files again")
    for column in columns:
        if column not in found:
            raise ContractError(
                f"{name}: column {column} expected, found {', '.join(found)}",
                do="restore that column or rename it back",
            )


def bad_value(name: str, error: Exception) -> ContractError:
    """The error for a value that is not of its column's type."""
    return ContractError(f"{name}: {error}", do="correct that value in the raw file")


def source_stamp(raw: str) -> list[tuple[str, int, str]]:
    """Name, size and modification time of the raw files.

    Raises:
        SourceError: a file is absent.
    """
    stamps = []
    for name in (ARTICLES, TRANSACTIONS):
        files, path = fsspec.core.url_to_fs(posixpath.join(raw, name))
        if not files.exists(path):
            raise SourceError(f"no {name} in {raw}", do="set source.raw to the folder of the H&M files")
        info = files.info(path)
        stamps.append((name, int(info["size"]), str(info.get("mtime") or info.get("ETag") or "")))
    return stamps
