"""Takes the rows of one user out of a table and out of its history.

Live files that hold such rows are rewritten in one transaction; files of older versions that hold some are
deleted, whoever is pinned to them; log entries that show the user's id go last.
Other files and versions stay.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from causalrec.lake.attempt import attempt
from causalrec.lake.commit import COMMIT_TRIES, commit_rewrite
from causalrec.lake.files import NewFile
from causalrec.lake.partition import render
from causalrec.lake.snapshot import DataFile, Snapshot
from causalrec.lake.upkeep.rewrite import copied
from causalrec.lake.upkeep.vacuum import LOG, trim_log

if TYPE_CHECKING:
    from causalrec.lake.storage import Location
    from causalrec.lake.table import LakeTable


@dataclass(frozen=True)
class Erased:
    """What one table lost: rows of the newest version, files of older ones, log entries."""

    rows: int = 0
    old_files: int = 0
    log_entries: int = 0

    def __bool__(self) -> bool:
        return self != Erased()


@dataclass(frozen=True)
class Person:
    """Finds the rows of a user.

    Attributes:
        user: the id.
        ids: columns whose value may be the id.
        texts: columns that may mention it, as JSON or in quotes.
    """

    user: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The columns that are looked at."""
        return [*self.ids, *self.texts]

    def mask(self, rows: pa.Table) -> pa.ChunkedArray:
        """True for the rows of the user; columns that the file does not have are left out."""
        found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
        for name in self.columns:
            if name in rows.column_names:
                column = rows.column(name)
                same = pc.equal(column, self.user) if name in self.ids else self._mentions(column)
                found = pc.or_(found, pc.fill_null(same, False))
        return found

    def _mentions(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        plain, escaped = re.escape(self.user), re.escape(json.dumps(self.user)[1:-1])
        names = "|".join(re.escape(name) for name in self.ids or ("user_id",))
        number = rf'"(?:{names})"\s*:\s*{plain}\s*[,}}]'
        return pc.match_substring_regex(column, rf"{number}|[\"'](?:{plain}|{escaped})[\"']")


def erase_rows(table: "LakeTable", user: str, *, really: bool) -> Erased:
    """Take the user out; with ``really`` False only count what would go.

    Raises:
        ConflictError: another writer replaced a partition meanwhile; run it again.
    """
    seen = table.snapshot()
    contract = table.contract
    person = Person(user, contract.user_ids, contract.user_texts)
    if seen is None or not person.columns:
        return Erased()
    counts = [_count(table.location, file.path, person) for file in seen.files]
    held = [file for file, count in zip(seen.files, counts, strict=True) if count]
    if held and really:
        seen = _rewrite(table, seen, held, person)
    live = {file.path for file in seen.files} | {file.path for file in held}
    old = [path for path in _data_files(table.location) if path not in live]
    doomed = [path for path in old if _count(table.location, path, person)]
    shown = _log_shows(table.location, user)
    if really:
        table.location.delete([*doomed, *(file.path for file in held)])
        if shown:
            seen.delta.create_checkpoint()
            shown = trim_log(table.location, seen.version)
    return Erased(sum(counts), len(doomed), shown)


def _rewrite(table: "LakeTable", seen: Snapshot, held: list[DataFile], person: Person) -> Snapshot:
    groups: dict[str, list[DataFile]] = defaultdict(list)
    for file in held:
        groups[render(file.partition)].append(file)
    new: list[NewFile] = []
    with attempt(table.location, [file.partition for file in held], seen.version) as this:
        for files in groups.values():
            new += copied(table, seen, files, this.id, lambda rows: rows.filter(pc.invert(person.mask(rows))))
        return commit_rewrite(seen, held, new, this.id, COMMIT_TRIES, data_change=True)


def _count(location: "Location", path: str, person: Person) -> int:
    """Rows of the user in one file; only the columns that name users are read."""
    total = 0
    with pq.ParquetFile(location.path(path), filesystem=location.filesystem) as file:
        wanted = [name for name in person.columns if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            mask = person.mask(file.read_row_group(group, wanted))
            total += int(pc.sum(mask).as_py() or 0)
    return total


def _data_files(location: "Location") -> list[str]:
    paths = [location.relative(info.path) for info in location.everything() if info.type == fs.FileType.File]
    return sorted(path for path in paths if path.endswith(".parquet") and not path.startswith("_"))


def _log_shows(location: "Location", user: str) -> int:
    """How many log files show the id as a smallest or largest value, as other writers put it there."""
    quoted = json.dumps(user)
    return sum(
        any(quoted in text for text in _texts(location, f"{LOG}/{name}")) for name in location.listing(LOG)
    )


def _texts(location: "Location", path: str) -> list[str]:
    if path.endswith(".parquet"):
        with pq.ParquetFile(location.path(path), filesystem=location.filesystem) as file:
            columns = file.read(columns=["add.stats", "remove.stats"]).columns
        return [row["stats"] for column in columns for row in column.to_pylist() if row and row["stats"]]
    with location.filesystem.open_input_stream(location.path(path)) as stream:
        text = stream.read().decode("utf-8", "replace")
    return [text, text.replace('\\"', '"')]  # statistics are JSON inside JSON
