"""Removes rows from the Parquet copies of published tables, one row group at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.scoring.export.night import KEYS
from causalrec.scoring.export.parquet import LISTS_KEY, NIGHT_KEY, UNFINISHED
from causalrec.store import Location

Named = Mapping[str, tuple[str, ...]]
"""Column -> values whose rows are deleted."""


def count_rows(root: Location, named: Named) -> tuple[int, int]:
    """Number of rows to delete, and of half-written files, whose rows cannot be read."""
    rows = unread = 0
    for path in _files(root):
        with _opened(root, path) as file:
            if file is None:
                unread += path.endswith(UNFINISHED)
                continue
            rows += sum(int(pc.sum(_gone(group, named)).as_py() or 0) for group in _groups(file))
    return rows, unread


def erase_rows(root: Location, named: Named) -> None:
    """Rewrites the files with such rows, each in one step; half-written files are deleted."""
    for path in _files(root):
        with _opened(root, path) as file:
            if file is not None and any(pc.any(_gone(group, named)).as_py() for group in _groups(file)):
                _rewrite(root, path, file, named)
            elif file is None and path.endswith(UNFINISHED):
                root.delete([path])


def _rewrite(root: Location, path: str, file: pq.ParquetFile, named: Named) -> None:
    folder, _, name = path.rpartition("/")
    unfinished = f"{folder}/.{name}.{uuid4().hex[:12]}{UNFINISHED}"
    old = file.schema_arrow.metadata or {}
    facts = {name: fact for name, fact in old.items() if name not in (NIGHT_KEY, LISTS_KEY)}
    key = KEYS.get(folder.rpartition("/")[2], "")
    lists = pa.array([], pa.string())
    try:
        with (
            root.filesystem.open_output_stream(root.path(unfinished)) as stream,
            pq.ParquetWriter(stream, file.schema_arrow.with_metadata(facts), compression="zstd") as writer,
        ):
            for group in _groups(file):
                kept = group.filter(pc.invert(_gone(group, named)))
                writer.write_table(kept.replace_schema_metadata(facts))
                if key in kept.column_names:
                    lists = pc.unique(pa.concat_arrays([lists, kept[key].combine_chunks().cast(pa.string())]))
            writer.add_key_value_metadata({LISTS_KEY: str(len(lists)).encode()})
        root.filesystem.move(root.path(unfinished), root.path(path))
    except BaseException:
        root.delete([unfinished])
        raise


def _files(root: Location) -> list[str]:
    paths = (root.relative(info.path) for info in root.everything() if info.is_file)
    return sorted(path for path in paths if path.endswith((".parquet", UNFINISHED)))


@contextmanager
def _opened(root: Location, path: str) -> Iterator[pq.ParquetFile | None]:
    """The file; None if it is not ours or was never finished."""
    with root.filesystem.open_input_file(root.path(path)) as stream:
        try:
            file = pq.ParquetFile(stream)
        except pa.ArrowInvalid:
            file = None
        yield file


def _groups(file: pq.ParquetFile) -> Iterator[pa.Table]:
    return (file.read_row_group(number) for number in range(file.num_row_groups))


def _gone(rows: pa.Table, named: Named) -> pa.ChunkedArray:
    found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
    for name, values in named.items():
        if name in rows.column_names:
            same = pc.is_in(rows[name], value_set=pa.array(values, pa.string()))
            found = pc.or_(found, pc.fill_null(same, False))
    return found
