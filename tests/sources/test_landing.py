"""The native layout: dates, files, fingerprint; by path and by URI."""

import datetime as dt
import os
from pathlib import Path

from causalrec.sources.files import located
from causalrec.sources.landing import (
    arrival_dates,
    delivery_entries,
    delivery_files,
    delivery_fingerprint,
)

DAY = dt.date(2026, 3, 1)


def _deliver(root: Path, name: str, text: str = "x", day: dt.date = DAY, kind: str = "events") -> Path:
    file = root / kind / f"arrival_date={day.isoformat()}" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_nothing_has_arrived(tmp_path: Path) -> None:
    assert arrival_dates(str(tmp_path), "events") == []
    assert delivery_files(str(tmp_path), "events", DAY) == []
    assert delivery_fingerprint(str(tmp_path), "events", DAY) == ""


def test_dates_are_sorted_and_foreign_folders_ignored(tmp_path: Path) -> None:
    for day in (DAY, dt.date(2025, 12, 31)):
        _deliver(tmp_path, "a.jsonl", day=day)
    (tmp_path / "events" / "arrival_date=soon").mkdir()
    (tmp_path / "events" / "notes").mkdir()
    assert arrival_dates(str(tmp_path), "events") == [dt.date(2025, 12, 31), DAY]
    assert arrival_dates(str(tmp_path), "products") == []
    assert arrival_dates(tmp_path.as_uri(), "events") == [dt.date(2025, 12, 31), DAY]


def test_only_complete_data_files_count(tmp_path: Path) -> None:
    wanted = [str(_deliver(tmp_path, name)) for name in ("a.csv.gz", "b.jsonl", "c.parquet")]
    for name in (".d.jsonl.tmp", ".e.jsonl", "_f.parquet", "readme.md"):
        _deliver(tmp_path, name)
    assert delivery_files(str(tmp_path), "events", DAY) == wanted
    assert delivery_files(tmp_path.as_uri(), "events", DAY) == [f"file://{path}" for path in wanted]


def test_any_name_is_a_name(tmp_path: Path) -> None:
    root = tmp_path / "shop::one" / "a%20b #[x]*"
    names = ["a::b.jsonl", "simplecache::c.jsonl", "d%41#?*.jsonl", "\u202e\u00e4.jsonl", "~e.jsonl"]
    wanted = [_deliver(root, name) for name in names]
    assert arrival_dates(str(root), "events") == [DAY]
    found = delivery_files(str(root), "events", DAY)
    assert sorted(found) == sorted(map(str, wanted))
    for file in found:
        files, name = located(file)
        assert files.cat_file(name) == b"x"


def test_kinds_that_are_not_read_say_what_to_deliver_instead(tmp_path: Path) -> None:
    for name in ("a.XLSX", "b.sql", "c.docx"):
        _deliver(tmp_path, name)
    told = {one.name: one.unread for one in delivery_entries(str(tmp_path), "events", DAY)}
    assert told == {
        "a.XLSX": "an Excel workbook: save its sheet as CSV UTF-8",
        "b.sql": "a dump of a database: export the table as CSV",
        "c.docx": "its name does not end like that of a data file",
    }


def test_names_that_nothing_can_name_are_told(tmp_path: Path) -> None:
    _deliver(tmp_path, os.fsdecode(b"gr\xfc\xdfe.csv"))
    (told,) = delivery_entries(str(tmp_path), "events", DAY)
    assert (told.name, told.unread) == ("gr\\xfc\\xdfe.csv", "its name is not UTF-8")
    _deliver(tmp_path, "a::b.csv", kind="products")
    (told,) = delivery_entries(tmp_path.as_uri(), "products", DAY)
    assert told.unread.startswith("its name has '::'")


def test_fingerprint_sees_name_size_and_time_but_not_unfinished_files(tmp_path: Path) -> None:
    file = _deliver(tmp_path, "a.jsonl", "12345")
    os.utime(file, ns=(10**18, 10**18))
    first = delivery_fingerprint(str(tmp_path), "events", DAY)
    assert first == delivery_fingerprint(str(tmp_path), "events", DAY) != ""
    unfinished = _deliver(tmp_path, ".b.jsonl")
    assert delivery_fingerprint(str(tmp_path), "events", DAY) == first
    os.utime(file, ns=(10**18 + 10**9, 10**18 + 10**9))
    touched = delivery_fingerprint(str(tmp_path), "events", DAY)
    file.write_text("123456")
    os.utime(file, ns=(10**18, 10**18))
    grown = delivery_fingerprint(str(tmp_path), "events", DAY)
    unfinished.rename(unfinished.with_name("b.jsonl"))
    assert len({first, touched, grown, delivery_fingerprint(str(tmp_path), "events", DAY)}) == 4
