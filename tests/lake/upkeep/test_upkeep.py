"""Compaction, retention and vacuum; nothing pinned is lost, no content changes."""

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from deltalake.exceptions import DeltaError

from causalrec.errors import ConflictError, PinError
from causalrec.lake import Lake, LakeTable, Pin
from causalrec.lake.commit import commit_rewrite
from causalrec.lake.digest import digest_of
from causalrec.lake.upkeep import rewrite
from causalrec.lake.upkeep.maintain import upkeep
from causalrec.lake.upkeep.rewrite import Compacted, compact
from causalrec.lake.upkeep.vacuum import Vacuumed, _unreferenced, trim_log, vacuum
from tests.lake.tables import ids, rows

DAY, NEXT = {"ds": "2026-03-01"}, {"ds": "2026-03-02"}
TODAY = dt.date(2026, 3, 2)
YEAR_AGO = 365 * 86_400


@pytest.fixture
def eager(make_lake: Callable[..., Lake]) -> Lake:
    """A lake that keeps nothing longer than it must."""
    return make_lake(vacuum_hours=0, log_days=0, max_files_per_partition=2)


def line(text: str, source: str = "a") -> pa.Table:
    return pa.table({"line": [text], "source": [source]})


def data_files(table: LakeTable) -> list[Path]:
    return sorted(Path(table.location.uri).rglob("*.parquet"))


def live(table: LakeTable) -> int:
    found = table.snapshot()
    return len(found.files) if found else 0


def test_small_files_become_one_and_the_rows_stay(eager: Lake) -> None:
    log = eager.table("log")
    for number in range(5):
        log.append(line(f"line{number}"))
    log.append(line("other", "b"))
    before = digest_of(log.read())
    assert compact(log) == Compacted(partitions=1, before=5, after=1)
    assert (live(log), digest_of(log.read())) == (2, before)
    version = log.version()
    assert compact(log) == Compacted()
    assert log.version() == version


def test_as_many_files_as_allowed_are_left_alone(eager: Lake) -> None:
    log = eager.table("log")
    for number in range(2):
        log.append(line(f"line{number}"))
    assert compact(log) == Compacted()
    assert live(log) == 2


def test_an_append_during_compaction_stays(eager: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    log = eager.table("log")
    for number in range(3):
        log.append(line(f"line{number}"))

    def late(*args: object, **options: object) -> object:
        log.append(line("late"))
        return commit_rewrite(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(rewrite, "commit_rewrite", late)
    assert compact(log).after == 1
    assert sorted(log.read()["line"].to_pylist()) == ["late", "line0", "line1", "line2"]
    assert live(log) == 2


def test_a_replacement_during_compaction_wins(make_lake: Callable[..., Lake]) -> None:
    sales = make_lake(max_files_per_partition=1, file_mb=1, row_group_mb=1).table("sales")
    sales.replace(rows("a"), DAY)
    seen = sales.created()
    old = list(seen.files)
    sales.replace(rows("b"), DAY)
    with pytest.raises(ConflictError, match="replaced 1 of the files"):
        commit_rewrite(seen, old, [], "x", 3, data_change=False)
    assert ids(sales) == ["b"]


def test_vacuum_keeps_pins_and_the_newest_version(eager: Lake) -> None:
    sales = eager.table("sales")
    for name in ("a", "b", "c", "d"):
        sales.replace(rows(name), DAY)
    removed = vacuum(sales, {2})
    assert (removed.files, len(data_files(sales))) == (2, 2)
    assert (ids(sales, version=2), ids(sales)) == (["b"], ["d"])
    with pytest.raises(PinError, match="data files are gone"):
        ids(sales, version=3)
    version = sales.version()
    assert vacuum(sales, {2}) == Vacuumed()
    assert sales.version() == version  # no version of its own


def test_vacuum_waits(make_lake: Callable[..., Lake]) -> None:
    sales = make_lake().table("sales")
    sales.replace(rows("a"), DAY)
    sales.replace(rows("b"), DAY)
    young = Path(sales.location.uri) / "ds=2026-03-01" / "part-stranger-1.parquet"
    young.write_bytes(b"x")  # of a writer on another machine, perhaps
    assert vacuum(sales, ()) == Vacuumed()
    assert (ids(sales, version=1), young.exists()) == (["a"], True)
    os.utime(young, (1, 1))
    assert vacuum(sales, ()) == Vacuumed(files=1, bytes=1)
    assert not young.exists()


def test_vacuum_refuses_where_a_pin_is_broken_already(eager: Lake) -> None:
    sales = eager.table("sales")
    for name in ("a", "b", "c"):
        sales.replace(rows(name), DAY)
    first = sales.snapshot(1)
    assert first is not None
    sales.location.delete([first.files[0].path])
    with pytest.raises(PinError, match=r"sales@1: 1 of 1 data files are gone"):
        vacuum(sales, {1})
    assert (ids(sales, version=2), len(data_files(sales))) == (["b"], 2)


def test_the_log_of_an_old_pin_stays(eager: Lake) -> None:
    """delta-rs alone would drop entries older than 30 days at the next checkpoint."""
    sales = eager.table("sales")
    sales.replace(rows("a"), DAY)
    sales.created().delta.alter.set_table_properties({"delta.checkpointInterval": "3"})
    for number in range(8):
        sales.replace(rows(f"b{number}"), DAY)
        for entry in (Path(sales.location.uri) / "_delta_log").iterdir():
            os.utime(entry, (entry.stat().st_mtime - YEAR_AGO,) * 2)
    assert ids(sales, version=1) == ["a"]
    assert vacuum(sales, {4}).log_entries > 0
    assert (ids(sales, version=4), ids(sales)) == (["b1"], ["b7"])
    with pytest.raises(PinError):
        ids(sales, version=1)


def test_a_log_without_a_checkpoint_is_left_whole(eager: Lake) -> None:
    sales = eager.table("sales")
    sales.replace(rows("a"), DAY)
    assert trim_log(sales.location, 1) == 0


def test_upkeep_of_all_tables(eager: Lake) -> None:
    sales, log = eager.table("sales"), eager.table("log")
    sales.replace(rows("old"), {"ds": "2026-01-30"})
    sales.replace(rows("kept"), {"ds": "2026-01-31"})
    sales.replace(rows("a"), DAY)
    for number in range(4):
        log.append(line(f"line{number}"))
    named: list[str] = []
    names = ["sales", "log", "two_keys"]
    outcome = upkeep(eager, names, [Pin("sales", 1)], TODAY, named.append)
    assert named == names
    assert (ids(sales), ids(sales, version=1)) == (["a", "kept"], ["old"])
    assert sorted(log.read()["line"].to_pylist()) == [f"line{number}" for number in range(4)]
    assert outcome.counters == {
        "partitions_expired": 1, "files_merged": 4, "files_made": 1, "files_deleted": 4,
        "bytes_deleted": outcome.counters["bytes_deleted"], "log_entries_deleted": 0, "tables": 2,
        "pinned_versions": 1,
    }  # fmt: skip
    assert outcome.counters["bytes_deleted"] > 0
    again = upkeep(eager, names, [Pin("sales", 1)], TODAY, named.append)
    assert {k: v for k, v in again.counters.items() if v} == {"tables": 2, "pinned_versions": 1}


def test_a_store_that_is_down_is_told_from_a_lost_log() -> None:
    asked: list[str] = []

    def fails(**options: object) -> None:
        assert options["full"] is options["dry_run"] is True
        assert options["keep_versions"] == [2, 9]
        raise DeltaError("it failed")

    place = SimpleNamespace(require_store=lambda: asked.append("store"))
    seen: Any = SimpleNamespace(name="sales", delta=SimpleNamespace(vacuum=fails), location=place)
    with pytest.raises(PinError, match="sales: cannot tell which files are needed: it failed"):
        _unreferenced(seen, {9, 2}, 7)
    assert asked == ["store"]
