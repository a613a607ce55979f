"""Damage of a database is told from its being absent, empty or in use."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from causalrec.errors import LostRegistry
from causalrec.registry import sqlite as checking
from causalrec.registry.sqlite import damage, refuse_damaged


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sound database of many pages."""
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE t (a TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 3000,)] * 9)
    database.close()
    return tmp_path / "x.db"


def test_sound_empty_and_absent_ones_pass(file: Path) -> None:
    assert damage(file) is None
    refuse_damaged(file)
    refuse_damaged(file.with_name("absent"))
    file.with_name("empty").touch()
    refuse_damaged(file.with_name("empty"))


def test_what_is_no_database_and_what_lost_pages_are_refused(file: Path) -> None:
    file.with_name("text").write_text("no database " * 99)
    with pytest.raises(LostRegistry, match="text is damaged: file is not a database"):
        refuse_damaged(file.with_name("text"))
    content = bytearray(file.read_bytes())
    content[4096 * 2 : 4096 * 5] = b"\x55" * 4096 * 3
    file.write_bytes(content)
    with pytest.raises(LostRegistry, match="is damaged: "):
        refuse_damaged(file)
    assert "\n" not in str(damage(file))
    assert str(damage(file.with_name("absent"))).startswith("cannot be read: ")


def test_one_in_use_is_sound(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0))
    with sqlite3.connect(file) as writer:
        writer.execute("PRAGMA locking_mode = EXCLUSIVE")
        writer.execute("BEGIN EXCLUSIVE")
        assert damage(file) is None
    writer.close()


@pytest.mark.parametrize("said", ["database is locked", "database table is busy"])
def test_the_words_of_one_in_use(said: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError(said)

    monkeypatch.setattr(sqlite3, "connect", fails)
    assert damage(file) is None


def test_a_file_is_checked_once_until_its_size_changes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []
    monkeypatch.setattr(checking, "damage", looked.append)
    refuse_damaged(file)
    refuse_damaged(file)
    assert looked == [file]
    with file.open("ab") as stream:
        stream.write(b"\0" * 4096)
    refuse_damaged(file)
    assert looked == [file, file]
