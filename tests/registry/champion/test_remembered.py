"""The champion's number is remembered exactly as long as neither the store nor the decisions change."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.champion.promotions import Decision, append_decision, read_history
from causalrec.registry.champion.remembered import remember, remembered, state_of
from causalrec.registry.store import SQLITE

from ..shop import DS, settings_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store in SQLite."""
    settings = settings_in(tmp_path)
    file = Path(settings.tracking_uri.removeprefix(SQLITE))
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE t (a)")
    return settings


def decide(lake: Lake, number: str) -> None:
    append_decision(lake, Decision("promoted", None, number, "run", "eva", "", DS), read_history(lake))


def test_a_number_is_known_until_something_changes(settings: Settings) -> None:
    lake = Lake(settings.lake_root)
    assert remembered(settings, lake) is None
    remember(settings, "3", None)
    assert not (settings.paths.work / "cache").exists()
    for number in ("3", ""):
        remember(settings, number, state_of(settings, lake))
        assert remembered(settings, lake) == number
    assert [file.name for file in (settings.paths.work / "cache").iterdir()] == ["champion.json"]
    other = settings.registry.model_copy(update={"model_name": "other"})
    assert remembered(settings.model_copy(update={"registry": other}), lake) is None
    decide(lake, "4")
    assert remembered(settings, lake) is None


def test_every_trace_of_a_transaction_counts(settings: Settings) -> None:
    lake, file = Lake(settings.lake_root), Path(settings.tracking_uri.removeprefix(SQLITE))
    remember(settings, "3", state_of(settings, lake))
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    content = file.read_bytes()
    file.write_bytes(content[:99] + b"!" + content[100:])
    os.utime(file, ns=times)
    assert remembered(settings, lake) is None
    file.write_bytes(content[:100] + b"!" + content[101:])  # beyond the header, and at the same time
    os.utime(file, ns=times)
    assert remembered(settings, lake) == "3"
    os.utime(file, ns=(times[0], times[1] + 1))
    assert remembered(settings, lake) is None
    os.utime(file, ns=times)
    for end in ("-wal", "-journal"):
        beside = Path(f"{file}{end}")
        beside.touch()
        assert remembered(settings, lake) is None
        beside.unlink()
    assert remembered(settings, lake) == "3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"champion": "3"}',
        '{"champion": 3, "state": STATE}',
        '{"champion": "3", "state": ""}',
    ],
)
def test_a_damaged_memory_is_none(text: str, settings: Settings) -> None:
    lake = Lake(settings.lake_root)
    remember(settings, "3", state_of(settings, lake))
    file = settings.paths.work / "cache" / "champion.json"
    file.write_text(text.replace("STATE", json.dumps(state_of(settings, lake))))
    assert remembered(settings, lake) is None


def test_only_a_file_that_is_there_has_a_state(settings: Settings) -> None:
    lake = Lake(settings.lake_root)
    assert state_of(settings, lake) is not None
    Path(settings.tracking_uri.removeprefix(SQLITE)).unlink()
    assert state_of(settings, lake) is None
    served = settings.registry.model_copy(update={"tracking_uri": "http://host"})
    assert state_of(settings.model_copy(update={"registry": served}), lake) is None


def test_a_folder_that_cannot_be_written_is_no_error(settings: Settings) -> None:
    (settings.paths.work / "cache").write_text("a file")
    remember(settings, "3", "state")
    assert remembered(settings, Lake(settings.lake_root)) is None
