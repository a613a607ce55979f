"""SQLite databases on this machine that other software writes."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from causalrec.erasure.store import Found
from causalrec.lake.upkeep.subject import Subject


@dataclass(frozen=True)
class SqliteStore:
    """A database of another program: it is searched, never written.

    Attributes:
        until: what removes rows from it.
    """

    name: str
    file: Path
    until: str

    def find(self, subject: Subject) -> Found:
        """Counts the rows of all tables that name the subject in a text column."""
        if not self.file.is_file():
            return Found("not there")
        count = 0
        names = subject.prose.search
        with closing(sqlite3.connect(f"{self.file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.create_function("told", 1, lambda text: isinstance(text, str) and bool(names(text)))
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                columns = database.execute("SELECT name FROM pragma_table_info(?)", [table]).fetchall()
                where = " OR ".join(f"told({_quoted(column)})" for (column,) in columns)
                statement = f"SELECT count(*) FROM {_quoted(table)} WHERE {where}"  # noqa: S608
                count += int(database.execute(statement).fetchone()[0])
        return Found("still there", {"rows": count}, until=self.until) if count else Found("not there")

    def erase(self, subject: Subject) -> None:
        """Nothing: see ``until``."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
