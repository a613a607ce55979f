"""A folder and an object store hold the same, whichever of them a shop names."""

from pathlib import Path

import pytest

from causalrec.errors import StoreError
from causalrec.store import Location, checked_out, download, upload

pytestmark = pytest.mark.server


def test_what_is_written_is_read_and_replaced(place: Location) -> None:
    assert place.read("pages/one.html") is None
    assert place.listing("pages") == place.listing(folders=True) == []
    place.write("pages/one.html", b"first")
    place.write("pages/one.html", b"second")
    assert place.read("pages/one.html") == b"second"
    assert place.listing("pages") == place.child("pages").files() == ["one.html"]
    assert place.listing(folders=True) == ["pages"]
    assert place.address("pages/one.html") == f"{place.uri}/pages/one.html"


def test_a_folder_is_copied_both_ways(place: Location, tmp_path: Path) -> None:
    (tmp_path / "up" / "deep").mkdir(parents=True)
    (tmp_path / "up" / "one").write_bytes(b"1")
    (tmp_path / "up" / "deep" / "two").write_bytes(b"2" * 100)
    upload(tmp_path / "up", place.child("kept"), ["one"])
    assert place.files() == ["kept/one"]
    place.write("kept/deep/two", b"2" * 100)
    assert download(place.child("kept"), tmp_path / "down") == ["deep/two", "one"]
    assert (tmp_path / "down" / "deep" / "two").read_bytes() == b"2" * 100
    assert download(place.child("nothing"), tmp_path / "down") == []


def test_what_a_block_does_to_a_folder_is_done_to_the_store(place: Location) -> None:
    for name in ("kept", "changed", "gone"):
        place.write(f"docs/{name}", name.encode())
    with pytest.raises(ZeroDivisionError), checked_out(place.child("docs")) as folder:
        (folder / "changed").write_bytes(b"anew")
        (folder / "gone").unlink()
        (folder / "below").mkdir()
        (folder / "below" / "made").write_bytes(b"")
        _ = 1 / 0
    found = {name: place.read(f"docs/{name}") for name in place.child("docs").files()}
    assert found == {"below/made": b"", "changed": b"anew", "kept": b"kept"}
    assert folder.exists() == place.local


def test_nothing_is_uploaded_that_did_not_change(place: Location) -> None:
    place.write("docs/one", b"1")
    before = place.child("docs").everything()
    with checked_out(place.child("docs")) as folder:
        assert (folder / "one").read_bytes() == b"1"
    assert [info.mtime_ns for info in place.child("docs").everything()] == [info.mtime_ns for info in before]


def test_a_folder_without_files_goes(place: Location) -> None:
    place.write("docs/one", b"1")
    place.delete(["docs/one"])
    place.delete_folder("docs")
    place.delete_folder("docs")
    assert place.listing(folders=True) == []


def test_a_store_that_does_not_answer_is_said_in_one_line() -> None:
    nobody = Location("s3://shop/there", "http://127.0.0.1:9", "eu-west-1")
    told = r"^the store of s3://shop/there .* does not answer[^\n]*$"
    with pytest.raises(StoreError, match=told):
        nobody.read("one")
    with pytest.raises(StoreError, match=told):
        nobody.write("one", b"")
