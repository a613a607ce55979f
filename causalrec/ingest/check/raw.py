"""Rows as they stand in a file, before any mapping."""

import csv
import itertools
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from causalrec.contracts import Contract
from causalrec.ingest.formats.csv_rows import Lines, RowTooLong, csv_head
from causalrec.ingest.formats.folders import folder_values
from causalrec.ingest.formats.json_objects import one_per_line
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.parquet_rows import parquet_head
from causalrec.ingest.formats.rows import ReadLimits
from causalrec.ingest.formats.shape import opened

BATCH_ROWS = 50  # of Parquet; wide rows of a row group may be large


def raw_rows(
    file: str,
    name: str,
    landing: Contract,
    layout: Layout,
    limits: ReadLimits,
    most: int,
    only: Collection[str] = (),
) -> Iterator[Mapping[str, Any]]:
    """At most ``most`` rows as in the file, with the values of its folders.

    Args:
        only: columns that are asked for; Parquet reads no others, which may hold pictures.

    Raises:
        CausalrecError, OSError, ValueError: as :func:`~causalrec.ingest.formats.shape.opened` and readers do.
    """
    given = folder_values(name)
    for row in itertools.islice(_rows_of(file, landing, layout, limits, only), most):
        yield {**given, **row}


def _rows_of(
    file: str, landing: Contract, layout: Layout, limits: ReadLimits, only: Collection[str]
) -> Iterator[Mapping[str, Any]]:
    open_layout = replace(layout, feed=layout.feed.model_copy(update={"extra_columns": "ignore"}))
    with opened(file, layout.place(landing), layout.feed) as (stream, shape):
        if shape.format == "csv":
            head = csv_head(stream, landing, open_layout, limits.max_row_bytes)
            with opened(file, layout.place(landing), layout.feed) as (again, _):
                yield from _csv_rows(again, head.given, head.delimiter, limits)
        elif shape.format == "json":
            for line in one_per_line(stream, limits.max_row_bytes):
                tree = _object(line)
                if tree is not None:
                    yield tree
        elif shape.format == "parquet":
            names = parquet_head(stream, landing, open_layout, file).given
            stream.seek(0)
            content = pq.ParquetFile(stream)
            if not content.metadata.num_rows:
                yield dict.fromkeys(names)
            wanted = [one for one in names if one in only] or None
            for batch in content.iter_batches(BATCH_ROWS, columns=wanted):
                yield from batch.to_pylist()


def _csv_rows(
    stream: BinaryIO,
    names: tuple[str, ...],
    delimiter: str,
    limits: ReadLimits,
) -> Iterator[Mapping[str, Any]]:
    lines = Lines(stream, limits.max_row_bytes)
    wanted, seen = list(names), False
    yield dict.fromkeys(names)
    try:
        for cells in csv.reader(lines, delimiter=delimiter, skipinitialspace=True):
            lines.start_row()
            if seen and len(cells) == len(names):
                yield dict(zip(names, cells, strict=True))
            seen = seen or cells == wanted
    except (csv.Error, RowTooLong):
        return


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        tree = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict) else None
