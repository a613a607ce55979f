"""Checks that a store in SQLite is an intact database, before MLflow or Airflow opens it."""

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from causalrec.errors import LostRegistry

CURE = "restore it from a copy; without one move it away and run causalrec history --repair"


def refuse_damaged(file: Path) -> None:
    """Check a file, which may also be absent or empty.

    Raises:
        LostRegistry: it is not a SQLite database, or its pages are damaged.
    """
    if file.is_file():
        facts = file.stat()
        _checked(file, facts.st_ino, facts.st_size)


def damage(file: Path) -> str | None:
    """What is wrong with a database in SQLite; None for one that is sound, or in use by somebody."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            return None  # another process is writing to it, so it works
        return f"cannot be read: {error}"
    except sqlite3.DatabaseError as error:
        return f"is damaged: {error}"
    return None if said == "ok" else f"is damaged: {said.splitlines()[0]}"


@cache
def _checked(file: Path, inode: int, size: int) -> None:
    """Once per process and file, and again if its size changes, since checking every page takes time."""
    found = damage(file)
    if found is not None:
        raise LostRegistry(f"the registry {file} {found}", do=CURE)
