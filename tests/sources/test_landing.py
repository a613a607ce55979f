"""The native layout: dates, files, fingerprint; by path and by URI."""

import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.errors import SourceError
from causalrec.sources import landing
from causalrec.sources.files import located
from causalrec.sources.landing import (
    SILENT,
    arrival_dates,
    delivery_entries,
    delivery_files,
    delivery_fingerprint,
    misnamed,
    strangers,
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


MISNAMED = [
    "arrival_date=2026-02-30", "arrival_date=2026-3-1", "arrival_date=2026-03-01\n", "arrival_date=20260301",
    "arrival_date=\u0662\u0660\u0662\u0666-\u0660\u0663-\u0660\u0661", "2026-03-02", "dt=2026-03-02",
    "events_20260301.jsonl", "arrival_date=",
]  # fmt: skip
OTHER = ["notes", "README.txt", "a b#%~", "gr\u00f6\u00dfe"]


def test_folders_with_a_date_in_another_form_are_told_from_others(tmp_path: Path) -> None:
    _deliver(tmp_path, "a.jsonl")
    for name in [*MISNAMED, *OTHER, ".hidden", "_tmp"]:
        (tmp_path / "events" / name).mkdir()
    assert arrival_dates(str(tmp_path), "events") == [DAY]
    assert misnamed(str(tmp_path), "events") == sorted(MISNAMED)
    assert strangers(str(tmp_path), "events") == sorted([*MISNAMED, *OTHER])


def test_a_listing_is_whole_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a/1.csv", "b/2.csv", "c/3.csv"):
        _deliver(tmp_path, name)
    assert len(delivery_entries(str(tmp_path), "events", DAY)) == 3
    monkeypatch.setattr(landing, "MAX_ENTRIES", 1)
    with pytest.raises(SourceError, match="more than 1 entries"):
        delivery_entries(str(tmp_path), "events", DAY)


PART = st.sampled_from(
    ["a", "b c", "d%20e", "#f", "~g", "gr\u00f6\u00dfe", "e\u0301", "h=3", ".i", "_j", "'k", "l\nm", "$HOME"]
)
ENDING = st.sampled_from([".csv", ".JSONL", ".parquet", ".csv.gz", ".docx", ".tmp", "", ".csv.br"])


@settings(max_examples=40, deadline=None)
@given(
    names=st.sets(
        st.tuples(st.lists(PART, min_size=1, max_size=3), ENDING).map(
            lambda found: "/".join([*found[0][:-1], found[0][-1] + found[1]])
        ),
        max_size=8,
    )
)
def test_every_file_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    root = tmp_path_factory.mktemp("names")
    made = set()
    for name in sorted(names):
        place = root / "events" / f"arrival_date={DAY}" / name
        if not any(parent.is_file() for parent in place.parents) and not place.is_dir():
            made.add(str(_deliver(root, name)))
    entries = delivery_entries(str(root), "events", DAY)
    hidden = {file for file in made if any(Path(e.path) in Path(file).parents for e in entries if e.hidden)}
    assert {entry.path for entry in entries} >= made - hidden
    assert {e.path for e in entries if not e.unread} == set(delivery_files(str(root), "events", DAY))
    assert all(SILENT.match(Path(file).name) is None for file in made)
