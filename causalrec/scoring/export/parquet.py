"""A folder of plain Parquet: TABLE/DATE.parquet, each file replaced in one step."""

import datetime as dt
import time
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.errors import ExportError
from causalrec.scoring.export.night import Night, NightTable
from causalrec.scoring.export.outcome import Exported, RowsDone, State, silent
from causalrec.store import Location

NIGHT_KEY = b"causalrec.night"
LISTS_KEY = b"causalrec.lists"
UNFINISHED = ".unfinished"  # readers ignore it, because they look for names that end in .parquet
ABANDONED = dt.timedelta(hours=24)


def to_parquet(
    night: Night, root: Location, batch_rows: int, progress: RowsDone = silent
) -> tuple[Exported, ...]:
    """Write one file per table. A file that already holds the same rows is left alone.

    Raises:
        ExportError: the folder cannot be written, or a file does not contain what was sent.
    """
    try:
        return tuple(_export(table, night.ds, root, batch_rows, progress) for table in night.tables)
    except (OSError, pa.ArrowException) as error:
        raise ExportError(
            f"parquet: cannot write below {root.uri}: {error}", do="check rights and disk space, then repeat"
        ) from error


def _export(table: NightTable, ds: dt.date, root: Location, batch_rows: int, progress: RowsDone) -> Exported:
    began, name = time.monotonic(), f"{ds.isoformat()}.parquet"
    folder = root.child(table.name)
    held = _metadata(folder, name)
    fresh = held is None or (held.metadata or {}).get(NIGHT_KEY) != table.night.encode()
    if fresh:
        held = _write(table, folder, name, batch_rows, progress)
    assert held is not None  # noqa: S101 - narrows types
    lists = int((held.metadata or {})[LISTS_KEY])
    where = f"{folder.uri}/{name}"
    state: State = "written" if fresh else "up to date"
    return Exported("parquet", table.name, held.num_rows, lists, where, state, time.monotonic() - began)


def _metadata(folder: Location, name: str) -> pq.FileMetaData | None:
    if folder.missing([name]):
        return None
    try:
        with folder.filesystem.open_input_file(folder.path(name)) as stream:
            return pq.read_metadata(stream)
    except pa.ArrowInvalid:  # not a Parquet file, wherever it came from: it is replaced
        return None


def _write(
    table: NightTable, folder: Location, name: str, batch_rows: int, progress: RowsDone
) -> pq.FileMetaData:
    folder.make_folder("")
    _sweep(folder)
    unfinished = f".{name}.{uuid4().hex[:12]}{UNFINISHED}"
    facts = {NIGHT_KEY: table.night.encode(), LISTS_KEY: str(table.lists(batch_rows)).encode()}
    schema = table.schema.with_metadata(facts)
    try:
        with (
            folder.filesystem.open_output_stream(folder.path(unfinished)) as stream,
            pq.ParquetWriter(stream, schema, compression="zstd") as writer,
        ):
            for batch in table.batches(batch_rows):
                writer.write_batch(batch.cast(schema))
                progress(f"parquet {table.name}", batch.num_rows)
        held = _metadata(folder, unfinished)
        if held is None or held.num_rows != table.rows:
            found = 0 if held is None else held.num_rows
            raise ExportError(
                f"parquet: {found:,} of {table.rows:,} rows of {table.name} arrived", do="repeat the export"
            )
        folder.filesystem.move(folder.path(unfinished), folder.path(name))
    except BaseException:
        folder.delete([unfinished])
        raise
    return held


def _sweep(folder: Location) -> None:
    """Removes leftovers of killed exports that are a day old or older."""
    old = dt.datetime.now(dt.UTC) - ABANDONED
    names = [name for name in folder.listing("") if name.startswith(".") and name.endswith(UNFINISHED)]
    infos = folder.filesystem.get_file_info([folder.path(name) for name in names])
    folder.delete([info.base_name for info in infos if info.mtime is not None and info.mtime < old])
