"""Whole files or none, and the marker of an adapter."""

from pathlib import Path

import pytest

from causalrec.errors import SourceError
from causalrec.sources.files import get, put
from causalrec.sources.marker import Marker, claim, read_marker, write_marker


def test_put_writes_once_and_leaves_equal_bytes_alone(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b.bin"
    assert put(str(file), b"one") is True
    stamp = file.stat().st_mtime_ns
    assert put(str(file), b"one") is False
    assert file.stat().st_mtime_ns == stamp
    assert put(str(file), b"two") is True
    assert get(str(file)) == b"two"
    assert [path.name for path in file.parent.iterdir()] == ["b.bin"]
    assert get(str(tmp_path / "absent")) is None


def test_put_takes_uris() -> None:
    assert put("memory://zone/x.bin", b"1") is True
    assert get("memory://zone/x.bin") == b"1"


def test_marker_survives_a_round_trip(tmp_path: Path) -> None:
    assert read_marker(str(tmp_path)) is None
    marker = Marker("hm", "f", True, "2020-01-01", "2020-01-02", 3)
    write_marker(str(tmp_path), marker)
    assert read_marker(str(tmp_path)) == marker


def test_an_adapter_never_writes_among_the_deliveries_of_others(tmp_path: Path) -> None:
    assert claim(str(tmp_path), "demo") is None
    (tmp_path / "events" / "arrival_date=2026-03-01").mkdir(parents=True)
    with pytest.raises(SourceError, match="holds deliveries of another writer"):
        claim(str(tmp_path), "demo")
    marker = Marker("hm", "f", False)
    write_marker(str(tmp_path), marker)
    assert claim(str(tmp_path), "hm") == marker
    with pytest.raises(SourceError, match="holds deliveries of hm, not of the source demo"):
        claim(str(tmp_path), "demo")


def test_damaged_marker_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "_landed.json").write_text("{")
    with pytest.raises(SourceError, match="delete that file"):
        read_marker(str(tmp_path))
