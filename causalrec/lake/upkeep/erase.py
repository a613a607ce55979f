"""Takes the rows of a user, an item or a brand out of a table and out of its history.

Live files with such rows are rewritten in one transaction; files of older versions with such rows are
deleted, even if a model is pinned to them; log entries that show an id go last. Other files and versions
stay.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from causalrec.lake.attempt import attempt
from causalrec.lake.commit import COMMIT_TRIES, commit_rewrite
from causalrec.lake.declared import Declared
from causalrec.lake.files import NewFile
from causalrec.lake.partition import render
from causalrec.lake.snapshot import DataFile, Snapshot
from causalrec.lake.upkeep.rewrite import copied
from causalrec.lake.upkeep.subject import ERASED, Subject
from causalrec.lake.upkeep.vacuum import LOG, trim_log

if TYPE_CHECKING:
    from causalrec.lake.table import LakeTable
    from causalrec.store import Location


@dataclass(frozen=True)
class Erased:
    """What was erased from one table: rows of the newest version, files of older ones, log entries."""

    rows: int = 0
    old_files: int = 0
    log_entries: int = 0

    def __bool__(self) -> bool:
        return self != Erased()


@dataclass(frozen=True)
class Finder:
    """Finds the rows of a subject in one table.

    Attributes:
        subject: what is erased.
        ids: columns whose value may be an id -> the ids.
        texts: columns that may mention one; such a row is deleted as a whole.
        notes: columns whose row is kept, without the words that name the subject.
    """

    subject: Subject
    ids: Mapping[str, tuple[str, ...]]
    texts: tuple[str, ...]
    notes: tuple[str, ...]

    @staticmethod
    def of(subject: Subject, contract: Declared) -> "Finder":
        """For the table of a contract."""
        return Finder(subject, subject.columns(contract), contract.user_texts, contract.user_notes)

    @property
    def columns(self) -> list[str]:
        """The columns that are searched."""
        return [*self.ids, *self.texts, *self.notes]

    def gone(self, rows: pa.Table) -> pa.ChunkedArray:
        """True for the rows to delete; columns that the file lacks are skipped."""
        found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
        for name, ids in self.ids.items():
            if name in rows.column_names:
                same = pc.is_in(rows.column(name), value_set=pa.array(ids, pa.string()))
                found = pc.or_(found, pc.fill_null(same, False))
        for name in self.texts:
            if name in rows.column_names:
                found = pc.or_(found, self._those(rows.column(name), self.subject.mentioned))
        return found

    def told(self, rows: pa.Table) -> pa.ChunkedArray:
        """True for the rows with a note that names the subject."""
        found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
        for name in self.notes:
            if name in rows.column_names:
                found = pc.or_(found, self._those(rows.column(name), self.subject.named))
        return found

    def left(self, rows: pa.Table) -> pa.Table:
        """The rows that stay, their notes without the subject."""
        kept = rows.filter(pc.invert(self.gone(rows)))
        for name in self.notes:
            if name in kept.column_names and pc.any(self.told(kept)).as_py():
                column = kept.column(name)
                clean = [text and self.subject.prose.sub(ERASED, text) for text in column.to_pylist()]
                place = kept.column_names.index(name)
                kept = kept.set_column(place, kept.schema.field(name), pa.array(clean, column.type))
        return kept

    def _those(self, column: pa.ChunkedArray, judge: Callable[[str], bool]) -> pa.ChunkedArray:
        """Texts for which ``judge`` returns true; it is called only for those that contain a spelling."""
        near = pc.fill_null(pc.match_substring_regex(column, self.subject.anywhere), False).to_numpy().copy()
        for row in np.flatnonzero(near):
            near[row] = judge(column[int(row)].as_py())
        return pa.chunked_array([near])


def erase_rows(table: "LakeTable", subject: Subject, *, really: bool) -> Erased:
    """Erase the subject; with ``really`` False only count what would go.

    Raises:
        ConflictError: another writer replaced a partition meanwhile; run it again.
    """
    seen = table.snapshot()
    finder = Finder.of(subject, table.contract)
    if seen is None or not finder.columns:
        return Erased()
    counts = [_count(table.location, file.path, finder) for file in seen.files]
    held = [file for file, count in zip(seen.files, counts, strict=True) if count]
    if held and really:
        seen = _rewrite(table, seen, held, finder)
    live = {file.path for file in seen.files} | {file.path for file in held}
    old = [path for path in _data_files(table.location) if path not in live]
    doomed = [path for path in old if _count(table.location, path, finder)]
    shown = _log_shows(table.location, finder.ids)
    if really:
        table.location.delete([*doomed, *(file.path for file in held)])
        if shown:
            seen.delta.create_checkpoint()
            shown = trim_log(table.location, seen.version)
    return Erased(sum(counts), len(doomed), shown)


def _rewrite(table: "LakeTable", seen: Snapshot, held: list[DataFile], finder: Finder) -> Snapshot:
    groups: dict[str, list[DataFile]] = defaultdict(list)
    for file in held:
        groups[render(file.partition)].append(file)
    new: list[NewFile] = []
    with attempt(table.location, [file.partition for file in held], seen.version) as this:
        for files in groups.values():
            new += copied(table, seen, files, this.id, finder.left)
        return commit_rewrite(seen, held, new, this.id, COMMIT_TRIES, data_change=True)


def _count(location: "Location", path: str, finder: Finder) -> int:
    """Rows of the subject in one file; only the columns that may name it are read."""
    total = 0
    with pq.ParquetFile(location.path(path), filesystem=location.filesystem) as file:
        wanted = [name for name in finder.columns if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, wanted)
            found = pc.or_(finder.gone(rows), finder.told(rows))
            total += int(pc.sum(found).as_py() or 0)
    return total


def _data_files(location: "Location") -> list[str]:
    paths = [location.relative(info.path) for info in location.everything() if info.type == fs.FileType.File]
    return sorted(path for path in paths if path.endswith(".parquet") and not path.startswith("_"))


def _log_shows(location: "Location", columns: Mapping[str, tuple[str, ...]]) -> int:
    """Number of log files that show an id as a smallest or largest value, written by other writers."""
    quoted = {json.dumps(one) for ids in columns.values() for one in ids}
    return sum(
        any(one in text for text in _texts(location, f"{LOG}/{name}") for one in quoted)
        for name in location.listing(LOG)
    )


def _texts(location: "Location", path: str) -> list[str]:
    if path.endswith(".parquet"):
        with pq.ParquetFile(location.path(path), filesystem=location.filesystem) as file:
            columns = file.read(columns=["add.stats", "remove.stats"]).columns
        return [row["stats"] for column in columns for row in column.to_pylist() if row and row["stats"]]
    with location.filesystem.open_input_stream(location.path(path)) as stream:
        text = stream.read().decode("utf-8", "replace")
    return [text, text.replace('\\"', '"')]  # statistics are JSON inside JSON
