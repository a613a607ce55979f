"""A folder of Parquet: the same rows, replaced in one step, written once."""

import datetime as dt
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from causalrec.errors import ExportError, ScoringError
from causalrec.lake import Lake
from causalrec.scoring.export import read_night
from causalrec.scoring.export.parquet import to_parquet
from causalrec.store import Location
from tests.scoring.export.nights import DS, NEXT, ordered, publish_night


def test_the_same_rows_once(lake: Lake, tmp_path: Path) -> None:
    rows = publish_night(lake, DS)
    out = Location(str(tmp_path / "out"))
    done = to_parquet(read_night(lake, DS), out, 7)
    found = [(one.table, one.rows, one.lists, one.state) for one in done]
    assert found == [
        ("recommendations", 120, 30, "written"),
        ("similar_items", 2, 1, "written"),
        ("popular_items", 2, 2, "written"),
    ]
    file = tmp_path / "out" / "recommendations" / "2026-03-01.parquet"
    assert ordered(pq.read_table(file)) == ordered(rows)
    before = file.stat().st_mtime_ns
    assert {one.state for one in to_parquet(read_night(lake, DS), out, 7)} == {"up to date"}
    assert file.stat().st_mtime_ns == before
    changed = publish_night(lake, DS, users=31)
    assert [one.state for one in to_parquet(read_night(lake, DS), out, 7)] == ["written"] + ["up to date"] * 2
    assert ordered(pq.read_table(file)) == ordered(changed)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_date_without_lists(lake: Lake) -> None:
    publish_night(lake, DS)
    publish_night(lake, NEXT, lists=False)
    night = read_night(lake, NEXT)
    assert [table.name for table in night.tables] == ["recommendations"]
    assert night.empty == ("similar_items", "popular_items")
    with pytest.raises(ScoringError, match="nothing was published for 2026-03-05"):
        read_night(lake, dt.date(2026, 3, 5))


def test_what_a_killed_export_left_goes_and_a_failed_one_leaves_nothing(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_night(lake, DS)
    folder = tmp_path / "out" / "recommendations"
    folder.mkdir(parents=True)
    old, young = folder / ".a.parquet.1.unfinished", folder / ".b.parquet.2.unfinished"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    (folder / "2026-03-01.parquet").write_text("not parquet")

    def full(label: str, rows: int) -> None:
        raise OSError("no space left on device")

    with pytest.raises(ExportError, match="no space left"):
        to_parquet(read_night(lake, DS), Location(str(tmp_path / "out")), 7, full)
    assert sorted(path.name for path in folder.iterdir()) == [young.name, "2026-03-01.parquet"]
    to_parquet(read_night(lake, DS), Location(str(tmp_path / "out")), 7)
    assert pq.read_table(folder / "2026-03-01.parquet").num_rows == 120
